"""`groupdesk up`: everything in one terminal."""

from __future__ import annotations

import signal
from collections.abc import Callable

import click

from stream.settings import load_settings
from stream.up import Session
from stream.up.roles import ROLES


def session_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that `up` and `demo` share."""
    without = click.option(
        "--without", multiple=True, type=click.Choice(list(ROLES)), metavar="ROLE", help=f"Leave out a role ({', '.join(ROLES)})."
    )
    fresh = click.option("--fresh", is_flag=True, help="Forget the built-in broker's data; the local sheet is set aside.")
    return without(fresh(command))


@click.command()
@session_options
def up(without: tuple[str, ...], fresh: bool) -> None:
    """Start a broker and every role in this terminal, and keep them running until Ctrl-C.

    With KAFKA_BOOTSTRAP_SERVERS unset, the broker is one of its own in DATA_DIR: Apache Kafka where Java 17 and Maven are
    installed, else a small one for a trial. A role that crashes is started again; each writes a log in DATA_DIR/logs. The next
    start finds everything as it was.
    """
    session = Session(load_settings(), without=frozenset(without), fresh=fresh, say=click.echo)
    stop_on_signals(session)
    with session:
        if session.wait_until_ready():
            click.echo(what_to_open(session, frozenset(without)))
        session.watch()
        click.echo("Stopping ...")
    click.echo("Stopped.")


def stop_on_signals(session: Session) -> None:
    """Let Ctrl-C, SIGTERM and a closed terminal end the session in order; a second Ctrl-C changes nothing."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: session.stopping.set())


def what_to_open(session: Session, without: frozenset[str]) -> str:
    """Return the lines that tell where to look, for the roles that run."""
    settings = session.settings
    lines = ["", "Open"]
    if "dashboard" not in without:
        lines.append(f"  the Board      http://{settings.dashboard_host}:{settings.dashboard_port}")
    if "bridge" not in without:
        bridge = f"http://{settings.bridge_host}:{settings.bridge_port}"
        lines.append(f"  health         {bridge}/webhook/cs-tickets")
        secret = "WEBHOOK_SECRET" if settings.webhook_secret.get_secret_value() else f"in {settings.data_dir / 'webhook-secret'}"
        lines.append(f"  the webhook    POST {bridge}/webhook/cs-tickets with X-Webhook-Secret ({secret})")
    if "sheet" not in without and not settings.cs_sheet_id:
        lines.append(f"  the sheet      {settings.sheet_path.resolve()}")
    lines.append(f"  logs           {settings.data_dir / 'logs'}")
    return "\n".join([*lines, "", "Ctrl-C stops everything; the next start goes on from there."])
