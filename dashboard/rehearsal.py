"""A rehearsal: one message in a group, as Evolution would deliver it, and what a policy would bring. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from dashboard.words import say
from stream.core.calendar import BusinessCalendar
from stream.core.followup_policy import FollowUps, Policy

# No real group has this id: WhatsApp's begin with a time of creation. It is never named in groups.yaml, so nothing is sent to it.
TEST_GROUP = "120363000000000000@g.us"
TEST_AUTHOR = "15550001111@s.whatsapp.net"


def message_event(text: str, author: str, message_id: str, instance: str, now: datetime) -> dict[str, Any]:
    """Return a `messages.upsert` webhook with this text, written by `author` in the test group now."""
    return {
        "event": "messages.upsert",
        "instance": instance,
        "data": message_data(text, author, TEST_AUTHOR, None, TEST_GROUP, message_id, now),
        "date_time": now.isoformat(),
        "sender": "15550009999@s.whatsapp.net",
    }


def message_data(
    text: str, author: str, address: str, phone: str | None, group: str, message_id: str, now: datetime
) -> dict[str, Any]:
    """Return what such a webhook carries: who wrote it, by the address that WhatsApp prefers and the phone where it is known."""
    key = {"remoteJid": group, "fromMe": False, "id": message_id, "participant": address}
    if phone and phone != address:
        key |= {"participantAlt": phone, "addressingMode": "lid"}
    return {
        "key": key,
        "pushName": author,
        "status": "DELIVERY_ACK",
        "message": {"conversation": text},
        "messageType": "conversation",
        "messageTimestamp": int(now.timestamp()),
        "source": "android",
    }


def forecast(policy: Policy, follow_ups: FollowUps, opened_at: datetime, language: str) -> list[dict[str, Any]]:
    """Return what this policy would do for a ticket opened now that nobody answers: each step and when it may happen."""
    calendar, talking = follow_ups.calendar_of(policy), follow_ups.talking_hours_of(policy)
    rows = []
    for number, step in enumerate(policy.steps, start=1):
        if step.waiting_for != "us":
            continue
        due_at = _due_at(step.time, calendar, opened_at, step.after)
        said_at = talking.next_open(due_at) if step.say else due_at
        rows.append(
            {
                "step": number,
                "does": say(language, "simulator.close") if step.close else step.does,
                "due": due_at.isoformat(),
                "said": said_at.isoformat(),
            }
        )
    return rows


def _due_at(time: str, calendar: BusinessCalendar, opened_at: datetime, minutes: float) -> datetime:
    return opened_at + timedelta(minutes=minutes) if time == "wall" else calendar.add(opened_at, minutes)
