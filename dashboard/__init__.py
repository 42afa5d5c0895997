"""The Streamlit dashboard: the same state as the Sheet, live."""

from __future__ import annotations
