"""The role `classifier`: reads what the rules left undecided, and answers with commands.

Kafka is the queue: offsets are committed when every command of a chunk is acknowledged, and not before. Where the model is
away, nothing is held in memory: the chunk is forgotten and read again when the model may be asked again.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
import time

from stream import crash_points, logs
from stream.adapters.kafka import GroupConsumer, Publisher
from stream.adapters.model import Model
from stream.adapters.rule_watch import BookWatcher
from stream.adapters.status import StatusReporter
from stream.adapters.topic_admin import wait_for_topics
from stream.adapters.topics import Topic
from stream.classifier.asking import Asker
from stream.classifier.breaker import Breaker
from stream.classifier.budget import Budget
from stream.classifier.cache import Cache
from stream.classifier.corrections import CorrectionsKeeper
from stream.classifier.deciding import Decider, rules_of
from stream.classifier.intake import Intake
from stream.classifier.local import LocalClassifier, head_path
from stream.classifier.standing import Standing
from stream.classifier.tally import Tally
from stream.core.commands import Judge
from stream.core.status import Health
from stream.errors import BrokerError
from stream.settings import Settings

log = logs.get(__name__)

GROUP_ID = "classifier"
_POLL_S = 0.25
_SHORTEST_WAIT_S = 2.0  # between two tries of a chunk that could not be finished


def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. A call under way is given up; its messages are read again at the next start."""
    logs.configure(settings, "classifier")
    stop = threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    reporter = StatusReporter(settings, "classifier", settings.process_name or None)
    try:
        if wait_for_topics(settings, stop, lambda why: reporter.set(Health.DOWN, why)):
            serve(settings, stop, reporter)
    finally:
        reporter.close()


def serve(settings: Settings, stop: threading.Event, reporter: StatusReporter, breaker: Breaker | None = None) -> None:
    """Judge messages until `stop` is set."""
    with contextlib.ExitStack() as stack:
        watcher = BookWatcher(settings.rules_dir)
        stack.callback(watcher.close)
        watcher.start()
        publisher = Publisher(settings)
        stack.callback(publisher.close)
        keeper = CorrectionsKeeper(settings)
        stack.callback(keeper.close)
        keeper.start()
        asyncio.run(_Loop(settings, watcher, publisher, reporter, breaker or Breaker()).go(stop))


def connect_model(settings: Settings) -> Model | None:
    """Return the model that the settings name; None without a key. A server of one's own may need none."""
    key = settings.openai_api_key.get_secret_value()
    if not key and not settings.openai_base_url:
        return None
    return Model(key, settings.openai_base_url, settings.openai_model)


class _Loop:
    """One consumer, one decider, and the chunk between them."""

    def __init__(
        self, settings: Settings, watcher: BookWatcher, publisher: Publisher, reporter: StatusReporter, breaker: Breaker
    ) -> None:
        self._watcher = watcher
        self._publisher = publisher
        self._tally = Tally()
        self._model = connect_model(settings)
        self._breaker = breaker
        budget = Budget(settings.data_dir)
        local = LocalClassifier(head_path(settings))
        self._asker = Asker(self._model, budget, self._tally, breaker, Cache()) if self._model else None
        self._decider = Decider(self._asker, local, self._tally)
        self._standing = Standing(reporter, self._asker, local, budget, self._tally)
        self._intake = Intake(publisher, self._tally)
        self._consumer = GroupConsumer(settings, [Topic.UNDECIDED], f"{settings.topic_prefix}{GROUP_ID}")

    async def go(self, stop: threading.Event) -> None:
        """Collect, judge and commit, until `stop` is set."""
        try:
            while not stop.is_set():
                try:
                    wait_s = await self._turn(stop)
                except BrokerError as error:
                    log.warning("waiting for Kafka", reason=str(error))
                    self._standing.waits_for_kafka(str(error))
                    wait_s = 1.0
                if wait_s:
                    # Not read, and not kept: whatever is not committed comes again, in order.
                    await asyncio.to_thread(self._consumer.close)
                    self._intake.forget_chunk()
                    await _sleep(wait_s, stop)
        finally:
            self._consumer.close()
            if self._model is not None:
                await self._model.close()

    async def _turn(self, stop: threading.Event) -> float:
        """Poll once, and judge when it is time; returns the seconds to wait before reading the same messages again."""
        self._intake.take(await asyncio.to_thread(self._consumer.poll, _POLL_S), time.monotonic())
        rules = rules_of(self._watcher.book)
        chunk = self._intake.chunk
        self._standing.tell(rules, len(chunk))
        collect_s = rules.calls.collect_s if self._asker is not None and rules.enabled else 0.0
        if chunk and not self._intake.is_ready(time.monotonic(), collect_s, rules.calls.messages):
            return 0.0
        if chunk and not await self._judge(stop):
            self._standing.tell(rules, len(chunk))
            return max(_SHORTEST_WAIT_S, self._breaker.wait_s(time.monotonic()))
        if self._intake.has_uncommitted:
            await asyncio.to_thread(self._consumer.commit)
            crash_points.reach("classifier.committed")
            self._intake.forget_chunk()
        return 0.0

    async def _judge(self, stop: threading.Event) -> bool:
        """Judge the chunk; False when some of it must wait, or when `stop` was set before the end."""
        judging = asyncio.ensure_future(self._decider.decide(self._intake.chunk, self._watcher.book, self._publish))
        stopping = asyncio.ensure_future(_sleep(float("inf"), stop))
        try:
            await asyncio.wait({judging, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return judging.done() and judging.result()
        finally:
            judging.cancel()
            stopping.cancel()
            await asyncio.gather(judging, stopping, return_exceptions=True)

    async def _publish(self, judge: Judge) -> None:
        crash_points.reach("classifier.judged")
        await asyncio.to_thread(self._publisher.publish, Topic.COMMANDS, judge.group, judge.to_json())
        crash_points.reach("classifier.published")
        self._intake.remember(judge.id)


async def _sleep(seconds: float, stop: threading.Event) -> None:
    until = time.monotonic() + seconds
    while not stop.is_set() and time.monotonic() < until:  # noqa: ASYNC110 - set by a signal handler, outside of the loop
        await asyncio.sleep(0.1)
