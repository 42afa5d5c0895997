"""Follow-ups: what will be said if nobody acts, when, and what became of earlier ones."""

from __future__ import annotations

import streamlit as st

from dashboard import charts, parts, pause, resources, safe, tables
from dashboard.context import Context, context
from dashboard.people import Role
from stream import logs
from stream.errors import StateError

log = logs.get("dashboard.followups")


@st.fragment(run_every=2)
def queue(here: Context) -> None:
    """Draw the follow-ups to come."""
    snapshot, now = resources.snapshot(), resources.now()
    rows = tables.planned(snapshot, here.language, reveal=here.reveal, name_of=resources.name_of)
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


@st.fragment(run_every=2)
def switch(here: Context) -> None:
    """Draw whether anything may leave at all, and the button that changes it."""
    stopped = pause.reason(resources.settings().data_dir)
    with st.container(key="switch"):
        if stopped is None:
            pressed = st.button(here.say("pause.stop"), icon=":material/pause_circle:", disabled=not here.me.may_act)
        else:
            st.warning(here.say("pause.stopped"), icon=":material/pause_circle:")
            st.text(safe.show(stopped))
            may = here.me.role.may(Role.ADMIN)
            pressed = st.button(here.say("pause.resume"), icon=":material/play_circle:", disabled=not may)
    if pressed:
        confirm(here, stopped)


@st.dialog(" ", width="small")
def confirm(here: Context, stopped: str | None) -> None:
    """Ask once more: it holds for all groups."""
    does = "stop" if stopped is None else "resume"
    st.subheader(f"{here.say(f'pause.{does}')}?", anchor=False)
    st.caption(here.say(f"pause.{does}_hint"))
    with st.container(horizontal=True):
        if st.button(here.say("act.confirm"), type="primary"):
            turn(here, does)
            st.rerun()
        if st.button(here.say("pause.leave")):
            st.rerun()


def turn(here: Context, does: str) -> None:
    """Stop or resume. Operators may stop at any time; to let messages leave again takes an admin."""
    folder = resources.settings().data_dir
    if not here.me.role.may(Role.OPERATOR if does == "stop" else Role.ADMIN):
        st.toast(here.say("act.viewer"), icon=":material/lock:")
        return
    try:
        if does == "stop":
            pause.pause(folder, here.me.name, resources.now())
        else:
            pause.resume(folder)
    except StateError as error:
        st.toast(safe.markdown(str(error)), icon=":material/error:", duration="long")
        return
    log.warning("sending stopped" if does == "stop" else "sending resumed", by=here.me.name)


here = context()
with st.container(horizontal=True, vertical_alignment="center", key="controls"):
    st.header(here.say("followups.title"), anchor=False)
switch(here)
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
