"""`groupdesk simulate` plays a scripted chat as genuine webhooks; `groupdesk simulator` serves the stand-in for Evolution."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from stream import logs
from stream.adapters.bridge_address import bridge_address
from stream.adapters.own_secrets import webhook_secret
from stream.settings import load_settings
from stream.simulator.chat_file import load_chat
from stream.simulator.player import Target, play
from stream.simulator.role import run
from stream.simulator.script import Happening
from stream.simulator.webhooks import Receipt


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--url", help="The bridge's webhook. Default: the one on this machine.")
@click.option("--secret", help="What the bridge expects in X-Webhook-Secret. Default: WEBHOOK_SECRET, else the one in DATA_DIR.")
@click.option(
    "--speed", type=click.FloatRange(min=0), default=0.0, help="1 is real time, 60 a minute a second, 0 as fast as taken."
)
@click.option("--seed", help="The same seed gives the same message ids: a second play is a replay. Default: every play is new.")
@click.option("--through", metavar="URL", help="A simulator that already runs, such as http://127.0.0.1:3100.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of sentences.")
def simulate(
    file: Path, url: str | None, secret: str | None, speed: float, seed: str | None, through: str | None, as_json: bool
) -> None:
    """Play the scripted chat FILE (see demo/README.md) into the bridge, as WhatsApp groups would.

    The messages go the whole way that real ones go: webhook, Kafka, rules, tickets. Exit status 1 when the bridge did not
    take all of them.
    """
    settings = load_settings()
    chat = load_chat(file)
    target = Target(
        url or settings.webhook_url or f"{bridge_address(settings)}/webhook/cs-tickets",
        secret or webhook_secret(settings),
        through,
    )

    def tell(happening: Happening, receipt: Receipt) -> None:
        if not as_json:
            mark = "taken" if receipt.is_accepted else f"refused ({receipt.status or 'no answer'})"
            click.echo(f"  {happening.offset:6.0f} s  {happening.event:<18} {happening.summary:<50} {mark}")

    if not as_json:
        click.echo(f"{chat.title}: {len(chat.lines)} lines to {target.url}")
    played = play(chat, target, speed=speed, seed=seed, on_happening=tell)
    if as_json:
        click.echo(json.dumps(asdict(played)))
    else:
        click.echo(f"{played.accepted} of {played.sent} webhooks taken in {played.seconds:.1f} s.")
        if not played.was_taken_whole:
            click.echo(_advice(played.refused_status), err=True)
    if not played.was_taken_whole:
        raise SystemExit(1)


def _advice(status: int | None) -> str:
    if status == 401:
        return "The bridge did not accept the secret; give --secret, or use the same WEBHOOK_SECRET and DATA_DIR as the bridge."
    if not status:
        return "No bridge answers there; start `groupdesk up`, or give --url."
    return f"The bridge answered {status}; GET /webhook/cs-tickets on it tells which part is not well."


@click.command()
def simulator() -> None:
    """Serve a stand-in for Evolution API in memory, on SIMULATOR_PORT, until Ctrl-C.

    Start the bridge and the sender with EVOLUTION_API_URL=http://127.0.0.1:3100 and EVOLUTION_API_KEY=groupdesk-simulator-key,
    and play chats with `groupdesk simulate FILE --through http://127.0.0.1:3100`: what is sent comes back as an echo.
    """
    settings = load_settings()
    logs.configure(settings, "simulator")
    run(settings)
