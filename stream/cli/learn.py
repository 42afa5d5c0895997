"""`groupdesk learn`: make the local classifier of what people put right."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import click

from stream.adapters.rule_files import load_book
from stream.classifier.corrections import corrections_path, read_corrections
from stream.classifier.deciding import rules_of
from stream.classifier.files import write_whole
from stream.classifier.learning import Example, Learned, learn
from stream.classifier.local import head_path
from stream.core.corrections import latest
from stream.evaluation.messages import read_messages
from stream.settings import load_settings


@click.command("learn")
@click.option(
    "--examples",
    "files",
    type=click.File(encoding="utf-8"),
    multiple=True,
    help="Labelled messages besides the corrections, as `groupdesk eval` reads them. May be given several times.",
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to put it. Default: where the classifier looks."
)
@click.option("--dry-run", is_flag=True, help="Only tell how good it would be.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def learn_command(files: tuple[TextIO, ...], out: Path | None, dry_run: bool, as_json: bool) -> None:
    """Learn the local classifier from the site's own corrections, for messages that the rules leave undecided.

    Corrections come from "not a ticket", "this is a ticket", "wrong category" and from the review queue, and are kept in
    DATA_DIR/corrections.jsonl. Needs the extra `local`. A classifier that runs takes the new one within a moment.
    """
    settings = load_settings()
    book = load_book(settings.rules_dir)
    corrections = latest(read_corrections(corrections_path(settings)))
    examples = [Example(one.text, one.label) for one in corrections]
    examples += [Example(message.text, message.label) for file in files for message in read_messages(file)]
    learned = learn(examples, book, rules_of(book).believe_local, datetime.now(UTC))
    target = out or head_path(settings)
    if not dry_run:
        write_whole(target, learned.head.to_json())
    click.echo(
        json.dumps(_as_dict(learned, None if dry_run else target)) if as_json else "\n".join(_lines(learned, target, dry_run))
    )


def _as_dict(learned: Learned, target: Path | None) -> dict[str, object]:
    return {
        "examples": learned.counts,
        "macro_f1": {"rules": learned.rules_alone, "rules_and_head": learned.with_head},
        "f1": learned.by_label,
        "decided": learned.decided,
        "decided_right": learned.decided_right,
        "version": learned.head.version,
        "file": None if target is None else str(target),
    }


def _lines(learned: Learned, target: Path, dry_run: bool) -> list[str]:
    counts = Counter(learned.counts)
    return [
        f"{counts.total()} labelled messages: " + ", ".join(f"{count} {label}" for label, count in counts.items()),
        "On messages it had not seen (five folds):",
        f"  rules alone     macro-F1 {learned.rules_alone:.3f}",
        f"  rules and head  macro-F1 {learned.with_head:.3f}   "
        + ", ".join(f"{label} {value:.2f}" for label, value in learned.by_label.items()),
        f"  of what the rules leave open it decides {learned.decided:.0%}, {learned.decided_right:.0%} of that rightly",
        "Nothing was written." if dry_run else f"Wrote {target}.",
        *(
            ["It is no better than the rules alone: more corrections will help more."]
            if learned.with_head <= learned.rules_alone
            else []
        ),
    ]
