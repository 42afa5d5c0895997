"""The role `sheet`: one thread hears tickets into the local store, another keeps the sheet equal to it.

Kafka's offset moves on after the local write, never after the sheet's: a day without Google is a day of local writes.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time

from filelock import FileLock, Timeout

from stream import crash_points, logs
from stream.adapters.kafka import GroupConsumer, Publisher
from stream.adapters.status import StatusReporter
from stream.adapters.topics import Topic
from stream.errors import BrokerError, SheetError
from stream.settings import Settings
from stream.sheet.intake import Intake
from stream.sheet.pace import Pace
from stream.sheet.sink import Sink
from stream.sheet.standing import Standing
from stream.sheet.store import SheetStore
from stream.sheet.targets import open_sheet, sheet_zone, uses_google
from stream.sheet.team import load_people
from stream.sheet.wanted import WantedRows
from stream.sheet.worker import SheetWorker

log = logs.get(__name__)

GROUP_ID = "sheet"
_FIRST_READ_S = 5.0  # a start waits this long for what Kafka has, before the first pass


def run(settings: Settings) -> None:
    """Keep the sheet until SIGTERM or SIGINT; raises `SettingsError` or `SheetError` where it cannot begin."""
    stopping = threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
    keep_sheet(settings, stopping)


def keep_sheet(settings: Settings, stopping: threading.Event) -> None:
    """Keep the sheet until the event is set."""
    with contextlib.ExitStack() as stack:
        stack.callback(own_sheet(settings).release)
        store = SheetStore(settings.data_dir / "sheet.sqlite")
        stack.callback(store.close)
        sheet = open_sheet(settings)
        stack.callback(sheet.close)
        publisher = Publisher(settings)
        stack.callback(publisher.close)
        reporter = StatusReporter(settings, "sheet")
        stack.callback(_close_briefly, reporter)
        standing = Standing(reporter, store, sheet.name)
        rows = WantedRows(load_people(settings.rules_dir), sheet_zone(settings))
        mirror = settings.sheet_path.with_suffix(".csv")
        sink = Sink(store, sheet, publisher.publish, rows, settings.sheet_closed_limit, mirror)
        worker = SheetWorker(sink, sheet, store, _pace(settings), standing)
        log.info("sheet", sheet=sheet.name, tickets=len(store.tickets))
        _hear(settings, store, worker, standing, stopping)
        worker.stop(timeout_s=1.5)


def own_sheet(settings: Settings) -> FileLock:
    """Take the sheet for this process, for as long as the returned lock is held; raises `SheetError` if another has it."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.data_dir / "sheet.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise SheetError(f"Another Groupdesk keeps the sheet of {settings.data_dir} already; stop that one first.") from error
    return lock


def _pace(settings: Settings) -> Pace:
    # Google: one read every 4 s is 15 of the 45 a minute. A file costs nothing to look at.
    return Pace(look_every_s=4.0, gap_s=3.0) if uses_google(settings) else Pace(look_every_s=1.0, gap_s=0.5)


def _hear(settings: Settings, store: SheetStore, worker: SheetWorker, standing: Standing, stopping: threading.Event) -> None:
    intake = Intake(store)
    consumer = GroupConsumer(settings, [Topic.TICKETS, Topic.TICKET_EVENTS], f"{settings.topic_prefix}{GROUP_ID}")
    began, is_working = time.monotonic(), False
    try:
        while not stopping.is_set():
            try:
                records = consumer.poll(0.25)
                if intake.take(records):
                    worker.wake()
                if records:
                    crash_points.reach("sheet.stored")
                    consumer.commit()
                    crash_points.reach("sheet.committed")
                    intake.committed()
            except BrokerError as error:
                log.warning("waiting for Kafka", reason=str(error))
                standing.waits_for_kafka(str(error))
                stopping.wait(1.0)
            # The first pass waits for what Kafka holds, so that a start does not write the sheet twice.
            if not is_working and (store.tickets or time.monotonic() - began > _FIRST_READ_S):
                is_working = True
                worker.start()
    finally:
        consumer.close()


def _close_briefly(reporter: StatusReporter) -> None:
    """Say goodbye if the broker listens; one that does not must not hold up the end."""
    closing = threading.Thread(target=reporter.close, daemon=True)
    closing.start()
    closing.join(1.0)
