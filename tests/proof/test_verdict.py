"""The judge must see each kind of damage: a talk is handled without Kafka, found to be right, and damaged in one place each."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from stream.adapters.rule_files import load_book
from stream.adapters.topics import Topic, full_name
from stream.core.book import Book
from stream.core.sending import DeliveryStatus, report_on
from stream.core.sheet_cells import ticket_cells
from stream.core.sheet_columns import COLUMNS
from stream.core.sheet_edits import People
from stream.core.ticket import Ticket
from stream.settings import Settings
from stream.translate.envelope import read_webhook
from stream.worker.handle import Arrival, handle
from stream.worker.record import GroupRecord
from tests.proof import oracle
from tests.proof.chat import Chat
from tests.proof.folder import write_rules
from tests.proof.logbook import Logbook
from tests.proof.verdict import Evidence, Verdict, judge

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SETTINGS = Settings(_env_file=None, topic_prefix="proof.")


class World:
    """The worker's own handling, one input after the other, written into a logbook as Kafka would give it."""

    def __init__(self, chat: Chat, book: Book) -> None:
        self.chat = chat
        self.book = book
        self.logbook = Logbook(SETTINGS)
        self.pages = self.logbook.pages
        self.records: dict[str, GroupRecord] = {}
        self.offsets: dict[Topic, int] = {}
        self.accepted: dict[str, int] = {}
        self.sent: list[tuple[str, str]] = []

    def copy(self) -> World:
        """Return a world that may be damaged without harm to this one."""
        other = World(self.chat, self.book)
        other.logbook.pages = other.pages = deepcopy(self.pages)
        other.records, other.accepted, other.sent = dict(self.records), dict(self.accepted), list(self.sent)
        return other

    def play(self, posts: int) -> None:
        for number in range(posts):
            post = self.chat.post(int(NOW.timestamp()) + number)
            if post.kind == "poison":
                continue
            self.accepted[post.token] = 1
            for delivery in read_webhook(orjson.loads(post.body), NOW):
                self.take(Topic.INBOUND, delivery.chat, delivery.to_json())
            if number % 20 == 19 and (command := self.chat.command(NOW)) is not None:
                self.take(Topic.COMMANDS, command.group, command.to_json())
        self.take(Topic.COMMANDS, self.chat.rooms[0].jid, b"garbage")
        for outbound in list(self.pages.outbound.values()):
            what = outbound.text if outbound.kind == "text" else f"{outbound.target_id} {outbound.emoji}"
            self.sent.append((outbound.group, what))
            for status in (DeliveryStatus.INTENT, DeliveryStatus.CALLING, DeliveryStatus.SENT):
                self.pages.reports[outbound.id].append(report_on(outbound, 1, status, at=NOW, sender="s"))
        self.pages.judged.update(self.pages.undecided)

    def take(self, topic: Topic, key: str, value: bytes) -> None:
        offset = self.write(topic, key, value)
        arrival = Arrival(topic, 0, offset, key, value, NOW.timestamp())
        handled = handle(arrival, self.records.get(key), self.book, lambda _: False)
        assert handled.record is not None
        self.records[key] = handled.record
        self.logbook._take(record(self.logbook._changelog, key, handled.record.to_json(), offset))
        for said in handled.publications:
            self.write(said.topic, said.key, said.value, said.headers)

    def write(self, topic: Topic, key: str, value: bytes, headers: dict[str, bytes] | None = None) -> int:
        self.offsets[topic] = offset = self.offsets.get(topic, -1) + 1
        self.logbook._take(record(full_name(topic, "proof."), key, value, offset, headers))
        return offset

    def rows(self) -> list[list[str]]:
        rows = [[column.header for column in COLUMNS]]
        for raw in self.pages.tickets.values():
            ticket = Ticket.from_json(raw or b"")
            cells = ticket_cells(ticket, NOW, ZoneInfo("UTC"), People().name_of) | {"id": ticket.id}
            rows.append([cells.get(column.name, "") for column in COLUMNS])
        return rows

    def judge(self, rows: list[list[str]] | None = None) -> Verdict:
        evidence = Evidence(self.accepted, self.pages, self.rows() if rows is None else rows, self.sent, People())
        return judge(evidence, oracle.ask(self.pages, self.book))


def record(topic: str, key: str, value: bytes, offset: int, headers: dict[str, bytes] | None = None) -> Any:
    return SimpleNamespace(
        topic=topic, partition=0, offset=offset, key=key.encode(), value=value, headers=list((headers or {}).items())
    )


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> World:
    chat = Chat(5, 3, 0.03)
    world = World(chat, load_book(write_rules(tmp_path_factory.mktemp("proof") / "rules", chat)))
    world.play(160)
    return world


@pytest.fixture
def world(played: World) -> World:
    return played.copy()


def test_what_the_worker_does_one_after_the_other_is_the_truth(world: World) -> None:
    verdict = world.judge()
    assert verdict.problems == {}
    assert verdict.figures["tickets"] > 10
    assert verdict.figures["outbound"] > 3
    assert verdict.figures["dead letters"] == 1


def _lose_webhook(world: World) -> None:
    del world.pages.stored["q-3"]


def _lose_input(world: World) -> None:
    changes = next(found for found in world.pages.changes.values() if len(found) > 5)
    del changes[3]


def _handle_twice(world: World) -> None:
    group = world.chat.rooms[1].jid
    last = world.pages.inputs[group][-1]
    before = world.records[group].but(position={**world.records[group].position, last.topic: last.offset - 1})
    again = handle(Arrival(last.topic, 0, last.offset, group, last.value, NOW.timestamp()), before, world.book, lambda _: False)
    assert again.record is not None
    world.logbook._take(record(world.logbook._changelog, group, again.record.to_json(), 10_000))


def _stop_early(world: World) -> None:
    group = world.chat.rooms[1].jid
    world.pages.changes[group].pop()


def _lose_ticket(world: World) -> None:
    world.pages.tickets.popitem()


def _age_ticket(world: World) -> None:
    key, raw = next((key, raw) for key, raw in world.pages.tickets.items() if raw is not None)
    world.pages.tickets[key] = Ticket.from_json(raw).but(title="what it was before").to_json()


def _lose_event(world: World) -> None:
    world.pages.events.popitem()


def _invent_event(world: World) -> None:
    world.pages.events["from nowhere"] += 1


def _lose_letter(world: World) -> None:
    world.pages.letters.clear()


def _lose_outbound(world: World) -> None:
    world.pages.outbound.popitem()


def _open_twice(world: World) -> None:
    next(iter(world.pages.opened.values())).add("T-AAAA-AAAA")


def _leave_unanswered(world: World) -> None:
    world.pages.judged.popitem()


def _text(world: World) -> tuple[str, str]:
    return next((out.group, out.text) for out in world.pages.outbound.values() if out.kind == "text")


def _send_twice(world: World) -> None:
    world.sent.append(_text(world))


def _send_never(world: World) -> None:
    world.sent.remove(_text(world))


def _send_unasked(world: World) -> None:
    world.sent.append((world.chat.rooms[0].jid, "hello"))


def _leave_unsent(world: World) -> None:
    world.pages.reports.popitem()


DAMAGE: dict[str, Callable[[World], None]] = {
    "webhooks lost": _lose_webhook,
    "inputs lost": _lose_input,
    "inputs handled twice": _handle_twice,
    "inputs not handled at the end": _stop_early,
    "tickets lost": _lose_ticket,
    "tickets that differ": _age_ticket,
    "duplicate tickets": _open_twice,
    "events lost": _lose_event,
    "events from nowhere": _invent_event,
    "dead letters lost": _lose_letter,
    "messages to send lost": _lose_outbound,
    "questions never answered": _leave_unanswered,
    "duplicate sends": _send_twice,
    "said sent, and it was not": _send_never,
    "sends that nobody asked for": _send_unasked,
    "messages without an end": _leave_unsent,
}


@pytest.mark.parametrize("name", DAMAGE)
def test_the_judge_names_the_damage(world: World, name: str) -> None:
    DAMAGE[name](world)
    assert name in world.judge().problems


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("rows lost", lambda rows: rows[:-1]),
        ("duplicate rows", lambda rows: [*rows, rows[-1]]),
        ("rows from nowhere", lambda rows: [*rows, ["T-AAAA-AAAA", *rows[-1][1:]]]),
        ("cells that differ", lambda rows: [*rows[:-1], [rows[-1][0], "Closed?", *rows[-1][2:]]]),
    ],
)
def test_the_judge_names_the_damage_of_the_sheet(
    world: World, name: str, damage: Callable[[list[list[str]]], list[list[str]]]
) -> None:
    assert name in world.judge(damage(world.rows())).problems
