"""How late follow-ups are beside many open tickets that are not due: a real worker and sender, and the stand-in for WhatsApp.

    python -m tests.worker.follow_up_lateness --tickets 50000 --due 40

The worker reads its table back from Kafka first. Lateness counts from the time of a window to the message on topic `outbound`,
and to its arrival at WhatsApp. The CPU of a worker to which nothing comes due tells what looking costs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from stream.adapters.kafka import Tail
from stream.adapters.rule_files import load_book
from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic, full_name
from stream.bench.figures import percentile
from stream.bench.kafka_side import fill
from stream.bench.load import Said, delivery, group_jid, requests
from stream.bench.open_tickets import PER_GROUP, busy_groups
from stream.bench.processes import Fleet, Running
from stream.bench.subjects import our_worker
from stream.core.outcome import Outbound
from stream.core.ticket import Ticket
from stream.settings import Settings
from stream.simulator.evolution_server import DEFAULT_KEY, EvolutionServer
from stream.simulator.instance import Group
from stream.worker.encoding import encode
from stream.worker.handle import Arrival, handle
from stream.worker.record import GroupRecord
from tests.sender.fault_stage import broker_in, settings_in, write_rules

_DELAY = timedelta(minutes=2)
_FIRST_DUE_NUMBER = 5_000_000  # of a group: far from those of the load
RULES = """\
version: 1
sending: {quiet_hours: [], quiet_days: false, after_talk: 0, group_gap: 0, together_within: 0}
policies:
  - {id: soon, applies_to: {tags: [soon]}, steps: [{after: 2m, say: text}]}
  - {id: later, steps: [{after: 10h, say: text}]}
texts:
  text: {en: "About {{ ticket.id }}"}
"""


@dataclass(frozen=True)
class Lateness:
    """In seconds, of all follow-ups that came due; `idle_cpu_percent` is of one core, while nothing was due."""

    tickets: int
    due: int
    decided: list[float]
    arrived: list[float]
    idle_cpu_percent: float

    def __str__(self) -> str:
        figures = {
            name: {"count": len(found), "p50": percentile(found, 0.5) if found else 0, "longest": max(found, default=0)}
            for name, found in asdict(self).items()
            if name in _TIMES
        }
        return json.dumps(
            {"tickets": self.tickets, "due": self.due, "idle_cpu_percent": round(self.idle_cpu_percent, 2)} | figures
        )


_TIMES = ("decided", "arrived")


async def measure(settings: Settings, *, tickets: int, due: int, apart_s: float = 3.0, ready_s: float = 60.0) -> Lateness:
    """Have `due` groups come due one after the other, the first one `ready_s` after now, and wait for all of them."""
    write_rules(settings.rules_dir, [], with_detection=True)
    (settings.rules_dir / "followups.yaml").write_text(RULES)
    soon = [group_jid(_FIRST_DUE_NUMBER + number) for number in range(due)]
    lines = "".join(f"  - {{jid: {jid}, mode: tickets+follow-ups, tags: [soon]}}\n" for jid in soon)
    (settings.rules_dir / "groups.yaml").write_text(f"version: 1\ngroups:\n{lines}")
    ensure_topics(settings)
    worker = our_worker(settings)
    await _fill(settings, list(busy_groups(settings, tickets // PER_GROUP, PER_GROUP)))
    first_at = datetime.now(UTC) + timedelta(seconds=ready_s)
    due_at = {jid: first_at + timedelta(seconds=number * apart_s) for number, jid in enumerate(soon)}
    asked = [(jid.encode(), _ask(jid, (at - _DELAY).replace(microsecond=0))) for jid, at in due_at.items()]
    await fill(settings, full_name(Topic.INBOUND, settings.topic_prefix), asked)  # where the sender reads that somebody spoke
    await _fill(settings, [(jid, _group_of(settings, jid.decode(), said)) for jid, said in asked])
    async with EvolutionServer() as evolution:
        instance = evolution.add_instance(settings.cs_instance, webhook_url="", secret="")
        instance.groups.update({jid: Group(jid, "Desk", []) for jid in soon})
        told = settings.model_copy(update={"evolution_api_url": evolution.url, "evolution_api_key": DEFAULT_KEY})
        with Fleet(settings.data_dir) as fleet:
            running = worker.start(fleet)
            fleet.start_role("sender", told)
            idle = await _cpu_until(running, first_at)
            arrived = await _arrivals(instance.sent, due_at)
    return Lateness(tickets, due, _decided(settings, due_at), arrived, idle)


async def _fill(settings: Settings, groups: list[tuple[bytes, bytes]]) -> None:
    """Have the worker's table, and the topic of tickets, hold these groups."""
    await fill(settings, our_worker(settings).table, groups)
    await fill(settings, full_name(Topic.TICKETS, settings.topic_prefix), _snapshots(groups))


def _ask(jid: str, at: datetime) -> bytes:
    said = requests(1, 1, prefix="DUE")[0]
    return delivery(Said(f"{said.id}{jid[:14]}", jid, said.author, said.text), at)


def _group_of(settings: Settings, jid: str, asked: bytes) -> bytes:
    """Return a group of the table with the ticket that this message opened, made by the real step."""
    record = handle(Arrival(Topic.INBOUND, 0, 0, jid, asked), None, load_book(settings.rules_dir), lambda _: False).record
    assert record is not None
    return encode(record.but(position={}, position_at={}, outbox={}), {}).raw


def _snapshots(records: list[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    for _, raw in records:
        for ticket in GroupRecord.from_json(raw).state.tickets.values():
            yield ticket.id.encode(), ticket.to_json()


async def _cpu_until(running: Running, until: datetime) -> float:
    """Return the CPU that a worker uses while nothing is due, in percent of a core, over the last ten seconds before."""
    await asyncio.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds() - 12))
    began, used = time.monotonic(), running.cpu_s()
    await asyncio.sleep(10)
    return (running.cpu_s() - used) / (time.monotonic() - began) * 100


async def _arrivals(sent: list[dict[str, Any]], due_at: dict[str, datetime]) -> list[float]:
    seen: dict[str, float] = {}
    give_up_at = max(due_at.values()) + timedelta(minutes=3)
    while len(seen) < len(due_at) and datetime.now(UTC) < give_up_at:
        now = datetime.now(UTC)
        for row in sent[len(seen) :]:
            jid = row["key"]["remoteJid"]
            seen.setdefault(jid, (now - due_at[jid].replace(microsecond=0)).total_seconds())
        await asyncio.sleep(0.1)
    return list(seen.values())


def _decided(settings: Settings, due_at: dict[str, datetime]) -> list[float]:
    """Return how late each message was decided, by the time that its record bears; one a group, and no other."""
    tail = Tail(settings, [Topic.OUTBOUND, Topic.TICKETS])
    late: dict[str, float] = {}
    marked: set[str] = set()
    try:
        while not tail.is_caught_up():
            for record in tail.poll(0.5):
                if record.topic is Topic.TICKETS:
                    marked.update(m.outbound_id or "" for m in Ticket.from_json(record.value or b"").follow_ups)
                else:
                    message = Outbound.from_json(record.value or b"")
                    assert message.group not in late, "said twice"
                    late[message.group] = (record.timestamp - due_at[message.group].replace(microsecond=0)).total_seconds()
    finally:
        tail.close()
    assert len(marked) == len(late)
    return list(late.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=50_000)
    parser.add_argument("--due", type=int, default=40)
    parser.add_argument("--apart", type=float, default=3.0, help="Seconds between two: one takes a second or two of typing")
    parser.add_argument(
        "--ready", type=float, default=150.0, help="Seconds until the first is due: the processes start meanwhile"
    )
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="groupdesk-lateness-") as made:
        folder = Path(made)
        with broker_in(folder / "broker") as bootstrap:
            for tickets in (1_000, told.tickets):
                settings = settings_in(folder / str(tickets), bootstrap).model_copy(
                    update={"send_gap_s": 0.0, "sends_per_minute": 60, "log_level": "ERROR"}
                )
                found = asyncio.run(measure(settings, tickets=tickets, due=told.due, apart_s=told.apart, ready_s=told.ready))
                sys.stdout.write(f"{found}\n")
                sys.stdout.flush()
                if len(found.arrived) < told.due or max(found.arrived) > 30:
                    return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
