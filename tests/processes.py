"""Which processes a test has left behind."""

from __future__ import annotations

import os
from pathlib import Path


def running_from(folder: Path | str) -> list[str]:
    """Return the command lines of all other processes whose environment or arguments name this folder."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            told = (each / "environ").read_bytes() + (each / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in told and int(each.name) != os.getpid():
            found.append((each / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found
