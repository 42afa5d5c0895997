"""The weekly digest on the Insights page: look at it, print it, or have the team's own group told."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import actions, business_hours, digest, parts, resources, safe
from dashboard.context import Context
from dashboard.people import Role
from stream.core.commands import Announce

_WEEKS = 6


def draw_digest(here: Context) -> None:
    """Draw the digest of the chosen week, with the buttons that print and send it."""
    now = resources.now().astimezone(ZoneInfo(resources.settings().sheet_timezone))
    first = digest.monday(now)
    with st.container(horizontal=True, vertical_alignment="center", key="digest_controls"):
        back = st.selectbox(
            here.say("digest.week"),
            range(_WEEKS),
            index=1 if now.weekday() < 5 else 0,
            key="digest_week",
            format_func=lambda back: _week_words(here, first, back),
            label_visibility="collapsed",
            width=290,
        )
        st.space("stretch")
        with st.container(width=112):
            parts.draw("printer", "printer", {"text": here.say("digest.print")})
        ops_group = resources.rules().book.follow_ups.sending.ops_group
        may = here.me.role.may(Role.OPERATOR) and bool(ops_group)
        pressed = st.button(here.say("digest.send"), icon=":material/send:", disabled=not may)
    if not ops_group:
        st.caption(here.say("digest.no_group"))
    snapshot, calendar_of = resources.snapshot(), business_hours.calendars(resources.rules().book)
    since = first - back * digest.WEEK
    cards = snapshot.cards.values()
    week = digest.week_of(cards, snapshot.recent, since, calendar_of)
    before = digest.week_of(cards, snapshot.recent, since - digest.WEEK, calendar_of)
    page = digest.page(week, before, snapshot.open_by_due, now, here.language, reveal=here.reveal)
    parts.draw("digest", "digest", page | {"before": here.say("digest.before", value="{value}")})
    if pressed and ops_group:
        _confirm(here, ops_group, digest.as_text(week, before, snapshot.open_by_due, now, here.language))


def _week_words(here: Context, first: datetime, back: int) -> str:
    since = first - back * digest.WEEK
    days = f"{since:%Y-%m-%d} / {since + timedelta(days=6):%Y-%m-%d}"
    known = {0: "digest.this_week", 1: "digest.last_week"}
    return f"{here.say(known[back])}, {days}" if back in known else days


@st.dialog(" ", width="medium")
def _confirm(here: Context, ops_group: str, text: str) -> None:
    st.subheader(here.say("digest.send_title"), anchor=False)
    with st.container(border=True, height=360):
        st.text(safe.show(text))
    with st.container(horizontal=True):
        if st.button(here.say("act.send"), type="primary", icon=":material/send:"):
            instance = resources.settings().cs_instance
            actions.ask_in(ops_group, here.me, here.language, here.say("digest.send"), Announce, text=text, instance=instance)
            st.rerun()
        if st.button(here.say("act.keep")):
            st.rerun()
