"""Everything that the topics and the table's changelog say, read beside the roles from the first record to the last."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError

from stream.adapters.kafka import client_options
from stream.adapters.topic_admin import worker_app_id
from stream.adapters.topics import GROUPS_TABLE, Topic, changelog_name, full_name
from stream.core.outcome import Outbound
from stream.core.sending import DeliveryReport
from stream.settings import Settings

_TOKEN = re.compile(rb'"instanceId":\s*"(q-\d+)"')
_INPUTS = (Topic.INBOUND, Topic.COMMANDS)
_ERRORS = "__groupdesk.errors."
_READ_WITHIN_MS = "90000"  # while the network is cut, or slow, the logbook is behind too
_BEAT_S = 6.0  # a worker beats every two


@dataclass(frozen=True)
class Input:
    """A record of an input topic, as the worker gets it."""

    topic: Topic
    partition: int
    offset: int
    key: str
    value: bytes

    @property
    def at(self) -> tuple[str, int, int]:
        return str(self.topic), self.partition, self.offset


@dataclass(frozen=True)
class Change:
    """One record of the changelog: how far the group's record had come, and a digest of all of it.

    `refs` are the inputs that it stands for, in their order, as (topic, offset); none where it is one.
    """

    offset: int
    position: dict[str, int]
    digest: bytes
    refs: tuple[tuple[str, int], ...] = ()


@dataclass
class Pages:
    """What was read, by kind."""

    inputs: dict[str, list[Input]] = field(default_factory=lambda: defaultdict(list))  # by group, in the order of each topic
    changes: dict[str, list[Change]] = field(default_factory=lambda: defaultdict(list))
    records: dict[str, bytes] = field(default_factory=dict)  # the last record of each group
    tickets: dict[str, bytes | None] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)
    opened: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # message -> tickets opened by it
    undecided: Counter[str] = field(default_factory=Counter)
    judged: Counter[str] = field(default_factory=Counter)
    outbound: dict[str, Outbound] = field(default_factory=dict)
    reports: dict[str, list[DeliveryReport]] = field(default_factory=lambda: defaultdict(list))
    letters: Counter[tuple[str, int, int]] = field(default_factory=Counter)  # of the worker, by where they stood
    stored: Counter[str] = field(default_factory=Counter)  # tokens of webhooks, in `inbound` or among the dead letters
    other_letters: Counter[str] = field(default_factory=Counter)
    read: Counter[str] = field(default_factory=Counter)


class Logbook:
    """Reads until `close`; take `lock` before looking at `pages`."""

    def __init__(self, settings: Settings) -> None:
        self.pages = Pages()
        self.lock = threading.Lock()
        self.moved_at = time.monotonic()  # when the table last changed
        self._settings = settings
        self._changelog = changelog_name(worker_app_id(settings), GROUPS_TABLE)
        self._topics = {full_name(topic, settings.topic_prefix): topic for topic in Topic}
        self._well: dict[str, tuple[float, float]] = {}  # worker -> since when it says so, and when it said so last
        self._heads: dict[tuple[str, Topic], int] = {}  # the last offset of each group in each input topic
        self._next: dict[TopicPartition, int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read_forever, name="logbook", daemon=True)

    def start(self) -> None:
        self._hold_compaction_back()
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(20)

    def backlog(self) -> int:
        """Return how many inputs have been read of which the table does not show yet that they were handled."""
        with self.lock:
            waiting = 0
            for group, inputs in self.pages.inputs.items():
                changes = self.pages.changes.get(group)
                position = changes[-1].position if changes else {}
                if any(self._heads.get((group, topic), -1) > position.get(topic, -1) for topic in _INPUTS):
                    waiting += sum(one.offset > position.get(one.topic, -1) for one in inputs)
            return waiting

    def all_well_s(self, workers: Iterable[str]) -> float:
        """Return for how many seconds all of these workers have said without a break that they are well."""
        with self.lock:
            now = time.monotonic()
            said = [self._well.get(name, (now, 0.0)) for name in workers]
            return min((now - since if now - last < _BEAT_S else 0.0 for since, last in said), default=0.0)

    def _hold_compaction_back(self) -> None:
        """Let Kafka keep every change until it was read here: the oracle needs the order in which inputs were handled."""
        lag = ConfigResource(ConfigResourceType.TOPIC, self._changelog, configs={"min.compaction.lag.ms": _READ_WITHIN_MS})
        admin = KafkaAdminClient(**client_options(self._settings))
        try:
            admin.alter_configs([lag])
        finally:
            admin.close()

    def _read_forever(self) -> None:
        consumer: Any = None
        while not self._stop.is_set():
            try:
                if consumer is None:
                    consumer = self._connect()
                for partition, batch in consumer.poll(timeout_ms=300, max_records=2_000).items():
                    with self.lock:
                        for raw in batch:
                            self._take(raw)
                    self._next[partition] = batch[-1].offset + 1
            except KafkaError:
                consumer = None
                self._stop.wait(1.0)
        if consumer is not None:
            consumer.close(autocommit=False, timeout_ms=500)

    def _connect(self) -> Any:
        consumer = KafkaConsumer(
            **client_options(self._settings),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=200,
            request_timeout_ms=8_000,
            max_partition_fetch_bytes=4_000_000,
        )
        names = [*self._topics, self._changelog]
        partitions = [TopicPartition(name, number) for name in names for number in consumer.partitions_for_topic(name) or ()]
        if len({partition.topic for partition in partitions}) < len(names):
            raise KafkaError("not all topics are known yet")
        consumer.assign(partitions)
        for partition in partitions:
            consumer.seek(partition, self._next.get(partition, 0))
        return consumer

    def _take(self, raw: Any) -> None:
        pages = self.pages
        pages.read[raw.topic] += 1
        if raw.topic == self._changelog:
            self._take_change(raw)
            return
        topic, key, value = self._topics[raw.topic], (raw.key or b"").decode(), raw.value
        if topic in _INPUTS:
            self._heads[key, topic] = raw.offset
            pages.inputs[key].append(Input(topic, raw.partition, raw.offset, key, value or b""))
        if topic in (Topic.INBOUND, Topic.DEAD_LETTER):
            headers = dict(raw.headers)
            if topic is Topic.INBOUND or headers.get(f"{_ERRORS}stage") == b"bridge":
                pages.stored.update(token.decode() for token in set(_TOKEN.findall(value or b"")))
            if topic is Topic.DEAD_LETTER:
                self._take_letter(headers)
        elif topic is Topic.TICKETS:
            pages.tickets[key] = value
        elif value is not None:
            self._take_output(topic, value)

    def _take_change(self, raw: Any) -> None:
        group = raw.key.decode()
        self.moved_at = time.monotonic()
        if raw.value is None:
            return
        position = orjson.loads(raw.value)["position"]
        digest = hashlib.blake2b(raw.value, digest_size=12).digest()
        told = dict(raw.headers).get("inputs", b"").decode().split()
        refs = tuple((topic, int(offset)) for topic, _, offset in (ref.partition("@") for ref in told))
        self.pages.changes[group].append(Change(raw.offset, position, digest, refs))
        self.pages.records[group] = raw.value

    def _take_beat(self, beat: dict[str, Any]) -> None:
        if beat["part"] != "worker":
            return
        now, name = time.monotonic(), beat["process"]
        since, last = self._well.get(name, (now, 0.0))
        if beat["status"] == "ok":
            self._well[name] = (since if now - last < _BEAT_S else now, now)
        else:
            self._well.pop(name, None)

    def _take_letter(self, headers: dict[str, bytes]) -> None:
        told = {name.removeprefix(_ERRORS): value.decode() for name, value in headers.items()}
        if told.get("stage") == "worker":
            self.pages.letters[told["topic"], int(told["partition"]), int(told["offset"])] += 1
        else:
            self.pages.other_letters[told.get("reason", "?")] += 1

    def _take_output(self, topic: Topic, value: bytes) -> None:
        pages = self.pages
        match topic:
            case Topic.TICKET_EVENTS:
                event = orjson.loads(value)
                pages.events[event["id"]] += 1
                if event["kind"] == "opened":
                    pages.opened[f"{event['group']} {event.get('message_id')}"].add(event["ticket_id"])
            case Topic.UNDECIDED:
                asked = orjson.loads(value)
                pages.undecided[f"{asked['group']} {asked['message']['id']}"] += 1
            case Topic.OUTBOUND:
                said = Outbound.from_json(value)
                pages.outbound[said.id] = said
            case Topic.DELIVERIES:
                report = DeliveryReport.from_json(value)
                pages.reports[report.outbound_id].append(report)
            case Topic.STATUS:
                self._take_beat(orjson.loads(value))
            case Topic.COMMANDS if b'"judge"' in value:
                command = orjson.loads(value)
                pages.judged[f"{command['group']} {command['message_id']}"] += 1
