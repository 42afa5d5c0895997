"""A world of memory for senders: one log, one WhatsApp, a broker that refuses, and processes that die at any step."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from stream.adapters.kafka import Record
from stream.adapters.topics import Topic
from stream.core.commands import COMMAND, ReportDelivery
from stream.core.followup_policy import FollowUps
from stream.core.outcome import Outbound
from stream.core.sending import DeliveryReport, SendingLimits, standing
from stream.errors import BrokerError
from stream.sender.delivery_log import DeliveryLog
from stream.sender.outbox import Outbox
from stream.sender.reconcile import Reconciler
from stream.sender.reporter import Reporter
from stream.sender.sender import Sender
from stream.sender.stop_switch import StopSwitch
from stream.transport import failures
from stream.transport.failures import CallFailed, Retry, Verdict
from stream.transport.interface import OutgoingReaction, OutgoingText, OwnMessage, Sent

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
GROUP = "120363000000000009@g.us"
LIMITS = SendingLimits(gap_s=0.0, per_minute=60, claim_s=4, settle_s=10, second_look_s=2, retry_s=1)
CLOSED = Verdict(Retry.SAFE, "closed")


class Crash(BaseException):
    """The process is gone."""


class World:
    """The log, the clock, WhatsApp and its store; and the dice that break things."""

    def __init__(self, seed: int, crash_rate: float, fault_rate: float, broker_rate: float = 0.0) -> None:
        self.dice = random.Random(seed)
        self.crash_rate = crash_rate
        self.fault_rate = fault_rate
        self.broker_rate = broker_rate
        self.now = NOW
        self.log: list[tuple[Topic, str, bytes]] = []
        self.arrived: list[str] = []  # what the group got to see
        self.store: list[OwnMessage] = []
        self.senders = 0

    def publish(self, topic: Topic, key: str, value: bytes, _headers: Any = None) -> None:
        is_refused = self.broker_rate > 0 and self.dice.random() < self.broker_rate
        if not is_refused or self.dice.random() < 0.5:  # what was refused may have been stored all the same
            self.log.append((topic, key, value))
        if is_refused:
            raise BrokerError("Kafka did not take a record; it may be stored or not.")

    def heard(self) -> dict[str, set[str]]:
        """Return what the tickets were told, by outbound id."""
        heard: dict[str, set[str]] = {}
        for topic, _, value in self.log:
            if topic is Topic.COMMANDS:
                command = COMMAND.validate_json(value)
                assert isinstance(command, ReportDelivery)
                heard.setdefault(command.outbound_id, set()).add(command.status)
        return heard

    def checkpoint(self, _step: str) -> None:
        self.now += timedelta(seconds=self.dice.random())
        if self.dice.random() < self.crash_rate:
            raise Crash

    def arrive(self, text: str, *, kept: bool = True) -> Sent:
        self.arrived.append(text)
        sent = Sent(message_id=f"3EB0{len(self.arrived)}", sent_at=self.now)
        if kept:
            self.store.append(OwnMessage(message_id=sent.message_id, chat=GROUP, sent_at=self.now, text=text))
        return sent


class WhatsApp:
    name = "world"
    send_timeout_s = 5.0

    def __init__(self, world: World) -> None:
        self.world = world

    async def send_text(self, message: OutgoingText) -> Sent:
        world = self.world
        world.now += timedelta(seconds=world.dice.random() * 3)
        if world.dice.random() >= world.fault_rate:
            return world.arrive(message.text)
        match world.dice.randrange(6):
            case 0:
                raise CallFailed(CLOSED, call="send")
            case 1:
                raise CallFailed(failures.UNKNOWN_TEXT, call="send")
            case 2:
                world.arrive(message.text)
                raise CallFailed(failures.NO_ANSWER, call="send")
            case 3:
                world.arrive(message.text, kept=False)  # the database was down: nothing tells that it left
                raise CallFailed(failures.UNKNOWN_TEXT, call="send")
            case 4:
                world.arrive(message.text)
                raise Crash
            case _:
                raise CallFailed(Verdict(Retry.NEVER, "malformed"), call="send")

    async def react(self, reaction: OutgoingReaction) -> Sent:
        return self.world.arrive(reaction.emoji)

    async def find_own(self, chat: str, since: datetime, until: datetime) -> list[OwnMessage] | None:
        if self.world.dice.random() < self.world.fault_rate:
            raise CallFailed(failures.NOT_REACHED, call="find")
        return [message for message in self.world.store if message.chat == chat and since <= message.sent_at <= until]

    async def history(self, since: datetime, until: datetime) -> list[dict[str, Any]]:
        raise AssertionError(f"a sender has no use for what was said from {since} to {until}")

    async def close(self) -> None: ...


class Rules:
    def mode_of(self, group: str) -> str:  # noqa: ARG002 - the same for all
        return "tickets+follow-ups"

    def follow_ups(self) -> FollowUps:
        return FollowUps()


class Process:
    """One start of one sender: an outbox of its own, read from the one log."""

    def __init__(self, world: World, tmp: Any, on_catch_up: Callable[[], None] = lambda: None) -> None:
        world.senders += 1
        self.world = world
        self.read = 0
        self.outbox = Outbox()
        self.on_catch_up = on_catch_up
        self.reporter = Reporter(
            identity=f"s{world.senders}",
            outbox=self.outbox,
            delivery_log=DeliveryLog(world),  # type: ignore[arg-type] # it publishes, which is all that is asked
            catch_up=self.catch_up,
            clock=lambda: world.now,
            checkpoint=world.checkpoint,
        )
        transport = WhatsApp(world)
        reconciler = Reconciler(outbox=self.outbox, reporter=self.reporter, transport_of=lambda _: transport, limits=LIMITS)
        self.sender = Sender(
            outbox=self.outbox,
            reporter=self.reporter,
            reconciler=reconciler,
            transport_of=lambda _: transport,
            rules=Rules(),
            switch=StopSwitch(tmp),
            limits=LIMITS,
        )
        self.catch_up()
        self.reporter.tell_again()

    def catch_up(self) -> None:
        self.on_catch_up()
        for offset in range(self.read, len(self.world.log)):
            topic, key, value = self.world.log[offset]
            if topic in (Topic.OUTBOUND, Topic.DELIVERIES, Topic.TICKETS):
                self.outbox.feed(Record(topic, 0, offset, self.world.now, key, value, {}), self.world.now)
        self.read = len(self.world.log)


def reports(world: World) -> dict[str, list[DeliveryReport]]:
    found: dict[str, list[DeliveryReport]] = {}
    for topic, _, value in world.log:
        if topic is Topic.DELIVERIES:
            report = DeliveryReport.from_json(value)
            found.setdefault(report.outbound_id, []).append(report)
    return found


def say(world: World, number: int) -> None:
    message = Outbound(
        id=f"o{number}", purpose="reply", instance="desk", group=GROUP, text=f"text {number}", decided_at=world.now
    )
    world.log.append((Topic.OUTBOUND, GROUP, message.to_json()))


async def play(world: World, tmp: Any, jobs: int = 8) -> Process | None:
    """Let messages come while senders live and die, until everything has an end; returns the sender that lives, if one does."""
    process: Process | None = None
    said = 0
    for _ in range(4000):
        world.now += timedelta(seconds=world.dice.random())
        if said < jobs and world.dice.random() < 0.3:
            say(world, said)
            said += 1
        try:
            process = process or Process(world, tmp)
            process.catch_up()
            process.reporter.tell_rest()
            await process.sender.step()
        except Crash:
            process = None
        except BrokerError:
            pass  # it goes on as it was, as the role does
        ended = reports(world)
        if said == jobs and all(f"o{n}" in ended and standing(ended[f"o{n}"]).is_final for n in range(jobs)):
            return process
    raise AssertionError(f"not everything came to an end: {[(k, standing(v).last) for k, v in reports(world).items()]}")
