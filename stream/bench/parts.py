"""The table of parts: what each measures, how, and which figures it gives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from stream.bench.bridge import measure_bridge
from stream.bench.lateness import measure_lateness
from stream.bench.matching import measure_matching
from stream.bench.scale import Scale
from stream.bench.scene import Place
from stream.bench.several import measure_several
from stream.bench.tickets import measure_cost, measure_start
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
    "a": Part(
        "bridge, beside a plain front",
        lambda place, scale: measure_bridge(place, scale.posts, scale.paced_s),
        {
            "bridge_acked_per_s": ("bridge", "acked_per_s"),
            "bridge_cpu_us": ("bridge", "cpu_us"),
            "bridge_p50_ms_at_500": ("bridge", "p50_ms_at_500"),
            "bridge_p99_ms_at_500": ("bridge", "p99_ms_at_500"),
            "bridge_refused": ("bridge", "refused"),
            "plain_front_acked_per_s": ("plain_front", "acked_per_s"),
            "plain_front_p99_ms_at_500": ("plain_front", "p99_ms_at_500"),
        },
    ),
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
    "c": Part(
        "webhook to visible ticket, beside a plain front with a bare loop",
        lambda place, scale: measure_lateness(place, scale.paced_s),
        {
            "visible_p50_ms": ("groupdesk", "p50_ms"),
            "visible_p99_ms_at_200": ("groupdesk", "p99_ms"),
            "plain_visible_p50_ms": ("plain", "p50_ms"),
            "plain_visible_p99_ms_at_200": ("plain", "p99_ms"),
        },
    ),
    "d": Part(
        "rules, beside stdlib re",
        lambda _place, scale: measure_matching(scale.matched),
        {
            "rules_us_at_10": ("10", "ours"),
            "rules_us_at_100": ("100", "ours"),
            "rules_us_at_1000": ("1000", "ours"),
            "re_us_at_1000": ("1000", "re_each"),
        },
        needs_broker=False,
    ),
    "e": Part(
        "start and recovery, beside the bare counter",
        lambda place, scale: measure_start(place, scale.tickets[-1], scale.cost_messages),
        {
            "ready_s": ("worker", "ready_s"),
            "recovery_100k_s": ("worker", "recovery_100k_s"),
            "recovery_tickets": ("tickets",),
            "bare_faust_ready_s": ("bare_faust", "ready_s"),
            "bare_faust_recovery_100k_s": ("bare_faust", "recovery_100k_s"),
        },
    ),
    "f": Part(
        "cost and memory by open tickets, beside the bare counter",
        lambda place, scale: measure_cost(place, scale.tickets, scale.cost_messages),
        {
            "cost_ratio_100k_to_1k": ("worker", "cost_ratio"),
            "cost_ratio_100k_to_1k_all_groups_talk": ("worker", "spread_ratio"),
            "bare_faust_cost_ratio_100k_to_1k": ("bare_faust", "cost_ratio"),
        },
    ),
    "g": Part(
        "one, two and three workers, beside as many bare counters",
        lambda place, scale: measure_several(place, scale.workers, scale.workers_messages),
        {"worker_per_s_by_workers": ("worker",), "bare_faust_per_s_by_workers": ("bare_faust",)},
    ),
}
