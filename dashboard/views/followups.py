"""Follow-ups: what will be said if nobody acts, when, and what became of earlier ones."""

from __future__ import annotations

import streamlit as st

from dashboard import charts, parts, resources, tables
from dashboard.context import Context, context


@st.fragment(run_every=2)
def queue(here: Context) -> None:
    """Draw the follow-ups to come."""
    snapshot, now = resources.snapshot(), resources.now()
    rows = tables.planned(snapshot, here.language)
    kinds = {
        "title": ("text", "minmax(180px, 1fr)"),
        "id": ("id", "118px"),
        "group": ("text", "170px"),
        "state": ("chip", "170px"),
        "step": ("text", "76px"),
        "due": ("until", "110px"),
        "assignee": ("text", "120px"),
    }
    parts.table("followups_queue", tables.columns(here.language, "followups", kinds), rows, here, now, opens=True)
    with st.container(key="followups_empty"):
        if not rows:
            parts.empty(here.say("followups.empty"), here.say("followups.empty_hint"))


@st.fragment(run_every=30)
def next_day(here: Context) -> None:
    """Draw the next 24 hours: when something may be said, and the follow-ups that are planned in them."""
    now = resources.now()
    book = resources.rules().book
    st.altair_chart(charts.next_day(resources.snapshot(), book.follow_ups, now, here.language), key="next_day_chart")


@st.fragment(run_every=5)
def counts(here: Context) -> None:
    """Draw how earlier follow-ups ended, by step."""
    rows = tables.follow_up_counts(resources.snapshot(), here.language)
    kinds = {"step": "text", "sent": "number", "cancelled": "number", "intent": "number", "unknown": "number"}
    if rows:
        parts.table("followups_counts", tables.columns(here.language, "followups", kinds), rows, here, resources.now())
    else:
        st.caption(here.say("followups.no_counts"))


here = context()
st.header(here.say("followups.title"), anchor=False)
if not resources.rules().book.follow_ups.sending.enabled:
    st.warning(here.say("followups.switched_off"), icon=":material/pause_circle:")
queue(here)
left, right = st.columns([1.6, 1], gap="medium")
with left, st.container(border=True, key="next_day"):
    st.subheader(here.say("followups.next_day"), anchor=False)
    next_day(here)
with right, st.container(border=True, key="ended"):
    st.subheader(here.say("followups.ended"), anchor=False)
    counts(here)
