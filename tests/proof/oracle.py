"""The oracle: one thread, no Kafka, no Faust. It takes the same inputs in the order in which the table says they were handled.

Order within a topic is the topic's. How the two input topics were interleaved is read off the changelog, which moves by one
input at a time, or tells which it stands for; that each input of a group appears there once, and in order, is checked on the way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import ValidationError

from stream.adapters.topics import Topic
from stream.core.book import Book
from stream.core.commands import COMMAND
from stream.core.delivery import Delivery
from stream.core.group import GroupState
from stream.core.outcome import Outbound, Outcome
from stream.core.step import refuse_input, step
from stream.core.ticket import Ticket
from stream.translate import translate
from tests.proof.logbook import Change, Input, Pages


@dataclass
class Truth:
    """What should have come of the inputs."""

    states: dict[str, GroupState] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    events: set[str] = field(default_factory=set)
    undecided: set[str] = field(default_factory=set)
    outbound: dict[str, Outbound] = field(default_factory=dict)
    dead: set[tuple[str, int, int]] = field(default_factory=set)
    lost: list[Input] = field(default_factory=list)  # passed over by the table
    waiting: list[Input] = field(default_factory=list)  # behind all that the table shows
    twice: list[str] = field(default_factory=list)  # handled more than once
    inputs: int = 0


def ask(pages: Pages, book: Book) -> Truth:
    """Return the truth about everything in these pages."""
    truth = Truth()
    for group, inputs in pages.inputs.items():
        state = GroupState(group=group)
        for one in _in_order(group, inputs, pages.changes.get(group, []), truth):
            truth.inputs += 1
            outcome = _apply(one, state, book)
            state = outcome.state
            _note(one, outcome, truth)
        truth.states[group] = state
    return truth


def _in_order(group: str, inputs: list[Input], changes: list[Change], truth: Truth) -> Iterator[Input]:
    waiting = {str(topic): iter([one for one in inputs if one.topic is topic]) for topic in (Topic.INBOUND, Topic.COMMANDS)}
    heads = {topic: next(each, None) for topic, each in waiting.items()}
    position: dict[str, int] = {}
    digest = b""
    for change in changes:
        if change.digest == digest:
            continue  # the producer sent it again: the same value, so nothing was done twice
        digest = change.digest
        if any(change.position.get(topic, -1) < offset for topic, offset in position.items()) or change.position == position:
            truth.twice.append(f"{group}: the table went from {position} to {change.position}")
        for topic, offset in change.refs or _moved(position, change.position):
            while (head := heads[topic]) is not None and head.offset < offset:
                truth.lost.append(head)  # without a change of its own
                heads[topic] = next(waiting[topic], None)
            if head is None or head.offset > offset:
                truth.twice.append(f"{group}: {topic} {offset} was handled before")
                continue
            yield head
            heads[topic] = next(waiting[topic], None)
        position = {**position, **change.position}
    for topic, head in heads.items():
        if head is not None:
            truth.waiting += [head, *waiting[topic]]


def _moved(before: dict[str, int], after: dict[str, int]) -> list[tuple[str, int]]:
    return [(topic, offset) for topic, offset in after.items() if offset > before.get(topic, -1)]


def _apply(one: Input, state: GroupState, book: Book) -> Outcome:
    try:
        if one.topic is Topic.COMMANDS:
            command = COMMAND.validate_json(one.value)
            return step(state, command, book, command.at)
        delivery = Delivery.from_json(one.value)
        return step(state, translate(delivery), book, delivery.received_at)
    except ValidationError:
        return refuse_input(state, "unreadable_record")
    except Exception:  # noqa: BLE001 - as the worker has it: whatever the core cannot handle is a dead letter
        return refuse_input(state, "step_failed")


def _note(one: Input, outcome: Outcome, truth: Truth) -> None:
    truth.tickets.update((ticket.id, ticket) for ticket in outcome.tickets)
    truth.events.update(event.id for event in outcome.events)
    truth.undecided.update(f"{asked.group} {asked.message.id}" for asked in outcome.undecided)
    truth.outbound.update((said.id, said) for said in outcome.outbound)
    if outcome.dead:
        truth.dead.add(one.at)


def messages_twice(tickets: dict[str, Ticket]) -> list[str]:
    """Return messages that stand on more than one ticket of their group, or twice on one."""
    found: Counter[tuple[str, str]] = Counter()
    for ticket in tickets.values():
        found.update((ticket.group, entry.message_id) for entry in ticket.messages)
    return [f"{group} {message}" for (group, message), count in found.items() if count > 1]
