"""A bot must not answer itself, and a bad transport must not change the tickets."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from stream.adapters.rule_files import load_book
from stream.core.book import Book
from stream.core.delivery import Delivery
from stream.core.group import GroupState
from stream.core.inputs import Source
from stream.core.outcome import Outbound
from stream.core.step import step
from stream.core.ticket import Ticket
from stream.simulator.chat_file import load_chat
from stream.simulator.script import happenings
from stream.translate import Rejected, to_deliveries, translate

ROOT = Path(__file__).parents[2]
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATE = timedelta(minutes=20)


def book() -> Book:
    return load_book(ROOT / "rules")


def apply(deliveries: Sequence[Delivery], rules: Book) -> tuple[dict[str, GroupState], dict[str, Ticket], list[Outbound]]:
    states: dict[str, GroupState] = {}
    tickets: dict[str, Ticket] = {}
    said: list[Outbound] = []
    for delivery in deliveries:
        state = states.get(delivery.chat) or GroupState(group=delivery.chat)
        outcome = step(state, translate(delivery), rules, delivery.received_at)
        states[delivery.chat] = outcome.state
        tickets |= {ticket.id: ticket for ticket in outcome.tickets}
        said += outcome.outbound
    return states, tickets, said


def read(event: str, data: Any, at: datetime, source: Source = Source.WEBHOOK) -> list[Delivery]:
    name = event.replace(".", "_").replace("-", "_").upper()
    found = to_deliveries(name, "cs-ticket-monitor", data, at, source=source)
    assert not isinstance(found, Rejected)
    return found


def test_a_thousand_echoes_of_our_own_messages_make_no_ticket_and_no_answer() -> None:
    group = "120363401000000001@g.us"
    texts = ["Order 48213 has not arrived. Can someone check please?", "Saya tidak bisa login", "Fui cobrada duas vezes"]
    deliveries = []
    for number in range(1000):
        at = START + timedelta(seconds=number)
        data = {
            "key": {"remoteJid": group, "fromMe": True, "id": f"3EB0{number}"},
            "message": {"conversation": texts[number % 3]},
        }
        data |= {"messageType": "conversation", "messageTimestamp": int(at.timestamp()), "status": "PENDING", "pushName": "Você"}
        deliveries += read("send.message", data, at)
    states, tickets, said = apply(deliveries, book())
    assert (tickets, said) == ({}, [])
    assert states[group].ledger.echoes == 1000


def outline(tickets: dict[str, Ticket]) -> dict[str, Any]:
    """Return what must not depend on how the messages came."""
    return {key: (ticket.group, ticket.category, ticket.opened_by, ticket.opened_at) for key, ticket in tickets.items()}


def test_doubled_late_and_lost_webhooks_with_a_filled_gap_give_the_tickets_of_a_clean_run() -> None:
    chat, rules = load_chat(ROOT / "demo" / "support.yaml"), book()
    told = list(happenings(chat, seed="s", starts_at=START.timestamp(), instance_id="i"))
    clean = [d for h in told for d in read(h.event, h.data, START + timedelta(seconds=h.offset + 1))]
    _, wanted, _ = apply(clean, rules)
    assert len(wanted) == chat.expect["tickets"]
    for seed in range(30):
        dice = random.Random(seed)
        arriving: list[tuple[datetime, Delivery]] = []
        for happening in told:
            at = START + timedelta(seconds=happening.offset + 1)
            times = [at, at + timedelta(seconds=2)] if dice.random() < 0.1 else [at]
            if dice.random() < 0.1:
                times = [at + LATE * dice.random()]
            if dice.random() < 0.05 and happening.event == "messages.upsert":
                # It never comes by webhook; five minutes later it is filled in from the store.
                arriving += [
                    (d.received_at, d) for d in read(happening.event, happening.data, at + timedelta(minutes=5), Source.BACKFILL)
                ]
                continue
            arriving += [(when, d) for when in times for d in read(happening.event, happening.data, when)]
        arriving.sort(key=lambda pair: pair[0])
        _, tickets, said = apply([delivery for _, delivery in arriving], rules)
        assert outline(tickets) == outline(wanted), seed
        assert said == []
