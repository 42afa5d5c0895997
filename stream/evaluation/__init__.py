"""Measures Groupdesk against labelled messages and conversations: how well, and how fast."""

from __future__ import annotations
