"""The first seconds: while the live view reads what happened so far, a skeleton and how far it is."""

from __future__ import annotations

import streamlit as st

from dashboard import resources
from dashboard.context import Context


def draw_loading(context: Context) -> bool:
    """Return True when there is something to show; else draw progress, which starts the page by itself when it can."""
    resources.live_view().wait(0.3)
    snapshot = resources.snapshot()
    if snapshot.is_caught_up or snapshot.error:
        return True
    _progress(context)
    return False


@st.fragment(run_every=0.5)
def _progress(context: Context) -> None:
    snapshot = resources.snapshot()
    if snapshot.is_caught_up or snapshot.error:
        st.rerun()
    total = snapshot.read + snapshot.lag
    words = context.say("app.catching_up", read=snapshot.read, total=total) if total else context.say("app.connecting")
    st.progress(snapshot.read / total if total else 0.0, text=words)
    for _ in range(6):
        st.skeleton(height=46)
