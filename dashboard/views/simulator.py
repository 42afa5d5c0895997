"""Simulator: a message goes the real way, in a marked test group; and what a policy would do if nobody answered."""

from __future__ import annotations

import time
import uuid

import streamlit as st

from dashboard import bridge, parts, rehearsal, resources, safe, tables, trial
from dashboard.context import Context, context
from dashboard.people import Role
from stream.core import people
from stream.core.ids import ticket_id

PATIENCE_S = 8


def send(here: Context, text: str) -> None:
    """Post the message to the bridge and remember when, to see its ticket arrive."""
    settings, now = resources.settings(), resources.now()
    message_id = f"TEST{uuid.uuid4().hex[:16].upper()}"
    event = rehearsal.message_event(text, here.me.name, message_id, settings.cs_instance, now)
    answer = bridge.post_event(settings, event)
    st.session_state["rehearsal"] = {
        "text": text,
        "ticket": ticket_id(rehearsal.TEST_GROUP, message_id),
        "answer": answer,
        "at": time.monotonic(),
        "seen": None,
    }


@st.fragment(run_every=0.5)
def journey(here: Context) -> None:
    """Draw how far the message has come."""
    sent = st.session_state.get("rehearsal")
    with st.container(key="journey"):
        if sent is None:
            st.caption(here.say("simulator.nothing_sent"))
            return
        answer: bridge.Answer = sent["answer"]
        waited = time.monotonic() - sent["at"]
        if sent["seen"] is None and sent["ticket"] in resources.snapshot().cards:
            sent["seen"] = waited
        taken = answer.status is not None and 200 <= answer.status < 300
        rows = [
            {
                "hop": here.say("simulator.hop_bridge"),
                "state": tables.chip(here.say("simulator.taken" if taken else "simulator.refused"), "good" if taken else "bad"),
                "time": f"{answer.elapsed_ms:.0f} ms",
                "detail": answer.problem or f"HTTP {answer.status}",
            },
            ticket_row(here, sent, waited) if taken else {"hop": here.say("simulator.hop_ticket")},
        ]
        kinds = {
            "hop": ("text", "210px"),
            "state": ("chip", "150px"),
            "time": ("number", "80px"),
            "detail": ("wrap", "minmax(160px, 1fr)"),
        }
        parts.table("hops", tables.columns(here.language, "simulator", kinds), rows, here, resources.now())
        if sent["seen"] is not None:
            st.page_link("views/ticket.py", label=here.say("ticket.see", id=sent["ticket"]), query_params={"id": sent["ticket"]})
        elif taken and waited > PATIENCE_S:
            told = trial.explain(sent["text"], people.Role.CUSTOMER, resources.rules().book.rules, here.language)
            parts.draw("facts", "why_not", {"facts": told.facts, "words": {}, "now": resources.now().isoformat()})


def ticket_row(here: Context, sent: dict[str, object], waited: float) -> dict[str, object]:
    """Return the row of the last hop: seen, still on its way, or no ticket at all."""
    seen = sent["seen"]
    if isinstance(seen, float):
        state, shown = tables.chip(here.say("simulator.seen"), "good"), f"{seen * 1_000:.0f} ms"
    elif waited > PATIENCE_S:
        state, shown = tables.chip(here.say("simulator.no_ticket"), "none"), ""
    else:
        state, shown = tables.chip(here.say("simulator.waiting"), "warn"), f"{waited:.1f} s"
    return {"hop": here.say("simulator.hop_ticket"), "state": state, "time": shown, "detail": sent["ticket"]}


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
        "does": ("text", "minmax(130px, 1fr)"),
        "due": ("time", "108px"),
        "said": ("time", "108px"),
    }
    parts.table("forecast", tables.columns(here.language, "simulator", kinds), rows, here, resources.now())


here = context()
st.header(here.say("simulator.title"), anchor=False)
left, right = st.columns([1.2, 1], gap="medium")
with left, st.container(border=True, key="send"):
    st.subheader(here.say("simulator.send_title"), anchor=False)
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
        pressed = st.form_submit_button(here.say("simulator.send"), icon=":material/play_arrow:", disabled=not may)
    if pressed and may and text.strip():
        send(here, text.strip())
    journey(here)
with right, st.container(border=True, key="dry_run"):
    st.subheader(here.say("simulator.forecast"), anchor=False)
    forecast(here)
