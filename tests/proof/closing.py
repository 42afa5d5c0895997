"""How a run ends: its report is printed and kept, and what it leaves behind goes when there is nothing to look into."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any


def close_run(told: str, report: dict[str, Any], into: Path | None, folder: Path, *, is_well: bool, keep: bool = False) -> int:
    """Print what a run found, write all of it as JSON where that is asked for, and return the exit status."""
    print(told)  # noqa: T201 - the report
    if into is not None:
        into.parent.mkdir(parents=True, exist_ok=True)
        into.write_text(json.dumps(report, indent=1, default=str))
    if is_well and not keep:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"  logs and topics are kept in {folder}")  # noqa: T201 - the report
    return 0 if is_well else 1
