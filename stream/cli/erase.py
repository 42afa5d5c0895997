"""`groupdesk erase`: forget a person, and prove it."""

from __future__ import annotations

import time

import click

from stream.adapters.topics import SPECS, Topic
from stream.core.erasing import Eraser
from stream.erasure.erase import Found, Wanted, erase_everywhere, search
from stream.erasure.matters import examples_of, learn_matters
from stream.erasure.person import learn_aliases, meant
from stream.erasure.places import search_files, spooled, write_back
from stream.erasure.staff import find_staff_traces
from stream.settings import Settings, load_settings

_DAY_MS = 86_400_000
_EVENTS_DAYS = int(next(spec for spec in SPECS if spec.topic is Topic.TICKET_EVENTS).config["retention.ms"]) // _DAY_MS
_SHEET_S = 20.0
_LOOK_S = 0.5
_WEAK = """\
What no search can find: their name, or what they said, in messages of other people, and what `groupdesk learn` made of examples.
In a one-to-one chat their address is the chat's key and stays. Kafka's files lose what was deleted once their segment is full,
or a week old."""


@click.command()
@click.argument("person", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Only tell where they are found.")
@click.option("--wait", type=click.FloatRange(min=1), default=60.0, show_default=True, help="Seconds to wait for the worker.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(person: tuple[str, ...], dry_run: bool, wait: float, yes: bool) -> None:
    """Forget PERSON: a phone number with its country code, or a LID such as 111222333444555@lid; both, where both are known.

    Their messages lose their words, names go, and a pseudonym takes the place of their addresses: in the state of every group, in
    tickets, and with them in the Sheet, and in dead letters. Raw copies are deleted up to where all have read them, with what
    others wrote there. The worker must be running. Exit status 1 when something is left that will not go by itself.
    """
    settings = load_settings()
    eraser = learn_aliases(settings, meant(person))
    wanted = Wanted(eraser, learn_matters(settings, eraser))
    before = search(settings, wanted)
    files = search_files(settings, eraser)
    if dry_run:
        _show(settings, before, None)
        click.echo(f"{'corrections':<14} {len(examples_of(settings, wanted.matters, wanted.eraser)):>7}")
        _show_staff(settings, eraser)
        for path in files:
            click.echo(f"  {path}")
        return
    if not yes:
        click.confirm(
            f"{len(before.groups)} groups and {len(files)} files show them. This cannot be taken back. Go on?", abort=True
        )
    erase_everywhere(settings, wanted, before, wait, click.echo)
    after = search(settings, wanted)
    _show(settings, before, after)
    click.echo("A Google Sheet follows within seconds, while the role `sheet` runs.")
    stays = _show_files(settings, eraser, min(wait, _SHEET_S))
    stays |= _show_examples(settings, wanted, min(wait, _SHEET_S))
    _show_staff(settings, eraser)
    click.echo(_WEAK)
    if after.groups or stays:
        raise SystemExit(1)


def _show(settings: Settings, before: Found, after: Found | None) -> None:
    click.echo(f"{'searched':<14} {'found':>7}" + ("" if after is None else f" {'left':>7}  gone by itself"))
    for place, hits in before.places.items():
        line = f"{place:<14} {hits.found:>7}"
        if after is not None:
            left = after.places[place]
            line += f" {left.found:>7}" + (f"  {_until(place, still_latest=bool(left.latest))}" if left.found else "")
        click.echo(line)
    click.echo(f"{'spool':<14} {spooled(settings):>7} waiting")
    if after is None:
        click.echo(f"in {len(before.groups)} groups: {', '.join(sorted(before.groups)) or 'none'}")


def _until(place: str, *, still_latest: bool) -> str:
    spec = next((spec for spec in SPECS if spec.topic is Topic(place)), None) if place in set(Topic) else None
    if spec is not None and "retention.ms" in spec.config:
        return f"after {int(spec.config['retention.ms']) // _DAY_MS} days at most"
    return "no: still in the newest record" if still_latest else "older versions, which compaction removes within about a day"


def _show_files(settings: Settings, eraser: Eraser, patience_s: float) -> bool:
    """Wait for the local Sheet to follow, and tell which files still show the person."""
    deadline = time.monotonic() + patience_s
    while True:
        write_back(settings)
        left = search_files(settings, eraser)
        if not left or time.monotonic() > deadline:
            break
        time.sleep(_LOOK_S)
    for path in left:
        click.echo(f"still in {path}" + ("; edit it yourself" if settings.rules_dir.resolve() in path.parents else ""))
    if not left:
        click.echo("files: none shows them")
    return bool(left)


def _show_examples(settings: Settings, wanted: Wanted, patience_s: float) -> bool:
    """Wait for the classifier to drop the labelled examples, and tell whether some are left."""
    deadline = time.monotonic() + patience_s
    while (left := examples_of(settings, wanted.matters, wanted.eraser)) and time.monotonic() < deadline:
        time.sleep(_LOOK_S)
    if left:
        click.echo(f"corrections: {len(left)} are left; start the role `classifier`, which takes them out.")
    return bool(left)


def _show_staff(settings: Settings, eraser: Eraser) -> None:
    found = find_staff_traces(settings, eraser)
    if found.names:
        click.echo(
            f"rules/team.yaml knows them as {', '.join(sorted(found.names))}: assignee of {found.tickets} tickets, which you may "
            f"assign anew, and in {found.events} ticket-events, which are gone after {_EVENTS_DAYS} days."
        )
