"""What goes wrong with Google: by script, or at random from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

BEFORE = ("429", "500", "503", "html502", "reset")  # nothing was done
AFTER = ("lost", "cut", "late503", "hang")  # it was done, and the answer does not tell
KINDS = (*BEFORE, *AFTER)


@dataclass
class Faults:
    """`script` is used up first, as (part of the request's line, kind); then each request fails with the chance `rate`."""

    rate: float = 0.0
    seed: int = 0
    kinds: tuple[str, ...] = KINDS
    script: list[tuple[str, str]] = field(default_factory=list)
    made: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # reproducible mischief, no secret

    def choose(self, line: str) -> str | None:
        for number, (part, kind) in enumerate(self.script):
            if part in line:
                del self.script[number]
                return self._count(kind)
        if self.rate and self._random.random() < self.rate:
            return self._count(self._random.choice(self.kinds))
        return None

    def _count(self, kind: str) -> str:
        self.made[kind] = self.made.get(kind, 0) + 1
        return kind
