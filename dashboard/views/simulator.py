"""Simulator: write as a customer and see it arrive, on phones too where the stand-in runs; and what a policy would do."""

from __future__ import annotations

import time
import uuid

import streamlit as st

from dashboard import bridge, parts, phone, rehearsal, resources, safe, tables
from dashboard.context import Context, context
from dashboard.people import Role
from dashboard.phone_view import Sent, draw_journey, draw_phone, remember
from stream.core import people


@st.cache_data(ttl=5, max_entries=1, show_spinner=False)
def stand_in() -> phone.Phone | None:
    """Return the stand-in for Evolution that runs, if one does; looked for every few seconds."""
    return phone.find_phone(resources.settings())


def send_direct(here: Context) -> None:
    """Draw the line that goes straight to the bridge, in a test group of its own: there is no phone to look at."""
    st.caption(here.say("simulator.send_hint", group=safe.markdown(rehearsal.TEST_GROUP)))
    may = here.me.role.may(Role.ADMIN)
    with st.form("send_form", border=False, clear_on_submit=True):
        text = st.text_area(
            here.say("simulator.text"),
            height=80,
            max_chars=4_000,
            disabled=not may,
            label_visibility="collapsed",
            placeholder=here.say("rules.try_hint"),
        )
        pressed = st.form_submit_button(here.say("simulator.send"), icon=":material/send:", disabled=not may)
    if pressed and may and text.strip():
        settings, now = resources.settings(), resources.now()
        message_id = f"TEST{uuid.uuid4().hex[:16].upper()}"
        event = rehearsal.message_event(text.strip(), here.me.name, message_id, settings.cs_instance, now)
        answer = bridge.post_event(settings, event)
        remember(Sent(text.strip(), message_id, rehearsal.TEST_GROUP, people.Role.CUSTOMER, answer, time.monotonic()))


def forecast(here: Context) -> None:
    """Draw what a policy would do. Nothing is sent: this is worked out, by the worker's own code."""
    follow_ups = resources.rules().book.follow_ups
    policies = {policy.id: policy for policy in follow_ups.policies if policy.steps}
    if not policies:
        st.caption(here.say("simulator.no_policy"))
        return
    chosen = st.selectbox(here.say("simulator.policy"), list(policies), key="policy", width=260)
    rows = rehearsal.forecast(policies[chosen], follow_ups, resources.now(), here.language)
    kinds = {
        "step": ("number", "56px"),
        "does": ("wrap", "minmax(130px, 1fr)"),
        "due": ("time", "108px"),
        "said": ("time", "108px"),
    }
    parts.table("forecast", tables.columns(here.language, "simulator", kinds), rows, here, resources.now())


here = context()
parts.heading(here.say("simulator.title"))
running = stand_in()
left, right = st.columns([1.1, 1], gap="medium")
with left, st.container(border=True, key="send"):
    st.subheader(here.say("phone.title" if running else "simulator.send_title"), anchor=False)
    if running:
        draw_phone(here, running)
    else:
        st.info(here.say("simulator.start"), icon=":material/play_circle:")
        send_direct(here)
with right:
    with st.container(border=True, key="way"):
        st.subheader(here.say("simulator.journey"), anchor=False)
        draw_journey(here)
    with st.container(border=True, key="dry_run"):
        st.subheader(here.say("simulator.forecast"), anchor=False)
        forecast(here)
