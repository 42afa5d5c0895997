"""The pages, one file each; Streamlit runs them as scripts."""

from __future__ import annotations
