"""`groupdesk demo`: everything up, and a scripted support chat played through the real webhook."""

from __future__ import annotations

import time
from pathlib import Path

import click

from stream.adapters.kafka import Tail
from stream.adapters.own_secrets import webhook_secret
from stream.adapters.topics import Topic
from stream.cli.up import session_options, stop_on_signals, what_to_open
from stream.core.ticket import Ticket
from stream.settings import Settings, load_settings
from stream.simulator.chat_file import load_chat
from stream.simulator.player import Played, Target, play
from stream.up import Session

_SETTLE_S = 15.0  # at most: the tickets of the script are usually there within a second
_TITLE = 60
_QUIET_S = 3.0  # nothing new for so long: the story is told


@click.command()
@session_options
@click.option("--once", is_flag=True, help="Stop when the story is told, instead of staying up.")
@click.option("--speed", type=click.FloatRange(min=0), default=0.0, help="1 is real time, 60 a minute a second, 0 at once.")
@click.argument("file", type=click.Path(path_type=Path), default=Path("demo/support.yaml"))
def demo(without: tuple[str, ...], fresh: bool, once: bool, speed: float, file: Path) -> None:
    """Start everything as `groupdesk up` does and play the chat FILE (demo/support.yaml) through the webhook.

    Two groups, four languages, small talk, three requests and one solution; then it tells which tickets came of it and stays up
    until Ctrl-C. Without EVOLUTION_API_URL a stand-in for Evolution is started too: follow-ups and replies are really sent to
    it, and come back as WhatsApp would send them back.
    """
    chat = load_chat(file)
    settings = load_settings()
    simulate = not settings.evolution_api_url
    session = Session(settings, without=frozenset(without), fresh=fresh, simulate=simulate, say=click.echo)
    stop_on_signals(session)
    with session:
        if session.wait_until_ready():
            earlier = _tickets(session, at_least=0)
            click.echo(f"\nPlaying: {chat.title}")
            played = play(chat, _target(session.settings, simulate=simulate), speed=speed)
            tickets = _tickets(session, at_least=len(earlier) + chat.expect.get("tickets", 0))
            click.echo(_story(played, {key: ticket for key, ticket in tickets.items() if ticket != earlier.get(key)}))
            click.echo(what_to_open(session, frozenset(without)))
        if not once:
            session.watch()
        click.echo("Stopping ...")
    click.echo("Stopped.")


def _target(settings: Settings, *, simulate: bool) -> Target:
    through = settings.evolution_api_url if simulate else None
    return Target(settings.webhook_address, webhook_secret(settings), through)


def _tickets(session: Session, at_least: int) -> dict[str, Ticket]:
    """Return all tickets once there are so many and none has changed for a while, or when it takes too long."""
    tail = Tail(session.settings, [Topic.TICKETS])
    tickets: dict[str, Ticket] = {}
    changed = started = time.monotonic()
    try:
        while not session.stopping.is_set():
            for record in tail.poll(0.2):
                if record.value is not None and record.key is not None:
                    tickets[record.key] = Ticket.from_json(record.value)
                    changed = time.monotonic()
            quiet = time.monotonic() - changed > (_QUIET_S if at_least else 0)
            late = time.monotonic() - started > _SETTLE_S
            if (len(tickets) >= at_least and quiet and tail.is_caught_up()) or late:
                break
    finally:
        tail.close()
    return tickets


def _story(played: Played, tickets: dict[str, Ticket]) -> str:
    lines = [
        f"{played.accepted} of {played.sent} webhooks taken in {played.seconds:.1f} s; {len(tickets)} tickets came of them:",
        "",
    ]
    for ticket in sorted(tickets.values(), key=lambda each: each.opened_at):
        group = ticket.group_name or ticket.group
        title = ticket.title if len(ticket.title) <= _TITLE else f"{ticket.title[: _TITLE - 1]}…"
        lines.append(f"  {ticket.id}  {ticket.state:<16} {ticket.category:<10} {group:<28} {title}")
    return "\n".join(lines)
