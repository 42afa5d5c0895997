"""What a button does: builds a command, publishes it, and tells what became of it when the worker has really done it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from dashboard import resources, safe
from dashboard.desk import Snapshot
from dashboard.people import Role, Visitor
from dashboard.words import say
from stream import logs
from stream.adapters.topics import Topic
from stream.core.commands import Actor, ActorKind, Command
from stream.core.events import EventKind
from stream.core.ticket import Ticket
from stream.errors import BrokerError

log = logs.get(__name__)

PATIENCE = timedelta(seconds=15)
FORGOTTEN_AFTER = timedelta(minutes=10)


@dataclass
class Asked:
    """A command on its way: what the person pressed, and whether they were told that it takes long."""

    what: str
    at: datetime
    was_late: bool = False


def ask(
    visitor: Visitor, language: str, what: str, kind: type[Command], ticket: Ticket, needs: Role = Role.OPERATOR, **values: Any
) -> bool:
    """Publish a command about this ticket in the visitor's name. `what` names the button; False when it was not sent."""
    return ask_in(ticket.group, visitor, language, what, kind, needs, **values)


def ask_in(
    group: str,
    visitor: Visitor,
    language: str,
    what: str,
    kind: type[Command],
    needs: Role = Role.OPERATOR,
    *,
    is_answered: bool = True,
    **values: Any,
) -> bool:
    """Publish a command in this group. `is_answered` tells whether an event will say what became of it."""
    if not visitor.role.may(needs):
        st.toast(say(language, "act.viewer"), icon=":material/lock:")
        return False
    now = resources.now()
    command = kind(
        id=f"dashboard-{uuid.uuid4().hex}",
        group=group,
        at=now,
        actor=Actor(kind=ActorKind.DASHBOARD, name=visitor.name),
        **values,
    )
    try:
        resources.publisher().publish(Topic.COMMANDS, command.group, command.to_json())
    except BrokerError as error:
        st.toast(say(language, "act.failed", what=what, why=safe.markdown(str(error))), icon=":material/error:")
        return False
    log.info("asked", command=type(command).__name__, command_id=command.id, group=group, by=visitor.name)
    if is_answered:
        pending()[command.id] = Asked(what, now)
    st.toast(say(language, "act.asked", what=what), icon=":material/schedule:")
    return True


def pending() -> dict[str, Asked]:
    """Return the commands of this browser that have no answer yet."""
    found: dict[str, Asked] = st.session_state.setdefault("asked", {})
    return found


def tell_answers(snapshot: Snapshot, language: str) -> None:
    """Tell what became of this browser's commands: done, refused and why, or that the worker takes long."""
    now = resources.now()
    for command_id, asked in list(pending().items()):
        answer = snapshot.answers.get(command_id)
        if answer is not None:
            del pending()[command_id]
            if answer.kind is EventKind.REFUSED:
                st.toast(
                    say(language, "act.refused", what=asked.what, why=safe.markdown(answer.because)),
                    icon=":material/block:",
                    duration="long",
                )
            else:
                st.toast(say(language, "act.done", what=asked.what), icon=":material/check:")
        elif now - asked.at > FORGOTTEN_AFTER:
            del pending()[command_id]
        elif now - asked.at > PATIENCE and not asked.was_late:
            asked.was_late = True
            st.toast(say(language, "act.no_answer", what=asked.what), icon=":material/hourglass:", duration="long")
