"""What a contestant is told: where to read, where to write, under which name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from stream.core.value import Value


class Task(Value):
    """`options` are for one contestant alone, such as the settings of Faust."""

    bootstrap: str
    group_id: str
    source: str
    output: str
    partitions: int
    folder: Path
    rules_dir: Path
    port: int = 0
    options: dict[str, Any] = {}

    @property
    def servers(self) -> list[str]:
        return self.bootstrap.split(",")


def read_task() -> Task:
    """Return the task of this process."""
    return Task.model_validate_json(sys.argv[1])
