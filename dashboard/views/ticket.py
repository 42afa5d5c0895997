"""Ticket: the conversation on the left, what is known on the right, what happened below."""

from __future__ import annotations

import json

import streamlit as st

from dashboard import parts, resources, safe, story
from dashboard.context import Context, context
from dashboard.ticket_actions import draw_buttons, draw_reply, split_from
from dashboard.words import section
from stream.core.events import EventKind
from stream.core.ticket import Ticket


def find(here: Context) -> str | None:
    """Return the id that the address asks for; without one, a search box."""
    ticket_id = st.query_params.get("id", "").strip().upper()
    if ticket_id in resources.snapshot().cards:
        return ticket_id
    parts.empty(
        here.say("ticket.unknown", id=safe.show(ticket_id)[:40]) if ticket_id else here.say("ticket.pick"),
        here.say("ticket.pick_hint"),
    )
    typed = st.text_input(here.say("ticket.id"), placeholder="T-K7M3-9QXZ", max_chars=20)
    if typed and typed.strip().upper() != ticket_id:
        st.query_params["id"] = typed.strip().upper()
        st.rerun()
    return None


def ticket_of(ticket_id: str) -> Ticket | None:
    """Return the ticket as it is now; None once it was erased."""
    card = resources.snapshot().cards.get(ticket_id)
    return card.ticket() if card else None


@st.fragment(run_every=1)
def headline(here: Context, ticket_id: str) -> None:
    """Draw the title, and where a merged ticket went."""
    ticket = ticket_of(ticket_id)
    title = safe.title(ticket.title, reveal=here.reveal) if ticket else ticket_id
    merged = (
        {"id": ticket.merged_into, "text": here.say("ticket.merged", id=ticket.merged_into)}
        if ticket and ticket.merged_into
        else None
    )
    data = {
        "id": ticket_id,
        "title": title,
        "back": here.say("ticket.back"),
        "merged": merged,
    }
    parts.draw("headline", "headline", data)


@st.fragment(run_every=1)
def conversation(here: Context, ticket_id: str) -> None:
    """Draw the messages, each with the reason it is here."""
    ticket = ticket_of(ticket_id)
    if ticket is None:
        return
    events = resources.snapshot().timeline(ticket_id)
    deleted = {event.message_id for event in events if event.kind is EventKind.REDACTED and event.message_id}
    pressed = parts.draw(
        "chat",
        "chat",
        {
            "messages": story.messages(ticket, here.language, reveal=here.reveal, deleted=deleted),
            "words": section(here.language, "chat"),
            "can_split": here.me.may_act and ticket.state.is_open,
        },
        on_split_change=lambda: None,
    )
    if not ticket.messages:
        st.caption(here.say("chat.empty"))
    if pressed.split:
        split_from(here, ticket, pressed.split)


@st.fragment(run_every=1)
def facts(here: Context, ticket_id: str) -> None:
    """Draw what is known of the ticket."""
    ticket, now = ticket_of(ticket_id), resources.now()
    if ticket is None:
        return
    data = {
        "facts": story.facts(ticket, now, here.language, reveal=here.reveal, name_of=resources.name_of),
        "words": section(here.language, "due"),
        "now": now.isoformat(),
    }
    parts.draw("facts", "facts", data)


@st.fragment(run_every=2)
def history(here: Context, ticket_id: str) -> None:
    """Draw what happened, the latest first, and the events as they are stored."""
    events = resources.snapshot().timeline(ticket_id)
    parts.draw(
        "timeline",
        "timeline",
        {"events": story.timeline(events, here.language, name_of=resources.name_of), "words": section(here.language, "event")},
    )
    if not events:
        st.caption(here.say("ticket.no_history"))
    with st.expander(here.say("ticket.raw")):
        st.code(
            "\n".join(json.dumps(event.model_dump(mode="json", exclude_none=True), ensure_ascii=True) for event in events),
            language=None,
            wrap_lines=True,
        )


here = context()
ticket_id = find(here)
if ticket_id:
    headline(here, ticket_id)
    draw_buttons(here, ticket_id)
    left, right = st.columns([1.75, 1], gap="medium")
    with left, st.container(border=True, key="conversation"):
        st.subheader(here.say("ticket.conversation"), anchor=False)
        conversation(here, ticket_id)
        draw_reply(here, ticket_id)
    with right, st.container(border=True, key="known"):
        facts(here, ticket_id)
    with left, st.container(border=True, key="happened"):
        st.subheader(here.say("ticket.history"), anchor=False)
        history(here, ticket_id)
