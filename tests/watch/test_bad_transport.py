"""A transport that doubles, delays, drops and restarts: with real processes, what is left is what a good one would have left.

It takes minutes, so it runs only where GROUPDESK_TEST_LONG=1 asks for it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stream.adapters.rule_files import load_book
from stream.core.group import GroupState
from stream.core.step import step
from stream.core.ticket import Ticket
from stream.settings import Settings
from stream.simulator.evolution_server import DEFAULT_KEY, EvolutionServer
from stream.simulator.instance import Instance
from stream.simulator.mischief import Mischief
from stream.simulator.script import Happening, happenings
from stream.simulator.webhooks import Retries
from stream.translate import Rejected, to_deliveries, translate
from stream.translate.envelope import read_event
from tests.end_to_end.system import SECRET, System
from tests.watch.busy_day import busy_day

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.timeout(400),
    pytest.mark.skipif(os.environ.get("GROUPDESK_TEST_LONG") != "1", reason="takes minutes; GROUPDESK_TEST_LONG=1 runs it"),
]
ROOT = Path(__file__).parents[2]
FASTER = 40  # so many times faster than the chat says, and so much shorter every lateness
SETTLED_S = 20.0  # a row younger than this may have its webhook on the way, so it is not filled in yet


@pytest.fixture
def system(settings: Settings) -> Iterator[System]:
    system = System(settings)
    yield system
    for name in list(system.processes):
        system.kill(name)


@pytest.mark.parametrize(("day", "weather"), [(1, 111), (3, 2026), (4, 99)])
async def test_on_a_bad_day_the_tickets_are_those_of_a_good_one(system: System, day: int, weather: int) -> None:
    mischief = Mischief(seed=weather, duplicate=1 / 50, late=1 / 50, late_seconds=1200, drop=1 / 100)
    retries = Retries(scale=1 / FASTER)
    async with EvolutionServer(mischief=mischief, retries=retries) as evolution:
        instance = evolution.add_instance("cs-ticket-monitor", webhook_url=f"{system.url}/webhook/cs-tickets", secret=SECRET)
        chat = busy_day(day)
        for spec in chat.groups.values():
            instance.groups[spec.jid] = spec.group(chat.people)
        system.environment |= {"EVOLUTION_API_URL": evolution.url, "EVOLUTION_API_KEY": DEFAULT_KEY}
        for role in ("bridge", "worker", "sender"):
            system.start(role)
        await asyncio.to_thread(system.wait_until_ready, "worker", "sender", "whatsapp", seconds=120)

        starts_at = time.time() + chat.duration / FASTER - chat.duration - SETTLED_S
        told = list(happenings(chat, seed="bad day", starts_at=starts_at, instance_id=instance.id))
        await play(evolution, instance, told)
        await evolution.webhooks.drain()
        # The last reconnection fills what is still missing.
        await evolution.break_off(instance)
        await evolution.come_back(instance)

        wanted = outline(clean_run(told, datetime.fromtimestamp(starts_at, UTC)))
        found: dict[str, Any] = {}
        deadline = time.monotonic() + 90
        while found != wanted and time.monotonic() < deadline:
            await asyncio.sleep(1)
            found = outline(await asyncio.to_thread(system.tickets))
        await asyncio.to_thread(system.wait_until_ready, "whatsapp", seconds=60)
    assert found == wanted
    counts = evolution.webhooks.counts
    assert min(counts["duplicated"], counts["late"], counts["withheld"], counts["forgotten"]) > 0, counts
    assert instance.sent == []


async def play(evolution: EvolutionServer, instance: Instance, told: list[Happening]) -> None:
    """Let everything happen in its time; Evolution restarts after a third and after two thirds of it."""
    started = time.monotonic()
    for number, happening in enumerate(told):
        await asyncio.sleep(max(0.0, started + happening.offset / FASTER - time.monotonic()))
        if number in {len(told) // 3, 2 * len(told) // 3}:
            await evolution.break_off(instance)
        elif number in {len(told) // 3 + 10, 2 * len(told) // 3 + 10}:
            await evolution.come_back(instance)
        evolution.happen(instance, happening.event, happening.data)


def clean_run(told: list[Happening], starts_at: datetime) -> dict[str, Ticket]:
    """Return the tickets when every event comes once, at once and in order."""
    book = load_book(ROOT / "rules")
    states: dict[str, GroupState] = {}
    tickets: dict[str, Ticket] = {}
    for happening in told:
        now = starts_at + timedelta(seconds=happening.offset + 1)
        deliveries = to_deliveries(read_event(happening.event) or "", "cs-ticket-monitor", happening.data, now)
        assert not isinstance(deliveries, Rejected)
        for delivery in deliveries:
            state = states.get(delivery.chat) or GroupState(group=delivery.chat)
            outcome = step(state, translate(delivery), book, now)
            states[delivery.chat] = outcome.state
            tickets |= {ticket.id: ticket for ticket in outcome.tickets}
    return tickets


def outline(tickets: dict[str, Ticket]) -> dict[str, Any]:
    """Return of each ticket what must not depend on how the messages came; what went into another one is told there."""
    return {
        ticket.id: (
            ticket.group,
            ticket.category,
            ticket.state,
            ticket.title,
            [(entry.message_id, entry.attached_because) for entry in ticket.messages],
        )
        for ticket in tickets.values()
        if ticket.merged_into is None
    }
