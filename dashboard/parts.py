"""Pieces that several pages share: our components, the empty state, the quiet style of the frame."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.context import Context

_FOLDER = Path(__file__).with_name("components")

# Streamlit's own frame, made denser; and nothing fades while a fragment refreshes.
_STYLE = """<style>
[data-stale="true"] { opacity: 1 !important; transition: none !important; }
.stMainBlockContainer { padding: 2.6rem 2rem 3rem; max-width: 1560px; }
.stAppHeader { background: transparent; height: 2.6rem; }
[data-testid="stVerticalBlock"] { gap: .75rem; }
[data-testid="stHeading"] h1 { padding: 0; }
[data-testid="stSidebarHeader"] { padding-bottom: 0; }
[data-testid="stSidebarNavLink"] { border-radius: 7px; }
[class*="st-key-nothing"] { padding: 3.5rem 1rem; text-align: center;
  border: 1px dashed rgba(128,128,128,.4); border-radius: 10px; }
@media (max-width: 640px) {
  .stMainBlockContainer { padding: 2.8rem .8rem 2rem; }
  .stHorizontalBlock > div:has(> .stMetric), .stHorizontalBlock > .stElementContainer:has(.stMetric) {
    flex: 1 1 calc(50% - .75rem) !important; width: auto !important; min-width: calc(50% - .75rem) !important; }
}
.st-key-backtest_text textarea { font-family: var(--st-code-font, monospace); font-size: 12.5px; line-height: 1.5; }
@media print {
  .stSidebar, .stAppHeader, .st-key-strip, .st-key-controls, .st-key-digest_controls, .stToast { display: none !important; }
  .stApp, .stAppViewContainer, .stMain { position: static !important; overflow: visible !important; height: auto !important; }
  .stMainBlockContainer { padding: 0; }
}
</style>"""


def style() -> None:
    """Add the style of the frame; constant text, no data in it."""
    st.html(_STYLE)


@cache
def _component(name: str) -> Callable[..., Any]:
    kit_css, kit_js = (_FOLDER / "kit.css").read_text(), (_FOLDER / "kit.js").read_text()
    css = _FOLDER / f"{name}.css"
    return st.components.v2.component(
        f"groupdesk_{name}",
        css=kit_css + (css.read_text() if css.exists() else ""),
        js=kit_js + (_FOLDER / f"{name}.js").read_text(),
    )


def draw(name: str, key: str, data: dict[str, Any], **on_change: Callable[[], None]) -> Any:
    """Draw one of our components. All text in `data` becomes text nodes in the browser, never markup."""
    return _component(name)(key=key, data=data, **on_change)


def table(
    key: str, columns: list[dict[str, Any]], rows: list[dict[str, Any]], here: Context, now: datetime, *, opens: bool = False
) -> str | None:
    """Draw rows as a quiet table; with `opens` a click on a row opens the ticket whose id stands in it.

    Returns what stands in the button that was just pressed, if one was.
    """
    words = {"in": here.say("table.in"), "ago": here.say("table.ago")}
    label = here.say("table.label")
    data = {"columns": columns, "rows": rows, "opens": opens, "now": now.isoformat(), "words": words, "label": label}
    pressed: str | None = draw("grid", key, data, on_press_change=lambda: None).press
    return pressed


def heading(title: str) -> None:
    """Draw a page's title where all pages have it."""
    with st.container(horizontal=True, vertical_alignment="center", key="heading"):
        st.header(title, anchor=False)


def empty(title: str, hint: str, key: str = "nothing") -> None:
    """Draw a designed nothing: what is missing, and what to do."""
    with st.container(key=key, horizontal_alignment="center", gap="xxsmall"):
        st.text(title)
        st.caption(hint)
