"""The kill switch: a setting, or a file in the data folder that a person or the sender itself puts there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from stream.errors import StateError

NAME = "sending-stopped"


class StopSwitch:
    """While the file is there nothing leaves. The sender puts it there when WhatsApp forbids; only a person takes it away."""

    def __init__(self, data_dir: Path, *, enabled: bool = True) -> None:
        self._file = data_dir / NAME
        self._enabled = enabled

    def reason(self) -> str | None:
        """Return why nothing may leave, or None when it may."""
        if not self._enabled:
            return "SENDING_ENABLED is false"
        try:
            return self._file.read_text("utf-8").strip() or "somebody stopped it"
        except FileNotFoundError:
            return None
        except OSError as problem:
            return f"{self._file} cannot be read ({problem.strerror})"

    def stop(self, because: str) -> None:
        """Stop all sending until `resume`."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_text(f"{because} ({datetime.now(UTC):%Y-%m-%d %H:%M} UTC)\n", "utf-8")
        except OSError as problem:
            raise StateError(f"{self._file} cannot be written ({problem.strerror}); check who owns DATA_DIR.") from problem

    def resume(self) -> bool:
        """Let messages leave again; returns whether they were stopped."""
        try:
            self._file.unlink()
        except FileNotFoundError:
            return False
        return True
