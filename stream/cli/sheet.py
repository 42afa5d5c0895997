"""`groupdesk sheet`: the role itself, and two tools for the day when sheet and tickets do not seem to agree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import click

from stream import logs
from stream.adapters.data_folder import make_data_folder
from stream.core.sheet_drift import Drift
from stream.errors import SheetError
from stream.settings import Settings, load_settings
from stream.sheet.tools import Progress, compare
from stream.sheet.tools import rebuild as rebuild_sheet

_SHOWN = 200


@click.group(invoke_without_command=True)
@click.pass_context
def sheet(context: click.Context) -> None:
    """Keep one row a ticket in the Sheet, where people may edit.

    Without a command: the role. Runs until SIGTERM or Ctrl-C. Waits for Kafka, and says so.
    """
    if context.invoked_subcommand is not None:
        return
    from stream.sheet.role import run  # noqa: PLC0415 # only the role needs it

    settings = load_settings()
    logs.configure(settings, "sheet")
    make_data_folder(settings.data_dir)
    run(settings)


@sheet.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
def diff(as_json: bool) -> None:
    """Show where Sheet and tickets say different things, cell by cell, and whose side is right.

    Changes nothing. Compares with the tickets as Kafka has them now. Exit status 1 when there is a difference.
    """
    settings = _quiet_settings()
    with _bar("Reading tickets") as tell:
        drift, tickets = compare(settings, tell)
    if as_json:
        click.echo(json.dumps({"equal": drift.is_equal, "tickets": tickets, **drift.model_dump(mode="json")}))
    else:
        _show(drift, tickets)
    if not drift.is_equal:
        raise SystemExit(1)


@sheet.command()
@click.option("--keep-deleted", is_flag=True, help="Take all rows that are missing for deleted, instead of writing them again.")
def rebuild(keep_deleted: bool) -> None:
    """Write the Sheet anew from the tickets; rows that people deleted come back, with what people wrote beside them.

    Nothing that people wrote is touched. Also ends the halt after many rows have vanished at once.
    """
    settings = _quiet_settings()
    with _bar("Writing rows") as tell:
        done = rebuild_sheet(settings, keep_deleted=keep_deleted, tell=tell)
    if done.stop:
        raise SheetError(done.stop)
    click.echo(f"{done.rows} rows stand; {done.added} were added, {done.written} changed, {done.deleted} taken for deleted.")


def _quiet_settings() -> Settings:
    settings = load_settings().model_copy(update={"log_level": "ERROR"})
    logs.configure(settings, "sheet")
    return settings


@contextmanager
def _bar(label: str) -> Iterator[Progress]:
    with click.progressbar(length=1, label=label, show_pos=True, file=click.get_text_stream("stderr")) as bar:

        def tell(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(min(done, total) - bar.pos)

        yield tell


def _show(drift: Drift, tickets: int) -> None:
    if drift.stop:
        click.echo(click.style("stopped  ", fg="red") + drift.stop)
        return
    for each in drift.differences[:_SHOWN]:
        side = click.style(f"{each.right.value:<7}", fg="yellow" if each.right == "sheet" else "cyan")
        click.echo(f"{each.ticket_id}  {each.column}: sheet {_short(each.in_sheet)}, ticket {_short(each.in_ticket)}")
        click.echo(f"{'':<14}right: {side} {each.because}")
    if len(drift.differences) > _SHOWN:
        click.echo(f"... and {len(drift.differences) - _SHOWN} more; --json shows all.")
    for ids, told in (
        (drift.missing, "have no row yet"),
        (drift.deleted, "were deleted by people and stay so; `groupdesk sheet rebuild` writes them again"),
        (drift.unknown, "stand in the sheet, and no such ticket is known"),
        (drift.twice, "stand more than once"),
    ):
        if ids:
            click.echo(f"{len(ids)} {told}: {', '.join(ids[:10])}{' ...' if len(ids) > 10 else ''}")
    click.echo(f"{tickets} tickets compared; {'all equal' if drift.is_equal else f'{len(drift.differences)} cells differ'}.")


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return f"“{flat[:60]}…”" if len(flat) > 60 else f"“{flat}”"
