"""`groupdesk due`: what will be said by itself in the next hours, and why the rest will not."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime

import click

from stream.adapters.kafka import Tail
from stream.adapters.rule_files import load_book
from stream.adapters.topics import Topic
from stream.core.due import DueItem, Expected, due_list, states_of
from stream.core.templates import clean
from stream.core.ticket import Ticket
from stream.errors import BrokerError, StateError
from stream.settings import Settings, load_settings

_READING_S = 60.0
_WORDS = {
    Expected.SAID: "said in the group",
    Expected.ESCALATED: "told to your team's group",
    Expected.CLOSED: "closed",
    Expected.NOT_SENT: "not sent",
    Expected.NOTHING: "nothing",
}


@click.command()
@click.option("--hours", default=24.0, show_default=True, type=click.FloatRange(0.1, 24 * 31), help="How far to look ahead.")
@click.option("--all", "show_all", is_flag=True, help="Also tickets for which nothing comes due, with the reason.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def due(hours: float, show_all: bool, as_json: bool) -> None:
    """List the follow-ups of the next hours as if nobody spoke meanwhile, and why others will not be sent.

    Reads the tickets from Kafka and the rules folder; changes nothing.
    """
    settings = load_settings()
    book = load_book(settings.rules_dir)
    items = due_list(states_of(read_tickets(settings)), book, datetime.now(UTC), hours)
    shown = [item for item in items if show_all or as_json or item.expected is not Expected.NOTHING]
    if as_json:
        for item in shown:
            click.echo(json.dumps(item.model_dump(mode="json"), ensure_ascii=False))
        return
    for line in _lines(shown):
        click.echo(line)
    if not shown:
        click.echo(f"Nothing comes due within {hours:g} hours.")


def read_tickets(settings: Settings) -> list[Ticket]:
    """Return the latest snapshot of every ticket; raises `BrokerError` when Kafka is away or too slow."""
    latest: dict[str, bytes | None] = {}
    tail = Tail(settings, [Topic.TICKETS])
    give_up_at = time.monotonic() + _READING_S
    try:
        while not tail.is_caught_up():
            if time.monotonic() > give_up_at:
                raise BrokerError(f"The tickets could not be read within {_READING_S:.0f} s; try again when Kafka is less busy.")
            for record in tail.poll(0.2):
                if record.key is not None:
                    latest[record.key] = record.value
    finally:
        tail.close()
    try:
        return [Ticket.from_json(value) for value in latest.values() if value]
    except ValueError as error:
        raise StateError(
            "A ticket in the topic of tickets cannot be read; is another version of Groupdesk writing it?"
        ) from error


def _lines(items: Iterable[DueItem]) -> Iterable[str]:
    for item in items:
        at = item.at or item.due_at
        when = at.astimezone().strftime("%a %d %b %H:%M") if at else "-"
        where = clean(item.group_name) or item.group
        yield f"{when:>16}  {item.ticket_id}  {_WORDS[item.expected]}: {item.because}  [{where}: {clean(item.title)}]"
