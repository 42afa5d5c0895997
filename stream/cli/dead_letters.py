"""`groupdesk dead-letters`: look at what could not be handled, and try it again after the cause is mended."""

from __future__ import annotations

import json

import click

from stream.adapters.kafka import Publisher, Record, Tail
from stream.adapters.topics import Topic
from stream.letters.letter import Letter, find_remedy, to_letter
from stream.settings import Settings, load_settings


@click.group("dead-letters")
def dead_letters() -> None:
    """List, explain and replay what could not be handled. Nothing is ever removed: Kafka does that after 30 days."""


@dead_letters.command("list")
@click.option("--last", type=click.IntRange(min=1), default=50, show_default=True, help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_letters(last: int, as_json: bool) -> None:
    """Show the latest dead letters, without their content."""
    letters = sorted((to_letter(record) for record in _read(load_settings())), key=lambda letter: letter.at, reverse=True)
    for letter in letters[:last]:
        if as_json:
            click.echo(letter.to_json())
        else:
            click.echo(
                f"{letter.ref:<10} {letter.at:%Y-%m-%d %H:%M:%S}  {letter.stage:<8} {letter.reason:<24} {letter.bytes:>8} bytes"
            )
    if not as_json:
        click.echo(f"{len(letters)} dead letters." if letters else "No dead letters.")


@dead_letters.command()
@click.argument("ref")
@click.option("--content", is_flag=True, help="Show the bytes too; they may hold what somebody wrote.")
def explain(ref: str, content: bool) -> None:
    """Say what is wrong with the dead letter REF, and whether it can be tried again."""
    letter, record = _find(load_settings(), ref)
    click.echo(f"{letter.explanation}\nIt failed in the {letter.stage}, on its way from {letter.topic}{_error(letter)}.")
    remedy = find_remedy(letter, record)
    click.echo(
        f"It can be tried again: groupdesk dead-letters replay {ref}" if remedy.records else f"No second try: {remedy.because}."
    )
    if content:
        click.echo(json.dumps((record.value or b"").decode("utf-8", "replace")))


@dead_letters.command()
@click.argument("refs", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that can be tried again.")
def replay(refs: tuple[str, ...], everything: bool) -> None:
    """Let the dead letters REFS take their way again. Doing it twice is harmless: a message is handled once."""
    if bool(refs) == everything:
        raise click.UsageError("Name the dead letters, or give --all.")
    settings = load_settings()
    found = {to_letter(record).ref: record for record in _read(settings)}
    unknown = [ref for ref in refs if ref not in found]
    if unknown:
        raise click.ClickException(f"There is no dead letter {', '.join(unknown)}; `groupdesk dead-letters list` shows them.")
    publisher = Publisher(settings)
    tried = 0
    try:
        for ref in refs or found:
            remedy = find_remedy(to_letter(found[ref]), found[ref])
            for topic, key, value in remedy.records:
                publisher.publish(Topic(topic), key, value)
            tried += bool(remedy.records)
            if refs and not remedy.records:
                click.echo(f"{ref}: {remedy.because}.")
    finally:
        publisher.close()
    click.echo(f"{tried} tried again, {len(refs or found) - tried} left as they are.")


def _read(settings: Settings) -> list[Record]:
    tail = Tail(settings, [Topic.DEAD_LETTER])
    records: list[Record] = []
    try:
        while True:
            batch = tail.poll(0.3)
            records += batch
            if not batch and tail.is_caught_up():
                return records
    finally:
        tail.close()


def _find(settings: Settings, ref: str) -> tuple[Letter, Record]:
    for record in _read(settings):
        letter = to_letter(record)
        if letter.ref == ref:
            return letter, record
    raise click.ClickException(f"There is no dead letter {ref}; `groupdesk dead-letters list` shows them.")


def _error(letter: Letter) -> str:
    return f" ({letter.error})" if letter.error else ""
