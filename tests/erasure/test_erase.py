"""`groupdesk erase` against a worker and a Sheet that run: afterwards nothing of the person is found, anywhere."""

from __future__ import annotations

import re
import sys
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from kafka import KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

sys.path.insert(0, str(Path(__file__).parents[1] / "end_to_end"))

from deliveries import CUSTOMER, GROUP, OTHER_CUSTOMER, message
from system import System, wait_for

from stream.adapters.kafka import Publisher
from stream.adapters.kafka_deletion import delete_before, end_offsets, read_topic
from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic
from stream.classifier.corrections import CorrectionsKeeper, corrections_path
from stream.cli import erase as command
from stream.core.commands import Actor, ActorKind, SetNote
from stream.core.corrections import Correction
from stream.core.detection import Label
from stream.core.group import GroupState
from stream.core.outcome import Outbound
from stream.core.people import Person
from stream.core.sending import DeliveryReport, DeliveryStatus
from stream.core.ticket import Ticket
from stream.erasure.person import learn_aliases, meant
from stream.erasure.places import names_of_topics, write_back
from stream.settings import Settings
from stream.worker.record import GroupRecord

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

TRACES = [b"Rosa", b"180011112222333", b"5521990001111", b"order 4417", b"99000-1111"]


@pytest.fixture
def system(settings: Settings) -> Iterator[System]:
    running = System(settings)
    yield running
    running.close()


def traces_in(system: System, place: str, name: str) -> list[tuple[str, bytes]]:
    found = []
    for record in read_topic(system.settings, name):
        whole = b"\n".join([record.key, record.value or b"", *record.headers.values()])
        found += [(place, trace) for trace in TRACES if trace in whole]
    return found


def all_traces(system: System) -> list[tuple[str, bytes]]:
    return [hit for place, name in names_of_topics(system.settings).items() for hit in traces_in(system, place, name)]


def sheet_text(system: System) -> bytes:
    path = system.settings.sheet_path
    if not path.exists():
        return b""
    with zipfile.ZipFile(path) as book:
        return b"".join(book.read(name) for name in book.namelist())


def traces_in_files(settings: Settings) -> list[tuple[str, bytes]]:
    """Look into what the roles keep beside Kafka: the Sheet's store with its log, and the mirror."""
    write_back(settings)
    files = {path: path.read_bytes() for path in settings.data_dir.iterdir() if path.is_file()}
    return [(path.name, trace) for path, raw in files.items() for trace in TRACES if trace in raw]


def compact_at_once(settings: Settings) -> None:
    admin = KafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap_servers)
    names = names_of_topics(settings)
    quick = {"segment.ms": "50", "min.cleanable.dirty.ratio": "0.0", "max.compaction.lag.ms": "1", "delete.retention.ms": "0"}
    admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, names[place], configs=quick) for place in ("tickets", "table groups")]
        # The cleaner looks every 15 s when it had nothing to do.
        + [
            ConfigResource(ConfigResourceType.BROKER, str(broker["broker_id"]), configs={"log.cleaner.backoff.ms": "200"})
            for broker in admin.describe_cluster()["brokers"]
        ]
    )
    admin.close()


def outbound(outbound_id: str, text: str, tickets: list[str]) -> Outbound:
    return Outbound(
        id=outbound_id, instance="cs", group=GROUP, ticket_ids=tuple(tickets), text=text, decided_at=datetime.now(UTC)
    )


def report(outbound_id: str, tickets: list[str]) -> DeliveryReport:
    return DeliveryReport(
        outbound_id=outbound_id,
        attempt=1,
        status=DeliveryStatus.SENT,
        at=datetime.now(UTC),
        sender="test",
        group=GROUP,
        ticket_ids=tuple(tickets),
    )


def example(message_id: str, text: str) -> Correction:
    return Correction(id="c1", group=GROUP, message_id=message_id, label=Label.NOISE, text=text, at=datetime.now(UTC))


def delete_all(settings: Settings, place: str) -> None:
    name = names_of_topics(settings)[place]
    delete_before(settings, name, end_offsets(settings, name))


def erase(settings: Settings, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(command, "load_settings", lambda: settings)
    told = CliRunner().invoke(command.erase, arguments)
    if told.exception is not None and not isinstance(told.exception, SystemExit):
        raise told.exception
    return told.exit_code, told.output


def leave_traces(system: System, publisher: Publisher) -> Ticket:
    """Let the person leave something in every place, and somebody else beside them; return the person's ticket."""
    settings = system.settings
    system.post_until_accepted(message("MSG1", "my order 4417 has not arrived, where is it? call 55 21 99000-1111"))
    system.post_until_accepted(message("MSG2", "the site shows an error since yesterday", sender=OTHER_CUSTOMER))
    system.post_until_accepted(message("MSG3", "hm, order 4417"))
    wait_for("both tickets", lambda: len(system.tickets()) == 2)
    theirs = next(ticket for ticket in system.tickets().values() if ticket.opened_by == CUSTOMER["lid"])
    wait_for("the row", lambda: b"order 4417" in sheet_text(system))
    note = SetNote(
        id="n1",
        group=GROUP,
        at=theirs.opened_at,
        actor=Actor(kind=ActorKind.CLI),
        ticket_id=theirs.id,
        note="Rosa, 5521990001111",
    )
    publisher.publish(Topic.COMMANDS, GROUP, note.to_json())
    # A closed ticket that the worker has let go of, and two dead letters of which one is somebody else's.
    old = Ticket.model_validate(theirs.model_dump() | {"id": "T-OLD0-0001", "state": "closed"})
    publisher.publish(Topic.TICKETS, old.id, old.to_json())
    publisher.publish(Topic.DEAD_LETTER, "http", b'{"sender": "5521990001111@s.whatsapp.net"', {"why": b"not_json"})
    publisher.publish(Topic.DEAD_LETTER, "http", b"somebody else's", {"why": b"not_json"})
    # What was said in the matter, one message that is still to be sent to somebody else, and a labelled example of the words.
    for number, tickets in ((1, [theirs.id]), (2, [])):
        publisher.publish(Topic.OUTBOUND, GROUP, outbound(f"o{number}", "Dear Rosa, about your order 4417", tickets).to_json())
    publisher.publish(Topic.DELIVERIES, GROUP, report("o1", [theirs.id]).to_json())
    corrections_path(settings).write_bytes(example("MSG3", "hm, order 4417").to_json() + b"\n")
    wait_for("the note", lambda: any((ticket.note or "").startswith("Rosa") for ticket in system.tickets().values()))
    return theirs


def test_after_an_erasure_and_compaction_nothing_of_the_person_is_found(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = system.settings
    compact_at_once(settings)
    for role in ("bridge", "worker", "sheet"):
        system.start(role)
    system.wait_until_ready("worker", seconds=90)
    publisher = Publisher(settings)
    theirs = leave_traces(system, publisher)
    keeper = CorrectionsKeeper(settings)
    keeper.start()

    code, told = erase(settings, monkeypatch, "+55 21 99000-1111", "--dry-run")
    assert code == 0, told
    assert f"in 1 groups: {GROUP}" in told
    assert "tickets.xlsx" in told
    assert re.search(r"^outbound +1$", told, re.MULTILINE)
    assert re.search(r"^corrections +1$", told, re.MULTILINE)
    assert all_traces(system)

    code, told = erase(settings, monkeypatch, "+55 21 99000-1111", "--yes")
    keeper.close()
    assert "corrections: 1 taken back" in told
    assert corrections_path(settings).read_bytes() == b""
    kept = [Outbound.from_json(one.value or b"").id for one in read_topic(settings, names_of_topics(settings)["outbound"])]
    assert kept == ["o2"]
    delete_all(settings, "outbound")  # the one that waits is gone with the topic's retention
    latest = system.tickets()
    assert b"Rosa" not in b"".join(ticket.to_json() for ticket in latest.values())
    assert {"T-OLD0-0001", theirs.id} <= set(latest)
    letters = list(read_topic(settings, names_of_topics(settings)["dead-letter"]))
    assert [(letter.value, letter.headers) for letter in letters] == [(b"somebody else's", {"why": b"not_json"})]
    wait_for("the Sheet to follow", lambda: not any(trace in sheet_text(system) for trace in TRACES))
    assert b"he site shows an error" in sheet_text(system)
    wait_for("the files to follow", lambda: not traces_in_files(settings))

    left: list[tuple[str, bytes]] = []

    def compacted() -> bool:
        # Kafka compacts what lies before the newest segment: every partition gets something new.
        for partition_key in range(8):
            publisher.publish(Topic.TICKETS, f"filler-{partition_key}", next(iter(latest.values())).to_json())
        system.post_until_accepted(message(f"F{time.monotonic_ns()}", "ok thanks", sender=OTHER_CUSTOMER))
        time.sleep(0.5)
        left[:] = all_traces(system)
        return not left

    try:
        wait_for("no trace in any topic", compacted, 60)
    except AssertionError:
        raise AssertionError(f"{told}\nleft: {left}") from None
    publisher.close()
    code, told = erase(settings, monkeypatch, "+55 21 99000-1111", "--dry-run")
    assert "in 0 groups" in told


def test_without_a_worker_it_says_so(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    from stream.errors import BrokerError

    publisher = Publisher(system.settings)
    publisher.publish(Topic.INBOUND, GROUP, b"{}")
    publisher.close()
    with pytest.raises(BrokerError, match="worker has not read everything"):
        erase(system.settings, monkeypatch, "+55 21 99000-1111", "--yes", "--wait", "1")


def test_the_table_knows_another_address_when_the_deliveries_are_gone(settings: Settings) -> None:
    ensure_topics(settings)
    person = Person(key=str(CUSTOMER["lid"]), lid=CUSTOMER["lid"], phone=CUSTOMER["phone"])
    record = GroupRecord(state=GroupState(group=GROUP, people={person.key: person}))
    producer = KafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers)
    for value in (record.to_json(), b"not json", b"[]", b'{"state": {"people": {"x": 1}}}'):
        producer.send(names_of_topics(settings)["table groups"], key=GROUP.encode(), value=value).get(30)
    producer.close()

    assert learn_aliases(settings, meant(["+55 21 99000-1111"])).owns(CUSTOMER["lid"])
    assert not learn_aliases(settings, meant(["+55 21 99000-2222"])).owns(CUSTOMER["lid"])
