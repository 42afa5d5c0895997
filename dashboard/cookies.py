"""Small things that a visitor's browser remembers: who they are here, and in which language they read."""

from __future__ import annotations

from urllib.parse import quote, unquote

import streamlit as st

from dashboard import parts

YEAR_S = 365 * 24 * 3600


def read(name: str) -> str | None:
    """Return a cookie as the browser sent it when it opened the page; a page that runs without a browser has none."""
    value = st.context.cookies.get(name)
    return unquote(value) if isinstance(value, str) else None


def write(name: str, value: str, max_age_s: int = YEAR_S) -> None:
    """Have the browser remember this; an age of 0 makes it forget."""
    parts.draw("cookie", f"cookie_{name}", {"name": name, "value": quote(value), "max_age": max_age_s})
