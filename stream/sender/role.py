"""The role `sender`: reads what is to be said, says it through the transport, and watches over the connection beside it.

Without EVOLUTION_API_URL nothing is sent: every message is recorded as a dry run, and the Health page says so.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from pydantic import SecretStr

from stream import crash_points, logs
from stream.adapters.kafka import Publisher, Record, Tail
from stream.adapters.model import Model
from stream.adapters.own_secrets import webhook_secret
from stream.adapters.rule_watch import BookWatcher
from stream.adapters.status import StatusReporter
from stream.adapters.topic_admin import wait_for_topics
from stream.adapters.topics import Topic
from stream.core.delivery import Delivery
from stream.core.inputs import AnyInput
from stream.core.outcome import Outbound
from stream.core.sending import SendingLimits
from stream.core.status import Health
from stream.errors import BrokerError
from stream.sender.delivery_log import DeliveryLog
from stream.sender.office import Office
from stream.sender.outbox import TOPICS, Outbox
from stream.sender.reconcile import Reconciler
from stream.sender.reporter import Reporter
from stream.sender.sender import Rules, Sender
from stream.sender.stop_switch import StopSwitch
from stream.sender.worder import Worder
from stream.settings import Settings
from stream.transport.carriers import Carriers
from stream.watch.backfill import Backfill
from stream.watch.ears import Ears
from stream.watch.groups import Groups
from stream.watch.watchdog import Watchdog

log = logs.get(__name__)

DRY_RUN = "dry run: EVOLUTION_API_URL is not set, so nothing is sent"
_POLL_S = 0.1
_TELL_EVERY_S = 1.0  # while there is much to send
_FORGET_EVERY_S = 600.0


def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. A call under way is finished first; what it brought is written before the end."""
    logs.configure(settings, "sender")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    reporter = StatusReporter(settings, "sender", settings.process_name or None)
    try:
        if wait_for_topics(settings, stop, lambda why: reporter.set(Health.DOWN, why)):
            serve(settings, stop, reporter)
    finally:
        reporter.close()


def serve(settings: Settings, stop: threading.Event, status: StatusReporter) -> None:
    """Send until `stop` is set."""
    watcher = BookWatcher(settings.rules_dir)
    watcher.start()
    publisher, tail = Publisher(settings), Tail(settings, TOPICS)
    switch = StopSwitch(settings.data_dir, enabled=settings.sending_enabled)
    office = Office(watcher, switch)

    async def serve_here() -> None:
        worder = find_worder(settings, office)
        async with Carriers(settings) as carriers:
            ears = Ears(settings.cs_instance, _now())
            word = worder.word if worder is not None else None
            loop = Loop(settings, office, switch, carriers, publisher, tail, hear=ears.hear, word=word, checkpoint=_may_crash)
            watch = Watch(settings, office, carriers, publisher, ears) if carriers.evolution else None
            try:
                await loop.go(stop, status, watch)
            finally:
                if watch is not None:
                    await watch.close()
                if worder is not None:
                    await worder.close()

    try:
        asyncio.run(serve_here())
    finally:
        watcher.close()
        tail.close()
        publisher.close()


def find_worder(settings: Settings, office: Office) -> Worder | None:
    """Return who words follow-ups, where a model is set up as the classifier's is."""
    key = settings.openai_api_key.get_secret_value()
    if not key and not settings.openai_base_url:
        return None
    return Worder(Model(key, settings.openai_base_url, settings.openai_model), office.model_rules)


class Watch:
    """The watchdog beside the sender, telling how WhatsApp is as a part of its own."""

    def __init__(self, settings: Settings, office: Office, carriers: Carriers, publisher: Publisher, ears: Ears) -> None:
        assert carriers.evolution is not None
        transport, client = carriers.evolution, carriers.evolution.client

        def publish(delivery: Delivery) -> None:
            publisher.publish(Topic.INBOUND, delivery.chat, delivery.to_json())

        self._backfill = Backfill(transport, settings.cs_instance, ears, publish)
        self._watchdog = Watchdog(
            client=client,
            transport=transport,
            ears=ears,
            backfill=self._backfill,
            groups=Groups(client, publish),
            office=office,
            webhook_url=settings.webhook_address,
            webhook_secret=SecretStr(webhook_secret(settings)),
            clock=_now,
        )
        self._status = StatusReporter(settings, "whatsapp", settings.process_name or None, {"evolution": "2.3"})
        self._task: asyncio.Task[None] | None = None

    def start(self, stop: threading.Event) -> None:
        self._task = asyncio.create_task(self._watchdog.watch(stop.is_set, self._tell))

    def check(self) -> None:
        """Raise what the watchdog died of, if it did: a watchdog that is gone unseen is worse than none."""
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.to_thread(self._status.close)

    def _tell(self) -> None:
        health, sentence = self._watchdog.health()
        counts = {"filled_in": self._backfill.missing, "restarts": self._watchdog.restarts}
        self._status.set(health, sentence, counts=counts, gauges=self._watchdog.gauges())


class Loop:
    """One sender with all that it needs. A broker that went away finds it as it was."""

    def __init__(
        self,
        settings: Settings,
        rules: Rules,
        switch: StopSwitch,
        carriers: Carriers,
        publisher: Publisher,
        tail: Tail,
        *,
        hear: Callable[[AnyInput], None] = lambda _event: None,
        word: Callable[[Outbound], Awaitable[str | None]] | None = None,
        limits: SendingLimits | None = None,
        checkpoint: Callable[[str], None] = lambda _step: None,
    ) -> None:
        self._tail = tail
        self._outbox = Outbox(hear)
        limits = limits or SendingLimits(gap_s=settings.send_gap_s, per_minute=settings.sends_per_minute)
        self._reporter = Reporter(
            identity=identity(settings),
            outbox=self._outbox,
            delivery_log=DeliveryLog(publisher),
            catch_up=self._catch_up,
            clock=_now,
            checkpoint=checkpoint,
        )
        self._reconciler = Reconciler(outbox=self._outbox, reporter=self._reporter, transport_of=carriers.of, limits=limits)
        self._dry_run = None if carriers.can_send else DRY_RUN
        self._sender = Sender(
            outbox=self._outbox,
            reporter=self._reporter,
            reconciler=self._reconciler,
            transport_of=carriers.of,
            rules=rules,
            switch=switch,
            limits=limits,
            word=word,
            dry_run=self._dry_run,
        )

    async def go(self, stop: threading.Event, status: StatusReporter, watch: Watch | None = None) -> None:
        """Read the topics to their end, tell again what may not have been heard, and then send until `stop` is set."""
        has_begun = is_busy = False
        told_at = 0.0
        forgot_at = time.monotonic()
        while not stop.is_set():
            try:
                self._feed(await asyncio.to_thread(self._tail.poll, 0.0 if is_busy else _POLL_S))
                if not self._tail.is_caught_up():
                    status.set(Health.DEGRADED, "reading what was sent before")
                    continue
                if not has_begun:
                    self._reporter.tell_again()
                    if watch is not None:
                        watch.start(stop)
                    has_begun = True
                if watch is not None:
                    watch.check()
                self._reporter.tell_rest()
                is_busy = await self._sender.step()
                if not is_busy or time.monotonic() - told_at > _TELL_EVERY_S:
                    self._tell(status)
                    told_at = time.monotonic()
            except BrokerError as problem:
                status.set(Health.DOWN, str(problem))
                await asyncio.sleep(1)
            if has_begun and time.monotonic() - forgot_at > _FORGET_EVERY_S:
                self._outbox.forget(_now())
                forgot_at = time.monotonic()

    def _catch_up(self) -> None:
        self._feed(self._tail.poll(_POLL_S))

    def _feed(self, records: list[Record]) -> None:
        for record in records:
            self._outbox.feed(record, _now())

    def _tell(self, status: StatusReporter) -> None:
        waiting = self._outbox.pending()
        counts = self._reporter.counts | {"looked_for": self._reconciler.looked, "unreadable": self._outbox.unreadable}
        gauges = {
            "waiting": float(len(waiting)),
            "in_doubt": float(sum(self._outbox.standing(m.id).is_in_doubt for m in waiting)),
        }
        problem = self._dry_run or self._sender.held_because
        detail = problem or ("nothing to send" if not waiting else f"{len(waiting)} to send")
        status.set(Health.DEGRADED if problem else Health.OK, detail, counts=counts, gauges=gauges)


def _may_crash(step: str) -> None:
    crash_points.reach(f"sender.{step}")


def _now() -> datetime:
    return datetime.now(UTC)


def identity(settings: Settings) -> str:
    """Return a name that no other start of any sender has ever had."""
    return f"{settings.process_name or socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
