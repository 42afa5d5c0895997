"""`--fresh`: forget what the built-in broker keeps and everything derived from it; what people edited is set aside, not lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from stream.settings import Settings


def forget_everything(settings: Settings, say: Callable[[str], None]) -> None:
    """Remove the broker's data and what roles remember of it, and move the local sheet aside. Secrets and logs stay."""
    for name in ("broker", "worker"):
        shutil.rmtree(settings.data_dir / name, ignore_errors=True)
    for derived in ("sheet.sqlite*", "spool.sqlite*"):  # each with its -wal and -shm
        for file in settings.data_dir.glob(derived):
            file.unlink()
    sheet = settings.sheet_path
    if sheet.exists():
        kept = _free_name(sheet)
        sheet.rename(kept)
        say(f"The sheet so far is kept as {kept}.")


def _free_name(sheet: Path) -> Path:
    stamp = datetime.now().astimezone().strftime("%Y-%m-%d %H.%M.%S")
    return sheet.with_name(f"{sheet.stem} until {stamp}{sheet.suffix}")
