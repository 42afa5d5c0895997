"""The real sender as a process that dies at a named step: `python crashing_sender.py SETTINGS_JSON EVOLUTION_URL STEP`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from pathlib import Path

from stream.adapters.kafka import Publisher, Tail
from stream.adapters.status import StatusReporter
from stream.core.followup_policy import FollowUps
from stream.core.outcome import Outbound
from stream.core.sending import SendingLimits
from stream.sender.outbox import TOPICS
from stream.sender.role import Loop
from stream.sender.stop_switch import StopSwitch
from stream.settings import Settings
from stream.transport.evolution import EvolutionTransport
from stream.transport.evolution_client import EvolutionClient

LIMITS = SendingLimits(gap_s=0.0, per_minute=60, claim_s=0.5, settle_s=1.0, second_look_s=0.2, retry_s=0.2)


class Rules:
    def mode_of(self, group: str) -> str:  # noqa: ARG002 - the same for all
        return "tickets+follow-ups"

    def follow_ups(self) -> FollowUps:
        return FollowUps()


class OneCarrier:
    can_send = True

    def __init__(self, transport: EvolutionTransport) -> None:
        self.transport = transport

    def of(self, _outbound: Outbound) -> EvolutionTransport:
        return self.transport


async def main(settings: Settings, evolution_url: str, dies_at: str) -> None:
    def checkpoint(step: str) -> None:
        if step == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    client = EvolutionClient(evolution_url, settings.evolution_api_key, "desk")
    carriers = OneCarrier(EvolutionTransport(client, send_timeout_s=0.8, typing_ms=0))
    status = StatusReporter(settings, "sender")
    loop = Loop(
        settings,
        Rules(),
        StopSwitch(settings.data_dir),
        carriers,  # type: ignore[arg-type] # one carrier is enough
        Publisher(settings),
        Tail(settings, TOPICS),
        limits=LIMITS,
        checkpoint=checkpoint,
    )
    await loop.go(stop, status)
    status.close()
    await client.close()


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    asyncio.run(main(Settings(_env_file=None, **told | {"data_dir": Path(told["data_dir"])}), sys.argv[2], sys.argv[3]))
