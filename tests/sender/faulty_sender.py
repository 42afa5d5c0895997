"""The real sender as a process of a fault run: `python faulty_sender.py SETTINGS_JSON PLAN_FILE [--no-intent]`.

The plan is a file that says at which step somebody dies next: this process, or another one whose id it has. With
`--no-intent` it sends first and writes later, as a naive sender does: a run must catch that. Neither is to be had from the
product itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from stream import logs
from stream.adapters.kafka import Publisher, Tail
from stream.adapters.rule_watch import BookWatcher
from stream.adapters.status import StatusReporter
from stream.core.outcome import Outbound
from stream.core.sending import DeliveryStatus, SendingLimits
from stream.sender.office import Office
from stream.sender.outbox import TOPICS
from stream.sender.role import Loop
from stream.sender.sender import Sender
from stream.sender.stop_switch import StopSwitch
from stream.settings import Settings
from stream.transport.evolution import EvolutionTransport
from stream.transport.evolution_client import EvolutionClient
from stream.transport.failures import CallFailed

# No pauses between messages, and doubts that are settled in seconds: it is the order of steps that is tried here.
LIMITS = SendingLimits(gap_s=0.0, per_minute=100_000, claim_s=1.0, settle_s=2.0, second_look_s=0.5, retry_s=0.2)
SEND_TIMEOUT_S = 1.0


class OneCarrier:
    can_send = True

    def __init__(self, transport: EvolutionTransport) -> None:
        self._transport = transport

    def of(self, _outbound: Outbound) -> EvolutionTransport:
        return self._transport


def follow_plan(plan: Path) -> Callable[[str], None]:
    """Return the checkpoint that kills whom the plan names, once, when the step it names is reached."""

    def checkpoint(step: str) -> None:
        try:
            told = json.loads(plan.read_text())
        except (FileNotFoundError, ValueError):
            return
        if told["step"] != step:
            return
        plan.unlink(missing_ok=True)
        with contextlib.suppress(ProcessLookupError):
            os.kill(told["victim"] or os.getpid(), signal.SIGKILL)

    return checkpoint


async def send_then_write(sender: Sender, outbound: Outbound, attempt: int) -> bool:
    """Send without an intent, try again whatever fails, and write down what went well."""
    reporter = sender._reporter
    for step in ("before_intent", "after_intent", "after_intent_told", "after_calling"):
        reporter.checkpoint(step)
    try:
        sent = await sender._call(outbound)
    except CallFailed:
        return True
    reporter.checkpoint("after_call")
    reporter.finish(outbound, attempt, DeliveryStatus.SENT, message_id=sent.message_id)
    return True


async def main(settings: Settings, plan: Path, *, has_intent: bool) -> None:
    if not has_intent:
        Sender._attempt = send_then_write  # type: ignore[method-assign] # the point of the negative control
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    client = EvolutionClient(settings.evolution_api_url, settings.evolution_api_key, settings.cs_instance)
    carriers = OneCarrier(EvolutionTransport(client, send_timeout_s=SEND_TIMEOUT_S, typing_ms=0))
    watcher = BookWatcher(settings.rules_dir)
    switch = StopSwitch(settings.data_dir)
    status = StatusReporter(settings, "sender")
    loop = Loop(
        settings,
        Office(watcher, switch),
        switch,
        carriers,  # type: ignore[arg-type] # one carrier is enough
        Publisher(settings),
        Tail(settings, TOPICS),
        limits=LIMITS,
        checkpoint=follow_plan(plan),
    )
    await loop.go(stop, status)
    status.close()
    await client.close()


if __name__ == "__main__":
    told = Settings(_env_file=None, **json.loads(sys.argv[1]))
    logs.configure(told, "sender")
    asyncio.run(main(told, Path(sys.argv[2]), has_intent="--no-intent" not in sys.argv))
