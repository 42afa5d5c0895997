"""Pause all sending: the file in the data folder that the sender looks for before every message."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from stream.errors import StateError

# The sender's own name for it; a test holds both together.
_NAME = "sending-stopped"


def reason(data_dir: Path) -> str | None:
    """Return why nothing may leave, as whoever stopped it wrote; None while messages may leave."""
    try:
        return (data_dir / _NAME).read_text("utf-8").strip() or "somebody stopped it"
    except FileNotFoundError:
        return None
    except OSError as problem:
        return f"{data_dir / _NAME} cannot be read ({problem.strerror})"


def pause(data_dir: Path, name: str, now: datetime) -> None:
    """Let nothing leave until `resume`; raises `StateError` when the file cannot be written."""
    told = f"{' '.join(name.split())} stopped it on the dashboard ({now:%Y-%m-%d %H:%M} UTC)\n"
    _change(data_dir, lambda file: file.write_text(told, "utf-8"))


def resume(data_dir: Path) -> None:
    """Let messages leave again; raises `StateError` when the file cannot be removed."""
    _change(data_dir, lambda file: file.unlink(missing_ok=True))


def _change(data_dir: Path, change: Callable[[Path], object]) -> None:
    file = data_dir / _NAME
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        change(file)
    except OSError as problem:
        raise StateError(f"{file} cannot be changed ({problem.strerror}); check who owns DATA_DIR.") from problem
