"""Keeps DATA_DIR/corrections.jsonl: what people put right, one labelled example a line, for `learn` and `rules suggest`.

The file outlives Kafka's retention. It is written whole whenever something changes, so that a deleted text leaves it too.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from stream import logs
from stream.adapters.kafka import Record, Tail
from stream.adapters.topics import Topic
from stream.classifier.files import write_whole
from stream.core.commands import COMMAND, Judge
from stream.core.corrections import Correction, Corrections
from stream.core.events import TicketEvent
from stream.core.outcome import Undecided
from stream.core.ticket import Ticket
from stream.errors import BrokerError, StateError
from stream.settings import Settings

log = logs.get(__name__)

FILE = "corrections.jsonl"
TOPICS = (Topic.TICKETS, Topic.TICKET_EVENTS, Topic.UNDECIDED, Topic.COMMANDS)
_TELLING = (b'"corrected"', b'"category_changed"', b'"undone"', b'"redacted"')


def corrections_path(settings: Settings) -> Path:
    """Return the file of the corrections."""
    return settings.data_dir / FILE


def read_corrections(path: Path) -> list[Correction]:
    """Return what the file has, nothing when there is none; raises `StateError` naming the line that cannot be read."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StateError(f"{path} cannot be read: {error.strerror}.") from error
    found = []
    for number, line in enumerate(lines, 1):
        try:
            if line.strip():
                found.append(Correction.from_json(line))
        except ValidationError as error:
            raise StateError(
                f"{path}:{number} is no correction ({error.errors()[0]['msg']}); mend or remove the line."
            ) from error
    return found


def feed(corrections: Corrections, record: Record) -> None:
    """Let one record of `TOPICS` bear on the corrections; what cannot be read is the business of others."""
    value = record.value
    try:
        if record.topic is Topic.TICKETS:
            corrections.feed_ticket(record.key or "", None if value is None else Ticket.from_json(value))
        elif value is None:
            return
        elif record.topic is Topic.TICKET_EVENTS and any(word in value for word in _TELLING):
            corrections.feed_event(TicketEvent.from_json(value))
        elif record.topic is Topic.UNDECIDED:
            corrections.feed_question(Undecided.from_json(value))
        elif record.topic is Topic.COMMANDS and b'"judge"' in value:
            command = COMMAND.validate_json(value)
            if isinstance(command, Judge):
                corrections.feed_judge(command)
    except ValidationError:
        log.debug("record without a correction", topic=record.topic.value, offset=record.offset)


class CorrectionsKeeper:
    """Follows the topics in a thread of its own and keeps the file. A broker or disk that fails is tried again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._path = corrections_path(settings)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="corrections", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def close(self) -> None:
        """End the thread; never raises."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _keep(self) -> None:
        try:
            written = tuple(read_corrections(self._path))
        except StateError as error:
            log.warning("corrections are not kept", reason=str(error))
            return
        corrections = Corrections(written)
        tail = Tail(self._settings, TOPICS)
        while not self._stopping.is_set():
            try:
                self._take(corrections, tail.poll(0.5))
                if tail.is_caught_up() and corrections.all != written:
                    write_corrections(self._path, corrections.all)
                    written = corrections.all
                    log.info("corrections", kept=len(written))
            except BrokerError as error:
                log.debug("corrections wait for Kafka", reason=str(error))
                self._stopping.wait(2)
            except OSError as error:
                log.warning("corrections not written", reason=error.strerror)
                self._stopping.wait(10)
        tail.close()

    def _take(self, corrections: Corrections, records: Iterable[Record]) -> None:
        for record in records:
            feed(corrections, record)


def write_corrections(path: Path, corrections: Iterable[Correction]) -> None:
    """Replace the file."""
    write_whole(path, b"".join(one.to_json() + b"\n" for one in corrections))
