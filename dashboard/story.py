"""What the ticket page tells: its facts, its messages with the reason each is here, and what happened. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

from dashboard import frames, safe
from dashboard.card import card_of
from dashboard.frames import NameOf
from dashboard.words import say
from stream.core.commands import Actor
from stream.core.events import EventKind, TicketEvent
from stream.core.inputs import Form
from stream.core.people import Role
from stream.core.ticket import Clock, Entry, Evidence, Ticket, TicketState

_FORM_ICONS = {Form.IMAGE: "image", Form.VIDEO: "image", Form.AUDIO: "audio", Form.STICKER: "image"}
_WHY_ICONS = {Evidence.QUOTE: "quote", Evidence.PERSON: "person", Evidence.OPENED: "new"}
_BAD = {EventKind.REFUSED, EventKind.CLOCK_BREACHED}
_GOOD = {EventKind.OPENED, EventKind.CLOCK_MET, EventKind.REPLIED}


def messages(ticket: Ticket, language: str, *, reveal: bool, deleted: Collection[str] = frozenset()) -> list[dict[str, Any]]:
    """Return the conversation in order, each message with who, when, what and why it is on this ticket.

    `deleted` are the ids of messages that their authors took back.
    """
    names = {_digits(one.author): one.author_name for one in ticket.messages if one.author_name}
    entries = sorted(ticket.messages, key=lambda one: one.sent_at)
    return [_message(one, ticket, language, names, reveal=reveal, is_deleted=one.message_id in deleted) for one in entries]


def _digits(address: str) -> str:
    return address.split("@", 1)[0].split(":", 1)[0]


def _message(
    entry: Entry, ticket: Ticket, language: str, names: dict[str, str], *, reveal: bool, is_deleted: bool
) -> dict[str, Any]:
    is_media = entry.form is not Form.TEXT
    is_gone = is_deleted or (entry.text is None and not is_media)
    text = None if is_gone else safe.name_mentions(safe.show(entry.text), names, reveal=reveal)
    return {
        "id": entry.message_id,
        "role": entry.role.value,
        "who": "" if entry.role is Role.SELF else safe.person(entry.author_name, entry.author, reveal=reveal),
        "at": entry.sent_at.isoformat(),
        "text": text if text is None or reveal else safe.mask_numbers(text),
        "form": say(language, f"form.{entry.form.value}") if is_media else None,
        "form_icon": _FORM_ICONS.get(entry.form, "file"),
        "edited_at": entry.edited_at.isoformat() if entry.edited_at else None,
        "why": say(language, f"why.{entry.attached_because.value}"),
        "why_icon": _WHY_ICONS.get(entry.attached_because, "dot"),
        "can_split": entry.role is Role.CUSTOMER and ticket.messages[0].message_id != entry.message_id,
    }


def facts(ticket: Ticket, now: datetime, language: str, *, reveal: bool, name_of: NameOf = str) -> list[dict[str, Any]]:
    """Return the card beside the conversation: label and value of everything that is known, in reading order."""

    def told(name: str, text: str, kind: str = "text", **more: Any) -> dict[str, Any]:
        return {"label": say(language, f"fact.{name}"), "text": text, "kind": kind} | more

    row = frames.board_row(card_of(ticket, b""), now, language, reveal=reveal, name_of=name_of)
    found = ticket.detected_by
    nobody = say(language, "fact.nobody")
    lines = [
        told("state", say(language, f"state.{ticket.state.value}"), "state", code=ticket.state.value),
        told("due", "", "due", row=row, extra=say(language, f"due.{row['due_kind']}") if row["due_kind"] else None),
        told("assignee", row["assignee"] or nobody, "person" if row["assignee"] else "quiet"),
        told("priority", say(language, f"priority.{ticket.priority.value}"), "priority", code=ticket.priority.value),
        told("category", row["category"]),
        told("contact", row["who"]),
        told("group", row["group"]),
        told("opened", ticket.opened_at.isoformat(), "time"),
        told(
            "detected",
            row["by"],
            extra=say(
                language, "fact.confidence", confidence=f"{found.confidence:.2f}", version=safe.show(found.version[:8]) or "-"
            ),
        ),
        *_clock_lines(ticket, language, told),
        *_follow_up_lines(ticket, language, told),
    ]
    family = [one for one in (ticket.follows, ticket.split_from, ticket.merged_into) if one]
    if family:
        lines.append(told("family", ", ".join(family)))
    if ticket.reopened:
        lines.append(told("reopened", say(language, "fact.times", count=ticket.reopened)))
    if ticket.tags:
        lines.append(told("tags", ", ".join(map(safe.show, ticket.tags))))
    if ticket.note:
        lines.append(told("note", safe.show(ticket.note)))
    return lines


def _clock_lines(ticket: Ticket, language: str, told: Any) -> list[dict[str, Any]]:
    named = (("first_response", ticket.clocks.first_response), ("resolution", ticket.clocks.resolution))
    return [_clock_line(name, clock, language, told) for name, clock in named if clock]


def _clock_line(name: str, clock: Clock, language: str, told: Any) -> dict[str, Any]:
    notes = [say(language, "fact.target", time=_hours(clock.target_minutes))]
    if clock.met_at:
        notes.insert(0, say(language, "fact.met"))
    if clock.breached_at:
        notes.insert(0, say(language, "fact.breached"))
    at = clock.met_at or clock.due_at
    line: dict[str, Any] = told(name, at.isoformat(), "time") if at else told(name, say(language, "fact.paused"), "quiet")
    return line | {"extra": ", ".join(notes)}


def _hours(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.3g} h"


def _follow_up_lines(ticket: Ticket, language: str, told: Any) -> list[dict[str, Any]]:
    if ticket.window:
        step = say(language, "fact.step", step=frames.step_words(ticket.window.step, language), policy=ticket.window.policy)
        lines = [told("follow_up", ticket.window.due_at.isoformat(), "time", extra=step)]
    else:
        lines = [told("follow_up", say(language, "fact.no_follow_up"), "quiet")]
    past = [
        f"{frames.step_words(one.step, language)}: {say(language, f'follow_up.{one.status.value}')}" for one in ticket.follow_ups
    ]
    return [*lines, told("follow_ups", ", ".join(past))] if past else lines


def timeline(
    events: Iterable[TicketEvent], language: str, *, with_ticket: bool = False, name_of: NameOf = str
) -> list[dict[str, Any]]:
    """Return events, the latest first, each as one sentence with who and why."""
    return [
        {
            "at": event.at.isoformat(),
            "what": _what(event, language, name_of),
            "who": who(event.actor, language, name_of),
            "why": _why(event, language),
            "tone": "bad" if event.kind in _BAD else "good" if event.kind in _GOOD else "",
            "ticket": event.ticket_id if with_ticket else None,
        }
        for event in sorted(events, key=lambda one: one.at, reverse=True)
    ]


def _what(event: TicketEvent, language: str, name_of: NameOf) -> str:
    name = say(language, f"event.{event.kind.value}")
    before, after = (_value(event.kind, one, language, name_of) for one in (event.before, event.after))
    if before and after:
        return f"{name}: {before} → {after}"
    return f"{name}: {after or before}" if after or before else name


def _why(event: TicketEvent, language: str) -> str:
    """Return the reason in words: what tied a message to the ticket, who spoke, else the worker's own sentence."""
    known = say(language, f"why.{event.because}")
    return safe.show(event.because) if known == f"why.{event.because}" else known


def _value(kind: EventKind, value: str | None, language: str, name_of: NameOf) -> str:
    if not value:
        return ""
    if kind is EventKind.ASSIGNED:
        return frames.assignee(value, name_of, reveal=False) or ""
    words = {
        EventKind.STATE_CHANGED: "state",
        EventKind.PRIORITY_CHANGED: "priority",
        EventKind.FOLLOW_UP: "follow_up",
        EventKind.CLOCK_MET: "due",
        EventKind.CLOCK_BREACHED: "due",
        EventKind.CORRECTED: "label",
    }
    is_known = kind is not EventKind.STATE_CHANGED or value in set(TicketState)
    if kind in words and is_known:
        known = say(language, f"{words[kind]}.{value}")
        return safe.show(value) if known == f"{words[kind]}.{value}" else known
    return safe.show(value)


def who(actor: Actor | None, language: str, name_of: NameOf = str) -> str:
    """Return who did it and through which door, such as `Ana on the dashboard`."""
    if actor is None:
        return ""
    door = say(language, f"actor.{actor.kind.value}")
    return f"{frames.assignee(actor.name, name_of, reveal=False)}, {door}" if actor.name else door


def stamp(at: datetime) -> str:
    """Return a time in UTC for places that have no browser to know the zone: exports and details."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
