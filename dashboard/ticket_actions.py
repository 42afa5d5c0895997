"""The buttons of the ticket page: each asks for one command, in the visitor's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import streamlit as st

from dashboard import actions, resources, safe
from dashboard.context import Context
from stream.core.commands import (
    Assign,
    CancelFollowUp,
    Claim,
    Command,
    Merge,
    NotATicket,
    Reply,
    SendFollowUpNow,
    SetCategory,
    SetNote,
    SetPriority,
    SetState,
    Snooze,
    Split,
)
from stream.core.detection import Priority
from stream.core.ticket import Ticket, TicketState

SNOOZES = (1, 4, 24, 72)
SETTABLE = (TicketState.WAITING_US, TicketState.WAITING_CUSTOMER, TicketState.ON_HOLD, TicketState.RESOLVED, TicketState.CLOSED)
_Option = TypeVar("_Option")
_SOMEONE = "\x00someone"
_NOBODY = "\x00nobody"


def act(here: Context, what: str, kind: type[Command], ticket: Ticket, **values: Any) -> bool:
    """Ask for a command about this ticket; `what` is the key of its words."""
    return actions.ask(here.me, here.language, here.say(what), kind, ticket, ticket_id=ticket.id, **values)


@st.fragment(run_every=2)
def draw_buttons(here: Context, ticket_id: str) -> None:
    """Draw the row of buttons. What does not fit the ticket's state is disabled, not hidden: nothing jumps."""
    card = resources.snapshot().cards.get(ticket_id)
    if card is None:
        return
    ticket, is_off = card.ticket(), not here.me.may_act
    is_open = ticket.state.is_open
    with st.container(key="buttons", horizontal=True, gap="xsmall"):
        is_mine = bool(ticket.assignee) and resources.name_of(ticket.assignee or "") == here.me.name
        if st.button(
            here.say("act.claim"),
            type="primary",
            icon=":material/back_hand:",
            disabled=is_off or is_mine or not is_open,
            shortcut="t",
        ):
            act(here, "act.claim", Claim, ticket, assignee=here.me.name)
        _assign(here, ticket, is_off=is_off)
        if is_open:
            if st.button(here.say("act.resolve"), key="resolve", icon=":material/check_circle:", disabled=is_off, shortcut="d"):
                act(here, "act.resolve", SetState, ticket, state=TicketState.RESOLVED)
        elif st.button(here.say("act.reopen"), key="reopen", icon=":material/replay:", disabled=is_off):
            act(here, "act.reopen", SetState, ticket, state=TicketState.WAITING_US)
        if state := _menu(here, "state", list(SETTABLE), lambda one: here.say(f"state.{one}"), is_off=is_off):
            act(here, "act.state", SetState, ticket, state=state)
        if priority := _menu(here, "priority", list(Priority), lambda one: here.say(f"priority.{one}"), is_off=is_off):
            act(here, "act.priority", SetPriority, ticket, priority=priority)
        hours = _menu(here, "snooze", SNOOZES, lambda one: _hours(here, one), is_off=is_off or not is_open, icon="snooze")
        if hours:
            act(here, "act.snooze", Snooze, ticket, until=resources.now() + timedelta(hours=hours))
        more = _more(here, ticket, is_off=is_off)
        if more:
            MORE[more](here, ticket)


def _menu(
    here: Context,
    what: str,
    options: Sequence[_Option],
    words: Callable[[_Option], str],
    *,
    is_off: bool,
    icon: str | None = None,
) -> _Option | None:
    """Draw a button that opens a menu; `what` names it, its words and its key. Returns what was just chosen."""
    chosen: _Option | None = st.menu_button(
        here.say(f"act.{what}"),
        options,
        format_func=words,
        disabled=is_off,
        icon=f":material/{icon}:" if icon else None,
        key=f"menu_{what}",
    )
    return chosen


def _hours(here: Context, hours: int) -> str:
    return (
        here.say("act.hours", count=hours)
        if hours < 24
        else here.say("act.tomorrow")
        if hours == 24
        else here.say("act.days", count=hours // 24)
    )


def _assign(here: Context, ticket: Ticket, *, is_off: bool) -> None:
    current = resources.name_of(ticket.assignee) if ticket.assignee else None
    names = [name for name in dict.fromkeys([here.me.name, *resources.people()]) if name != current][:12]

    def label(name: str) -> str:
        special = {_NOBODY: "act.nobody", _SOMEONE: "act.someone"}
        return here.say(special[name]) if name in special else safe.markdown(safe.person(name, name, reveal=False))

    chosen = _menu(here, "assign", [*names, _SOMEONE, _NOBODY], label, is_off=is_off, icon="person_add")
    if chosen == _SOMEONE:
        _assign_dialog(here, ticket)
    elif chosen:
        act(here, "act.assign", Assign, ticket, assignee=None if chosen == _NOBODY else chosen)


def _more(here: Context, ticket: Ticket, *, is_off: bool) -> str | None:
    options = ["act.category", "act.note", "act.merge"]
    if ticket.window:
        options += ["act.cancel_follow_up", "act.send_follow_up"]
    return _menu(here, "more", [*options, "act.not_a_ticket"], here.say, is_off=is_off, icon="more_horiz")


@st.dialog(" ", width="small")
def _assign_dialog(here: Context, ticket: Ticket) -> None:
    with st.form("assign_form", border=False):
        name = st.text_input(here.say("act.name"), max_chars=60)
        if st.form_submit_button(here.say("act.assign"), type="primary") and name.strip():
            act(here, "act.assign", Assign, ticket, assignee=name.strip())
            st.rerun()


@st.dialog(" ", width="small")
def _category_dialog(here: Context, ticket: Ticket) -> None:
    _, categories, _ = resources.choices()
    with st.form("category_form", border=False):
        chosen = st.selectbox(
            here.say("act.category"), categories, index=None, accept_new_options=True, placeholder=safe.show(ticket.category)
        )
        if st.form_submit_button(here.say("act.save"), type="primary") and chosen:
            act(here, "act.category", SetCategory, ticket, category=chosen.strip())
            st.rerun()


@st.dialog(" ", width="medium")
def _note_dialog(here: Context, ticket: Ticket) -> None:
    with st.form("note_form", border=False):
        note = st.text_area(here.say("act.note"), ticket.note or "", max_chars=2_000, height=140)
        if st.form_submit_button(here.say("act.save"), type="primary"):
            act(here, "act.note", SetNote, ticket, note=note)
            st.rerun()


@st.dialog(" ", width="medium")
def _merge_dialog(here: Context, ticket: Ticket) -> None:
    others = {
        card.id: card.title for card in resources.snapshot().open_by_due if card.group == ticket.group and card.id != ticket.id
    }
    with st.form("merge_form", border=False):
        chosen = st.selectbox(
            here.say("act.merge"),
            list(others),
            index=None,
            placeholder=here.say("act.merge_hint"),
            format_func=lambda one: f"{one}  {safe.show(others[one])}",
        )
        if st.form_submit_button(here.say("act.merge"), type="primary") and chosen:
            act(here, "act.merge", Merge, ticket, into=chosen)
            st.rerun()


@st.dialog(" ", width="small")
def _confirm_dialog(here: Context, what: str, kind: type[Command], ticket: Ticket, **values: Any) -> None:
    st.subheader(f"{here.say(what)}?", anchor=False)
    st.text(safe.show(ticket.title))
    with st.container(horizontal=True):
        if st.button(here.say("act.confirm"), type="primary"):
            act(here, what, kind, ticket, **values)
            st.rerun()
        if st.button(here.say("act.keep")):
            st.rerun()


MORE: dict[str, Callable[[Context, Ticket], object]] = {
    "act.category": _category_dialog,
    "act.note": _note_dialog,
    "act.merge": _merge_dialog,
    "act.cancel_follow_up": lambda here, ticket: act(here, "act.cancel_follow_up", CancelFollowUp, ticket),
    "act.send_follow_up": lambda here, ticket: _confirm_dialog(here, "act.send_follow_up", SendFollowUpNow, ticket),
    "act.not_a_ticket": lambda here, ticket: _confirm_dialog(here, "act.not_a_ticket", NotATicket, ticket),
}


def split_from(here: Context, ticket: Ticket, message_id: str) -> None:
    """Ask whether a ticket of its own should begin at this message."""
    _confirm_dialog(here, "act.split", Split, ticket, message_id=message_id)


def draw_reply(here: Context, ticket_id: str) -> None:
    """Draw the reply box. Nothing goes to a customer without a second look at it."""
    card = resources.snapshot().cards.get(ticket_id)
    if card is None:
        return
    if st.session_state.pop(f"clear_{ticket_id}", False):
        st.session_state[f"reply_text_{ticket_id}"] = ""
    with st.form(f"reply_{ticket_id}", border=False):
        text = st.text_area(
            here.say("act.reply"),
            key=f"reply_text_{ticket_id}",
            height=80,
            max_chars=4_000,
            placeholder=here.say("act.reply_hint"),
            label_visibility="collapsed",
            disabled=not here.me.may_act,
        )
        pressed = st.form_submit_button(here.say("act.reply"), icon=":material/send:", disabled=not here.me.may_act)
    if pressed and text.strip():
        _reply_dialog(here, card.ticket(), text.strip())


@st.dialog(" ", width="medium")
def _reply_dialog(here: Context, ticket: Ticket, text: str) -> None:
    st.subheader(here.say("act.reply_title", group=safe.markdown(safe.group(ticket.group_name, ticket.group))), anchor=False)
    with st.container(border=True):
        st.text(safe.show(text))
    quote = st.toggle(here.say("act.quote"), value=True)
    with st.container(horizontal=True):
        if st.button(here.say("act.send"), type="primary", icon=":material/send:"):
            if act(here, "act.reply", Reply, ticket, text=text, quote=quote):
                st.session_state[f"clear_{ticket.id}"] = True
            st.rerun()
        if st.button(here.say("act.keep")):
            st.rerun()
