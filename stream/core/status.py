"""How a part of Groupdesk is: the heartbeat that every role writes to topic `status` every two seconds."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from stream.core.value import Value


class Health(StrEnum):
    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


class PartStatus(Value):
    """One process of one part. A heartbeat older than 10 s means that the process is gone, whatever it last said.

    `counts` only grow and are summed over the processes of a part; `gauges` are the latest value of each. `troubles` are
    sentences, fit for everybody's eyes, on what the process looks after besides itself: `rules` of a worker.
    """

    schema_version: int = 1
    part: str  # bridge, worker, classifier, sender, sheet, dashboard, whatsapp
    process: str  # unique among the part's processes, and the same after a restart where that is possible
    status: Health
    detail: str  # one sentence for a person
    since: datetime
    at: datetime
    counts: dict[str, int] = {}
    gauges: dict[str, float] = {}
    versions: dict[str, str] = {}
    troubles: dict[str, str] = {}
