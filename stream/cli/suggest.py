"""`groupdesk rules suggest`: rules proposed from what people put right."""

from __future__ import annotations

import json
from pathlib import Path

import click

from stream.adapters.rule_files import load_book, take_snapshot
from stream.classifier.corrections import corrections_path, read_corrections
from stream.classifier.suggesting import FILE, as_yaml, suggest
from stream.settings import load_settings


@click.command("suggest")
@click.option(
    "--corrections", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Another file of corrections."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def suggest_command(file: Path | None, as_json: bool) -> None:
    """Print rules that would put right what people had to: a file for detect/, with examples and its effect.

    Every rule was read by the loader with its examples, and puts more corrections right than it spoils. Numbers and addresses
    in the examples are masked. Nothing is written; try it first:

    groupdesk rules suggest > rules/detect/suggested.yaml && groupdesk rules backtest
    """
    settings = load_settings()
    book = load_book(settings.rules_dir)
    corrections = read_corrections(file or corrections_path(settings))
    found = suggest(corrections, book, settings.rules_dir, take_snapshot(settings.rules_dir))
    if as_json:
        told = [{"rule": one.as_rule(), "mended": one.mended, "spoiled": one.spoiled} for one in found]
        click.echo(json.dumps({"corrections": len(corrections), "suggestions": told}))
    elif found:
        click.echo(as_yaml(found), nl=False)
    else:
        click.echo(
            f"{len(corrections)} corrections have nothing in common that a rule of {FILE} could say; "
            "a word must be in two of them, and in no message of another kind.",
            err=True,
        )
