"""`groupdesk bench`: measures speed, lateness, recovery and memory on this machine, each beside a reference."""

from __future__ import annotations

import json
import logging
import signal
import sys
from pathlib import Path
from typing import Any

import click

from stream import logs
from stream.bench.parts import PARTS
from stream.bench.run import run_bench
from stream.bench.scale import full, quick
from stream.bench.table import as_table
from stream.errors import GroupdeskError
from stream.settings import Settings, load_settings

_FILE = click.Path(dir_okay=False, path_type=Path)
_LETTERS = ",".join(PARTS)


def _read_letters(_context: click.Context, _option: click.Parameter, value: str) -> list[str]:
    wanted = [letter.strip().lower() for letter in value.split(",") if letter.strip()]
    unknown = [letter for letter in wanted if letter not in PARTS]
    if unknown or not wanted:
        raise click.BadParameter(f"{value!r} is no list of parts such as a,c; there are {_LETTERS}.")
    return [letter for letter in PARTS if letter in wanted]


@click.command(epilog="\b\nParts:\n" + "\n".join(f"  {letter}  {part.title}" for letter, part in PARTS.items()))
@click.option("--quick", "is_quick", is_flag=True, help="All parts in about a minute on an idle machine, coarser.")
@click.option("--only", "letters", default=_LETTERS, callback=_read_letters, help="Some parts alone, such as a,c.")
@click.option("--json", "form", flag_value="json", help="Print the figures as JSON.")
@click.option("--table", "form", flag_value="table", default="table", help="Print them as a Markdown table (the default).")
@click.option("--save", "saved", type=_FILE, help="Keep the JSON in this file too.")
@click.option("--from", "earlier", type=_FILE, help="Measure nothing: take the JSON that --save kept of an earlier run.")
@click.option("--plots", "picture", type=_FILE, help="Draw the figures as this PNG file, such as docs/bench.png.")
@click.option("--bootstrap", default="", metavar="HOST:PORT", help="Use this broker, with topics of the bench's own.")
@click.option(
    "--quixstreams",
    "quix_python",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path(sys.executable),
    help="An interpreter that has quixstreams beside Groupdesk, for (b).",
)
def bench(
    is_quick: bool,
    letters: list[str],
    form: str,
    saved: Path | None,
    earlier: Path | None,
    picture: Path | None,
    bootstrap: str,
    quix_python: Path,
) -> None:
    """Measure Groupdesk with real processes on a real broker, each figure beside a reference in the same run.

    It starts a broker of its own for that, whatever KAFKA_BOOTSTRAP_SERVERS says, and leaves nothing behind. What else the
    machine does meanwhile shows in every figure. A part that fails is told with its reason and the others still count; the exit
    status is 1 then.
    """
    if picture is not None:
        _ensure_can_draw()
    if earlier is not None:
        found = _read(earlier)
    else:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the processes under measurement must end with this one
        logs.configure(Settings(_env_file=None, log_level="ERROR"), "bench")
        logging.getLogger("aiokafka").setLevel(logging.ERROR)  # it warns of topics that were made a moment ago
        scale = (quick if is_quick else full)(quix_python.absolute())
        found = run_bench(letters, scale, load_settings().rules_dir, bootstrap, lambda what: click.echo(what, err=True))
    told = json.dumps(found, indent=2)
    click.echo(told if form == "json" else as_table(found))
    if saved is not None:
        saved.parent.mkdir(parents=True, exist_ok=True)
        saved.write_text(told + "\n")
    if picture is not None:
        from stream.bench.plots import draw  # noqa: PLC0415 -- as below

        draw(found, picture)
    if found["failed"]:
        sys.exit(1)


def _ensure_can_draw() -> None:
    """Say so before anything is measured."""
    from stream.bench.plots import ensure_can_draw  # noqa: PLC0415 -- Altair takes a while, and most want no picture

    ensure_can_draw()


def _read(file: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise GroupdeskError(f"{file} cannot be read as what --save kept ({error}).") from error
    return found
