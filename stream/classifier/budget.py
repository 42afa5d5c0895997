"""How many tokens were used today (UTC), kept over restarts in DATA_DIR/model-usage.json."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import ValidationError

from stream import logs
from stream.classifier.files import write_whole
from stream.core.value import Value

log = logs.get(__name__)

FILE = "model-usage.json"


class Usage(Value):
    """What one day cost. Money depends on a price list; tokens do not."""

    day: date
    calls: int = 0
    tokens: int = 0


class Budget:
    """Counts tokens against the limit of a day. Belongs to one thread."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE
        self._usage = self._read()
        self._reserved = 0

    def reserve(self, tokens: int, limit: int) -> bool:
        """Set tokens aside for a call that is about to be made; False when the day's limit does not allow it."""
        if self.today().tokens + self._reserved + tokens > limit:
            return False
        self._reserved += tokens
        return True

    def settle(self, reserved: int, used: int) -> None:
        """Replace what was set aside by what was used; 0 where no call was answered."""
        self._reserved -= reserved
        if not used:
            return
        usage = self.today()
        self._usage = usage.but(calls=usage.calls + 1, tokens=usage.tokens + used)
        try:
            write_whole(self._path, self._usage.to_json())
        except OSError as error:  # the count in memory goes on
            log.warning("token count not kept", reason=error.strerror)

    def today(self) -> Usage:
        """Return what today has cost so far."""
        day = datetime.now(UTC).date()
        if self._usage.day != day:
            self._usage = Usage(day=day)
        return self._usage

    def _read(self) -> Usage:
        try:
            return Usage.from_json(self._path.read_bytes())
        except (OSError, ValidationError):  # no count yet, or one that was cut short: the day begins anew
            return Usage(day=datetime.now(UTC).date())
