"""The fault run of follow-ups: real worker, bridge and sender on a real broker, a WhatsApp that fails, and kills between steps.

    python -m tests.sender.fault_run --follow-ups 10000 --kills 60 --seed 1
    python -m tests.sender.fault_run --follow-ups 300 --kills 14 --seed 1 --no-intent    # must be caught: exit code 1

A group has from one ticket to as many as `--together` says, and every ticket four follow-ups, each with words of its own; those
of a group that come due at once leave as one message. At each of the sender's steps the sender is killed, or else the worker. In
the end what arrived at WhatsApp is held against what the tickets and the log tell.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from stream.adapters.kafka import Publisher, Tail
from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic
from stream.core.delivery import Delivery
from stream.core.outcome import Outbound
from stream.core.sending import DeliveryReport, Standing, advance
from stream.core.ticket import Ticket
from stream.errors import BrokerError
from stream.settings import Settings
from stream.simulator.evolution_server import EvolutionServer
from stream.simulator.instance import Group
from stream.simulator.mischief import Mischief, SendFault
from stream.simulator.webhooks import Retries
from tests.sender.fault_crew import Crew
from tests.sender.fault_finding import Finding, Seen, count_told_otherwise, judge
from tests.sender.fault_stage import WORDS, broker_in, settings_in, spread, write_rules
from tests.sender.faulty_wire import FaultyWire

STEPS = ("before_intent", "after_intent", "after_intent_told", "after_calling", "after_call", "after_result", "after_told")
SEND_RATES = {
    fault: 0.002 if fault in (SendFault.FORBIDDEN_BY_WHATSAPP, SendFault.UNAUTHORIZED, SendFault.LICENCE) else 0.01
    for fault in SendFault
}
ECHOES = {"duplicate": 0.05, "drop": 0.05, "late": 0.05, "late_seconds": 20.0}


class Run:
    """One run. Without a worker, the follow-ups are given to the sender by hand and only the sender is killed."""

    def __init__(
        self,
        settings: Settings,
        *,
        follow_ups: int,
        kills: int,
        seed: int,
        has_intent: bool = True,
        with_worker: bool = True,
        together: int = 1,
        say: Callable[[str], object] = lambda _sentence: None,
    ) -> None:
        self.settings = settings
        self.finding = Finding(follow_ups)
        self.seen = Seen()
        self._seed = seed
        self._kills = self._plan_kills(kills, with_worker=with_worker)
        self._every = max(follow_ups // (kills + 1), 1)
        self._together = together
        self._plan = settings.data_dir / "plan.json"
        self._crew = Crew(settings, self._plan, has_intent=has_intent)
        self._with_worker = with_worker
        self._say = say
        self._publisher = Publisher(settings)
        self._tail = Tail(settings, [Topic.OUTBOUND, Topic.DELIVERIES, Topic.TICKETS])

    async def go(self, within_s: float) -> Finding:
        """Run to the end, or until the time is over."""
        began = time.monotonic()
        mischief = Mischief(seed=self._seed, hold_seconds=2.0, send_rates=SEND_RATES, **ECHOES)
        async with EvolutionServer(mischief=mischief, retries=Retries(initial=0.2, maximum=2.0)) as evolution:
            webhook = f"http://127.0.0.1:{self.settings.bridge_port}/webhook/cs-tickets"
            secret = self.settings.webhook_secret.get_secret_value()
            self.instance = evolution.add_instance(self.settings.cs_instance, webhook_url=webhook, secret=secret)
            self._count_faults(mischief)
            self.wire = FaultyWire(evolution.url, self._seed)
            await self.wire.start()
            try:
                await self._start_all()
                await self._follow(began + within_s)
                judge(self.finding, self.seen, self.instance.sent, has_tickets=self._with_worker)
            finally:
                self._crew.stop()
                self._publisher.close()
                self._tail.close()
                await self.wire.close()
            self.finding.faults.update(self.wire.counts)
            self.finding.faults.update({f"echo {name}": n for name, n in evolution.webhooks.counts.items() if name != "tries"})
        self.finding.seconds = time.monotonic() - began
        return self.finding

    async def _start_all(self) -> None:
        groups = spread(self.finding.wanted // len(WORDS), self._together)
        for group in groups:
            self.instance.groups[group] = Group(group, "Desk", [])
        write_rules(self.settings.rules_dir, list(groups), with_detection=self._with_worker)
        ensure_topics(self.settings)
        self._crew.evolution_url = self.wire.url
        self._crew.start("sender")
        if self._with_worker:
            self._crew.start("bridge")
            self._crew.start("worker")
        await asyncio.to_thread(self._ask_in if self._with_worker else self._decide_by_hand, groups)

    def _ask_in(self, groups: dict[str, int]) -> None:
        askers = [group for group, tickets in groups.items() for _ in range(tickets)]
        for number, group in enumerate(askers):
            now = datetime.now(UTC)
            key = {"remoteJid": group, "fromMe": False, "id": f"AC{number}", "participant": f"8{number:012d}@lid"}
            text = f"My order {100_000 + number} has not arrived"
            data = {"key": key, "message": {"conversation": text}, "messageType": "conversation", "pushName": "Ana"}
            data["messageTimestamp"] = int(now.timestamp())
            asked = Delivery(event="MESSAGES_UPSERT", instance=self.settings.cs_instance, chat=group, received_at=now, data=data)
            self._publish(Topic.INBOUND, group, asked.to_json())

    def _decide_by_hand(self, groups: dict[str, int]) -> None:
        for number, group in enumerate(groups):
            for word in WORDS:
                message = Outbound(
                    id=f"{word}{number}",
                    purpose="reply",
                    instance=self.settings.cs_instance,
                    group=group,
                    text=f"{word} word on {number}",
                    decided_at=datetime.now(UTC),
                )
                self._publish(Topic.OUTBOUND, group, message.to_json())

    def _publish(self, topic: Topic, group: str, value: bytes) -> None:
        """Publish until it is there; that it may then be there twice harms nothing, for ids are the same."""
        deadline = time.monotonic() + 60
        while True:
            try:
                return self._publisher.publish(topic, group, value)
            except BrokerError:
                if time.monotonic() > deadline:
                    raise

    async def _follow(self, until: float) -> None:
        """Kill by plan, start again what died, and read on until everything has an end."""
        ended_at, told_at, counted_at, stayed_away, ended = None, 0.0, 0.0, 0, 0
        while time.monotonic() < until:
            await asyncio.to_thread(self._read)
            self._crew.restart_the_dead()
            self._act_as_person()
            if time.monotonic() - counted_at > 0.5:
                ended, counted_at = self.seen.count_ended(), time.monotonic()
            if self._kills and not self._plan.exists() and ended >= self._every * (1 + sum(self.finding.kills.values())):
                self._plan_next_kill()
            if ended // 500 > stayed_away:
                stayed_away = ended // 500
                await self.wire.go_away()
            if time.monotonic() - told_at > 30:
                told_at = time.monotonic()
                self._say(f"{ended} ended, {len(self.instance.sent)} messages arrived, {sum(self.finding.kills.values())} kills")
            if ended < self.finding.wanted or not self._is_told():
                ended_at = None
                continue
            ended_at = ended_at or time.monotonic()
            if time.monotonic() - ended_at > (2 if self._with_worker else 0.5):
                return  # by now what came late would have come

    def _read(self) -> None:
        for record in self._tail.poll(0.2):
            if record.value is None:
                continue
            if record.topic is Topic.DELIVERIES:
                report = DeliveryReport.from_json(record.value)
                self.seen.standings[report.outbound_id] = advance(self.seen.standings.get(report.outbound_id, Standing()), report)
            elif record.topic is Topic.OUTBOUND:
                outbound = Outbound.from_json(record.value)
                self.seen.outbounds[outbound.id] = outbound
            else:
                ticket = Ticket.from_json(record.value)
                self.seen.tickets[ticket.id] = ticket

    def _is_told(self) -> bool:
        """Tell whether every ticket has heard what became of its follow-ups; it is told again when a sender starts."""
        return count_told_otherwise(self.seen) == 0

    def _plan_kills(self, kills: int, *, with_worker: bool) -> list[tuple[str, str]]:
        victims = ("sender", "worker") if with_worker else ("sender",)
        places = [(victim, step) for step in STEPS for victim in victims]
        return [places[(self._seed + number) % len(places)] for number in range(kills)]

    def _plan_next_kill(self) -> None:
        victim, step = self._kills.pop(0)
        told = {"step": step, "victim": 0 if victim == "sender" else self._crew.pid_of(victim)}
        self._plan.with_suffix(".new").write_text(json.dumps(told))
        self._plan.with_suffix(".new").rename(self._plan)
        self.finding.kills[f"{victim} {step}"] += 1

    def _act_as_person(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            (self.settings.data_dir / "sending-stopped").unlink()

    def _count_faults(self, mischief: Mischief) -> None:
        draw = mischief.draw_send

        def counting() -> SendFault | None:
            fault = draw()
            if fault is not None:
                self.finding.faults[fault.value] += 1
            return fault

        mischief.draw_send = counting  # type: ignore[method-assign] # counts what is drawn and changes nothing


def say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--follow-ups", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1, help="Share them among so many runs, each with a seed of its own")
    parser.add_argument("--minutes", type=float, default=90.0, help="What has no end by then is forgotten")
    parser.add_argument("--together", type=int, default=7, help="Tickets of the largest groups")
    parser.add_argument("--no-intent", action="store_true", help="The negative control: a sender that writes nothing before")
    parser.add_argument("--keep", type=Path, help="A folder for logs and rules that stays")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="groupdesk-faults-") as made:
        folder = told.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        with broker_in(folder / "broker") as bootstrap:
            total = Finding(0)
            for number in range(told.rounds):
                run = Run(
                    settings_in(folder / f"round-{number + 1}", bootstrap),
                    follow_ups=told.follow_ups // told.rounds,
                    kills=told.kills // told.rounds,
                    seed=told.seed + number,
                    has_intent=not told.no_intent,
                    together=told.together,
                    say=say,
                )
                finding = asyncio.run(run.go(told.minutes * 60 / told.rounds))
                say(f"round {number + 1} (seed {told.seed + number}): {finding}")
                total.add(finding)
    say(f"in all: {total}")
    return 0 if total.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
