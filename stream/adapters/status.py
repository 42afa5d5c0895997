"""The heartbeat of a role: written to topic `status` every two seconds, and at once when something changes."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime

from stream import __version__, logs
from stream.adapters.kafka import Publisher
from stream.adapters.topics import Topic
from stream.core.status import Health, PartStatus
from stream.errors import BrokerError
from stream.settings import Settings

log = logs.get(__name__)

EVERY_S = 2.0


class StatusReporter:
    """Publishes how a part is, in a thread of its own; a broker that is away never disturbs the part."""

    def __init__(self, settings: Settings, part: str, process: str | None = None, versions: dict[str, str] | None = None) -> None:
        now = datetime.now(UTC)
        self._status = PartStatus(
            part=part,
            process=process or socket.gethostname(),
            status=Health.DEGRADED,
            detail="starting",
            since=now,
            at=now,
            versions={"groupdesk": __version__} | (versions or {}),
        )
        self._publisher = Publisher(settings)
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"status-{part}", daemon=True)
        self._thread.start()

    def set(
        self,
        status: Health,
        detail: str,
        counts: dict[str, int] | None = None,
        gauges: dict[str, float] | None = None,
        versions: dict[str, str] | None = None,
    ) -> None:
        """Say how the part is from now on. What is not given stays as it was; cheap enough for every change."""
        with self._lock:
            old = self._status
            told = status != old.status or detail != old.detail
            self._status = old.but(
                status=status,
                detail=detail,
                since=datetime.now(UTC) if status != old.status else old.since,
                counts=old.counts if counts is None else dict(counts),
                gauges=old.gauges if gauges is None else dict(gauges),
                versions=old.versions | (versions or {}),
            )
        if told:
            self._changed.set()

    def close(self) -> None:
        """Say that the part has stopped, if the broker still listens, and end the thread; never raises."""
        self.set(Health.DOWN, "stopped")
        self._stopping.set()
        self._changed.set()
        self._thread.join(timeout=6)
        self._publisher.close()

    def _beat(self) -> None:
        reached = True
        while True:
            last = self._stopping.is_set()
            with self._lock:
                self._changed.clear()
                status = self._status.but(at=datetime.now(UTC))
            try:
                self._publisher.publish(Topic.STATUS, f"{status.part}/{status.process}", status.to_json())
            except BrokerError as error:
                if reached:
                    log.warning("heartbeat not sent", reason=str(error))
                reached = False
            else:
                reached = True
            if last:
                return
            self._changed.wait(EVERY_S)
