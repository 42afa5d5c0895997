"""The strip on every page: how much is open, due and overdue, whether the worker lives, and how old all this is."""

from __future__ import annotations

import streamlit as st

from dashboard import actions, frames, parts, resources
from dashboard.context import Context
from dashboard.words import section


def draw_header(context: Context) -> None:
    """Draw the strip; it refreshes by itself and also tells what became of this visitor's commands."""
    with st.container(key="strip"):
        _strip(context)


@st.fragment(run_every=1)
def _strip(context: Context) -> None:
    snapshot, now = resources.snapshot(), resources.now()
    actions.tell_answers(snapshot, context.language)
    parts.draw(
        "strip",
        "strip_figures",
        {
            "figures": frames.figures(snapshot, now, context.language),
            "worker": frames.worker(snapshot, now, context.language),
            "as_of": snapshot.as_of.isoformat() if snapshot.as_of else None,
            "now": now.isoformat(),
            "lag": snapshot.lag,
            "error": snapshot.error is not None,
            "words": section(context.language, "strip"),
        },
    )
    with st.container(key="trouble"):
        if snapshot.error:
            st.warning(context.say("app.error"), icon=":material/cloud_off:")
            st.text(snapshot.error)
