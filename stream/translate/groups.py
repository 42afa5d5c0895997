"""What a group tells of itself: its name, and who came and went."""

from __future__ import annotations

from typing import Any, Literal

from stream.core.delivery import Delivery
from stream.core.inputs import AnyInput, Roster
from stream.core.people import Sender
from stream.translate.facts import common
from stream.translate.identity import read_person
from stream.translate.shapes import items, obj, text

Action = Literal["add", "remove", "promote", "demote", "modify", "list"]
_ACTIONS: dict[Any, Action] = {"add": "add", "remove": "remove", "promote": "promote", "demote": "demote"}
_MAX_SUBJECT = 200


def read_group(delivery: Delivery, data: dict[str, Any]) -> AnyInput:
    """Return a group's name and people from its metadata (`groups.upsert`, and renames where a version tells them)."""
    owner = {"id": data.get("owner"), "phoneNumber": data.get("ownerPn")}
    return Roster(
        subject=" ".join(text(data.get("subject")).split())[:_MAX_SUBJECT] or None,
        people=_read_people([*items(data.get("participants")), owner]),
        **common(delivery),
    )


def read_participants(delivery: Delivery, data: dict[str, Any]) -> AnyInput:
    """Return who came, went or changed. Version 2.3.7 fills `participantsData` with `[object Object]`: it is left alone."""
    action = data.get("action")
    return Roster(
        action=_ACTIONS.get(action, "modify") if isinstance(action, str) else "modify",
        people=_read_people(items(data.get("participants"))),
        **common(delivery),
    )


def _read_people(told: list[Any]) -> tuple[Sender, ...]:
    people = (read_person(obj(one) or one) for one in told)
    return tuple(dict.fromkeys(person for person in people if person is not None))
