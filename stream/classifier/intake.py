"""From Kafka into chunks: what has come within a few seconds, or as soon as one group has a call's worth."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable

from pydantic import ValidationError

from stream import logs
from stream.adapters.dead_letters import error_headers
from stream.adapters.kafka import Publisher, Record
from stream.adapters.topics import Topic
from stream.classifier.tally import Tally
from stream.core.model_judge import command_id
from stream.core.outcome import Undecided

log = logs.get(__name__)

_REMEMBERED = 20_000


class Intake:
    """The messages polled and not yet committed. Times are monotonic seconds, given by the caller."""

    def __init__(self, publisher: Publisher, tally: Tally) -> None:
        self._publisher = publisher
        self._tally = tally
        self._done: OrderedDict[str, None] = (
            OrderedDict()
        )  # judged by this process: read again after a rebalance, not judged again
        self.chunk: list[Undecided] = []
        self._since = 0.0
        self.has_uncommitted = False

    def take(self, records: Iterable[Record], now: float) -> None:
        """Add records; what cannot be read is a dead letter. Raises `BrokerError` when that one cannot be stored."""
        for record in records:
            self.has_uncommitted = True
            if record.value is None:
                continue
            try:
                asked = Undecided.from_json(record.value)
            except ValidationError as error:
                self._refuse(record, error)
                continue
            if command_id(asked) in self._done:
                continue
            if not self.chunk:
                self._since = now
            self.chunk.append(asked)

    def is_ready(self, now: float, collect_s: float, most: int) -> bool:
        """Tell whether it is time to judge what was collected."""
        if not self.chunk:
            return False
        return now - self._since >= collect_s or max(Counter(one.group for one in self.chunk).values()) >= most

    def remember(self, judged_id: str) -> None:
        """Remember that a command is in Kafka."""
        self._done[judged_id] = None
        while len(self._done) > _REMEMBERED:
            self._done.popitem(last=False)

    def forget_chunk(self) -> None:
        """Drop what was collected: it was judged, or will be read again."""
        self.chunk = []
        self.has_uncommitted = False

    def _refuse(self, record: Record, error: ValidationError) -> None:
        self._tally.unreadable += 1
        log.warning("undecided message not readable", offset=record.offset, problems=error.error_count())
        headers = error_headers(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            stage="classifier",
            reason="unreadable_record",
            error=error,
        )
        self._publisher.publish(Topic.DEAD_LETTER, record.key or "", record.value or b"", headers)
