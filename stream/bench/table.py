"""The figures as a table for people."""

from __future__ import annotations

from typing import Any


def as_table(found: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    recovered, (least, *_, most) = found["recovery_tickets"], found["cost_tickets"]
    beside, late = found["worker_vs_bare_faust"], f"{found['visible_p50_ms']:.0f} / {found['visible_p99_ms_at_200']:.0f} ms"
    rows = [
        ("bridge, webhooks acknowledged a second", f"{found['bridge_acked_per_s']:,.0f}"),
        ("bridge at 500 a second, p50 / p99", f"{found['bridge_p50_ms_at_500']:.0f} / {found['bridge_p99_ms_at_500']:.0f} ms"),
        ("worker, messages a second", f"{found['worker_per_s']:,.0f} ({found['worker_cpu_us']:,.0f} µs of CPU each)"),
        (
            "a bare Faust table counter",
            f"{found['bare_faust_per_s']:,.0f}; the worker is {beside:.2f} of it",
        ),
        ("a bare aiokafka loop", f"{found['bare_aiokafka_per_s']:,.0f}"),
        ("webhook to ticket at 200 a second, p50 / p99", late),
        *(
            (f"{count} rules, a message", f"{rules['ours']:.1f} µs; stdlib re {rules['re']:.1f} µs")
            for count, rules in found["rules"].items()
        ),
        ("worker, start to first message handled", f"{found['ready_s']:.1f} s"),
        (f"the same with 100,000 tickets to recover (measured with {recovered:,})", f"{found['recovery_100k_s']:.1f} s"),
        *(
            (f"{int(tickets):,} open tickets", f"{cost['cpu_us']:,.0f} µs of CPU a message, {cost['memory_mb']:,.0f} MB")
            for tickets, cost in found["costs"].items()
        ),
        (f"cost at {most:,} beside {least:,}", f"{found['cost_ratio_100k_to_1k']:.2f}"),
        *((f"{count} workers, messages a second", f"{rate:,.0f}") for count, rate in found["workers_per_s"].items()),
    ]
    head = ["| what | measured |", "|---|---|"]
    return "\n".join(
        [*head, *(f"| {what} | {told} |" for what, told in rows), "", f"{found['machine']}. Broker: {found['broker']}."]
    )
