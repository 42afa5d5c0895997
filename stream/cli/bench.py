"""`groupdesk bench`: measures speed, lateness, recovery and memory on this machine."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import click

from stream.bench.run import FULL, QUICK, run_bench
from stream.bench.table import as_table
from stream.errors import GroupdeskError
from stream.settings import load_settings

_DEADLINE_S = {True: 240.0, False: 1800.0}


@click.command()
@click.option("--quick", is_flag=True, help="The same in about a minute, coarser: with 5,000 open tickets instead of 100,000.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Also write bench.json and bench.md there.")
def bench(quick: bool, as_json: bool, out: Path | None) -> None:
    """Measure bridge, worker and rules with real processes, each beside a reference in the same run.

    Uses the brokers of KAFKA_BOOTSTRAP_SERVERS, with topics of its own, or a broker started for this run. What else the machine
    does meanwhile shows in every figure.
    """
    limit = _DEADLINE_S[quick]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the processes under measurement must end with this one

    async def measure() -> dict[str, object]:
        async with asyncio.timeout(limit):
            return await run_bench(load_settings(), QUICK if quick else FULL, lambda what: click.echo(what, err=True))

    try:
        found = asyncio.run(measure())
    except TimeoutError:
        raise GroupdeskError(f"The bench did not end within {limit:.0f} s and was stopped; is the machine busy?") from None
    told = json.dumps(found, indent=2)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "bench.json").write_text(told + "\n")
        (out / "bench.md").write_text(as_table(found) + "\n")
    click.echo(told if as_json else as_table(found))
