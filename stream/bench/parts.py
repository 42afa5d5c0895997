"""The table of parts: what each measures, how, and which figures it gives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from stream.bench.scale import Scale
from stream.bench.scene import Place
from stream.bench.worker import measure_worker

Details = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """`figures` maps the names that `--json` promises to the places in the details where they stand."""

    title: str
    measure: Callable[[Place, Scale], Awaitable[Details]]
    where: dict[str, tuple[str, ...]]
    needs_broker: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.where)

    def figures(self, details: Details) -> dict[str, Any]:
        """Return the figures by name."""
        return {name: _at(details, path) for name, path in self.where.items()}


def _at(details: Details, path: tuple[str, ...]) -> Any:
    found: Any = details
    for step in path:
        found = found[step]
    return found


PARTS: dict[str, Part] = {
    "b": Part(
        "worker, beside others on the same messages",
        lambda place, scale: measure_worker(place, scale.messages, scale.rounds, scale.quix_python),
        {
            "worker_per_s": ("worker", "per_s"),
            "worker_cpu_us": ("worker", "cpu_us"),
            "bare_faust_per_s": ("bare_faust", "per_s"),
            "bare_aiokafka_per_s": ("bare_aiokafka", "per_s"),
            "worker_vs_bare_faust": ("worker_vs_bare_faust",),
            "worker_vs_bare_faust_cpu": ("worker_vs_bare_faust_cpu",),
        },
    ),
}
