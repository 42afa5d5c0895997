"""One whole run: which measurements, how large, and the figures by name."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stream.adapters.brokers import bootstrap_servers
from stream.bench.matching import measure_matching
from stream.bench.measures import Bench
from stream.bench.scene import describe_machine
from stream.broker import start_broker
from stream.settings import Settings


@dataclass(frozen=True)
class Scale:
    """How much of everything. `tickets` are the numbers of open tickets that cost and recovery are measured at."""

    posts: int
    paced_s: float
    messages: int
    rounds: int
    tickets: tuple[int, ...]
    recover: int
    cost_messages: int
    workers: tuple[int, ...]
    matched: int


FULL = Scale(20_000, 10.0, 20_000, 3, (1_000, 10_000, 100_000), 100_000, 8_000, (1, 2, 3), 500)
QUICK = Scale(2_000, 2.0, 1_500, 1, (1_000, 5_000), 5_000, 600, (), 100)
TICKETS_NAMED = 100_000  # `recovery_100k_s` and `cost_ratio_100k_to_1k` are about so many
RULES = (10, 100, 1_000)


async def run_bench(settings: Settings, scale: Scale, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure everything and return the figures; the broker is that of the settings, or one of our own for this run."""
    machine = describe_machine()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="groupdesk-bench-")))
        if settings.kafka_bootstrap_servers:
            bootstrap, notice = ",".join(bootstrap_servers(settings)), "the one of KAFKA_BOOTSTRAP_SERVERS"
        else:
            own = start_broker(folder, say=say)
            stack.callback(own.stop)
            bootstrap, notice = own.bootstrap, f"{own.kind}, one node on this machine"
        found = await _measure(Bench(bootstrap, folder, settings.rules_dir), scale, say)
    return {**found, "machine": machine, "broker": notice}


async def _measure(bench: Bench, scale: Scale, say: Callable[[str], None]) -> dict[str, Any]:
    async def part(what: str, measuring: Awaitable[Any]) -> Any:
        say(f"{what} ...")
        return await measuring

    bridge = await part("bridge", bench.bridge(scale.posts, scale.paced_s))
    rates = await part("worker beside others", bench.worker_beside_others(scale.messages, scale.rounds))
    visible = await part("webhook to ticket", bench.visible(scale.paced_s))
    say("rules ...")
    rules = measure_matching(RULES, scale.matched)
    cold = await part("start", bench.start(0))
    recovered = await part(f"recovery of {scale.recover:,} tickets", bench.start(scale.recover))
    costs = {
        str(tickets): await part(f"{tickets:,} open tickets", bench.cost(tickets, scale.cost_messages))
        for tickets in scale.tickets
    }
    workers = {str(count): await part(f"{count} workers", bench.several(count, scale.messages)) for count in scale.workers}
    least, most = str(scale.tickets[0]), str(scale.tickets[-1])
    return {
        "bridge_acked_per_s": bridge["acked_per_s"],
        "bridge_p50_ms_at_500": bridge["p50_ms_at_500"],
        "bridge_p99_ms_at_500": bridge["p99_ms_at_500"],
        "bridge_cpu_us": bridge["cpu_us"],
        "bridge_refused": bridge["refused"],
        "worker_per_s": rates["worker"]["per_s"],
        "worker_cpu_us": rates["worker"]["cpu_us"],
        "worker_vs_bare_faust": rates["worker"]["per_s"] / rates["bare_faust"]["per_s"],
        "worker_vs_bare_faust_cpu": rates["bare_faust"]["cpu_us"] / rates["worker"]["cpu_us"],
        "bare_faust_per_s": rates["bare_faust"]["per_s"],
        "bare_aiokafka_per_s": rates["bare_aiokafka"]["per_s"],
        "visible_p50_ms": visible["p50_ms"],
        "visible_p99_ms_at_200": visible["p99_ms"],
        "visible_share": visible["on_a_ticket"] / visible["sent"],
        "rules_us_at_1000": rules["1000"]["ours"],
        "rules": rules,
        "ready_s": cold["ready_s"],
        # What is recovered grows in proportion: a smaller run says what it would be, and how many tickets it really had.
        "recovery_100k_s": cold["ready_s"] + (recovered["ready_s"] - cold["ready_s"]) * TICKETS_NAMED / scale.recover,
        "recovery_tickets": scale.recover,
        "cost_ratio_100k_to_1k": costs[most]["cpu_us"] / costs[least]["cpu_us"],
        "cost_tickets": list(scale.tickets),
        "costs": costs,
        "workers_per_s": workers,
    }
