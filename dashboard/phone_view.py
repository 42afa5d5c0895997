"""The phone on the Simulator page: the group as its members see it, and a line to write as one of them."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

import streamlit as st

from dashboard import bridge, parts, rehearsal, resources, safe, tables, trial
from dashboard.context import Context
from dashboard.people import Role
from dashboard.phone import Member, Phone, Said
from dashboard.words import section
from stream.core import people
from stream.core.ids import ticket_id
from stream.errors import TransportError

PATIENCE_S = 8
_SENT = "rehearsal"


@dataclass
class Sent:
    """A message on its way: what became of its webhook, on which ticket it is now, and after how many seconds that was seen."""

    text: str
    message: str
    group: str
    role: people.Role
    webhook: bridge.Answer
    at: float
    seen: float | None = None
    ticket: str | None = None


def draw_phone(here: Context, phone: Phone) -> None:
    """Draw the group of the visitor's choice, live, and the line to write in it."""
    try:
        groups = phone.groups()
        if not groups:
            parts.empty(here.say("phone.no_group"), here.say("phone.no_group_hint"), key="nothing_phone")
            return
        with st.container(horizontal=True, vertical_alignment="bottom", key="phone_controls"):
            group = st.selectbox(
                here.say("board.group"), list(groups), key="phone_group", format_func=lambda jid: safe.show(groups[jid])
            )
            members = sorted(phone.members(group), key=lambda one: _role_of(one) is people.Role.STAFF)
            who = st.selectbox(here.say("phone.as"), members, key="phone_as", format_func=lambda one: _member_words(here, one))
    except TransportError as problem:
        parts.empty(here.say("phone.gone"), safe.markdown(str(problem)), key="nothing_phone")
        return
    with st.container(border=True, key="phone"):
        _talk(here, phone, group)
    may = here.me.role.may(Role.OPERATOR)
    with st.form("phone_form", border=False, clear_on_submit=True), st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            here.say("simulator.text"),
            max_chars=4_000,
            disabled=not may,
            label_visibility="collapsed",
            placeholder=here.say("rules.try_hint"),
        )
        pressed = st.form_submit_button(here.say("simulator.send"), icon=":material/send:", disabled=not may)
    if pressed and may and text.strip() and who:
        _write(phone, group, who, text.strip())


def _member_words(here: Context, member: Member) -> str:
    is_staff = _role_of(member) is people.Role.STAFF
    name = safe.person(member.name, member.address, reveal=here.reveal)
    return f"{name} ({here.say('chat.staff')})" if is_staff else name


def _role_of(member: Member) -> people.Role:
    return resources.rules().book.role_of([one for one in (member.address, member.phone) if one])


@st.fragment(run_every=1)
def _talk(here: Context, phone: Phone, group: str) -> None:
    try:
        said = phone.messages(group)
    except TransportError as problem:
        st.caption(safe.markdown(str(problem)))
        return
    if not said:
        st.caption(here.say("phone.empty"))
    names = {one.address.split("@", 1)[0]: one.who for one in said if one.who}
    data = {
        "messages": [_bubble(here, one, names) for one in said],
        "words": section(here.language, "chat") | {"label": here.say("phone.label")},
        "can_split": False,
        "sticks": True,
    }
    parts.draw("chat", "phone_chat", data, on_split_change=lambda: None)


def _bubble(here: Context, one: Said, names: dict[str, str]) -> dict[str, object]:
    role = people.Role.SELF if one.is_ours else resources.rules().book.role_of([one.address])
    text, quoted = (
        safe.name_mentions(safe.title(told, reveal=here.reveal), names, reveal=here.reveal) for told in (one.text, one.quoted)
    )
    return {
        "id": one.id,
        "role": role.value,
        "who": "" if one.is_ours else safe.person(one.who, one.address, reveal=here.reveal),
        "at": one.at.isoformat(),
        "text": text,
        "quoted": quoted[:120] or None,
        "reactions": [{"emoji": safe.show(emoji)[:8], "who": safe.show(who)} for emoji, who in one.reactions],
    }


def _write(phone: Phone, group: str, who: Member, text: str) -> None:
    """Let this member write; the stand-in's own webhook carries it to the bridge."""
    message_id = f"3EB0{uuid.uuid4().hex[:18].upper()}"
    data = rehearsal.message_data(text, who.name, who.address, who.phone, group, message_id, resources.now())
    began = time.perf_counter()
    try:
        status, _ = phone.happen("messages.upsert", data)
        answer = bridge.Answer(status or None, {}, (time.perf_counter() - began) * 1_000)
    except TransportError as problem:
        answer = bridge.Answer(None, {}, 0.0, str(problem))
    remember(Sent(text, message_id, group, _role_of(who), answer, time.monotonic()))


def remember(sent: Sent) -> None:
    """Keep what was just sent: `draw_journey` follows it."""
    st.session_state[_SENT] = sent


@st.fragment(run_every=0.5)
def draw_journey(here: Context) -> None:
    """Draw how far the message has come."""
    sent: Sent | None = st.session_state.get(_SENT)
    with st.container(key="journey"):
        if sent is None:
            st.caption(here.say("simulator.nothing_sent"))
            return
        waited = time.monotonic() - sent.at
        if sent.seen is None:
            sent.ticket = _find_ticket(sent)
            sent.seen = waited if sent.ticket else None
        answer = sent.webhook
        taken = answer.status is not None and 200 <= answer.status < 300
        rows = [
            {
                "hop": here.say("simulator.hop_bridge"),
                "state": tables.chip(here.say("simulator.taken" if taken else "simulator.refused"), "good" if taken else "bad"),
                "time": f"{answer.elapsed_ms:.0f} ms",
                "detail": answer.problem or (f"HTTP {answer.status}" if answer.status else here.say("simulator.no_webhook")),
            },
            _ticket_row(here, sent, waited) if taken else {"hop": here.say("simulator.hop_ticket")},
        ]
        kinds = {
            "hop": ("wrap", "minmax(120px, 1fr)"),
            "state": ("chip", "118px"),
            "time": ("number", "78px"),
            "detail": ("wrap", "118px"),
        }
        parts.table("hops", tables.columns(here.language, "simulator", kinds), rows, here, resources.now())
        if sent.ticket is not None:
            st.page_link("views/ticket.py", label=here.say("ticket.see", id=sent.ticket), query_params={"id": sent.ticket})
        elif taken and waited > PATIENCE_S:
            told = trial.explain(sent.text, sent.role, resources.rules().book.rules, here.language, resources.now())
            parts.draw("facts", "why_not", {"facts": told.facts, "words": {}, "now": resources.now().isoformat()})


def _find_ticket(sent: Sent) -> str | None:
    """Return the ticket that the message opened, or was put on."""
    opened, snapshot = ticket_id(sent.group, sent.message), resources.snapshot()
    if opened in snapshot.cards:
        return opened
    events = (one for one in reversed(snapshot.recent) if one.message_id == sent.message)
    return next((one.ticket_id for one in events if one.ticket_id in snapshot.cards), None)


def _ticket_row(here: Context, sent: Sent, waited: float) -> tables.Row:
    """Return the row of the last hop: seen, still on its way, or no ticket of its own."""
    if sent.seen is not None:
        state, shown = tables.chip(here.say("simulator.seen"), "good"), f"{sent.seen * 1_000:.0f} ms"
    elif waited > PATIENCE_S:
        state, shown = tables.chip(here.say("simulator.no_ticket"), "none"), ""
    else:
        state, shown = tables.chip(here.say("simulator.waiting"), "warn"), f"{waited:.1f} s"
    return {"hop": here.say("simulator.hop_ticket"), "state": state, "time": shown, "detail": sent.ticket or ""}
