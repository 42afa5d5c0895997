"""`groupdesk eval`: how well detection and attachment do on labelled messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TextIO

import click

from stream.adapters.rule_files import load_book
from stream.core.detection import Stage
from stream.evaluation.conversations import attach_conversations
from stream.evaluation.messages import Run, read_messages, run_stages
from stream.evaluation.scores import ClassScore, Scores, said, score
from stream.settings import load_settings

_STAGES = {"rules": Stage.RULES, "local": Stage.LOCAL, "model": Stage.MODEL, "all": None}


@click.command("eval")
@click.argument("file", type=click.File(encoding="utf-8-sig"), required=False)
@click.option("--stage", type=click.Choice(list(_STAGES)), default="all", show_default=True, help="The last stage to run.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--predictions", type=click.Path(dir_okay=False, path_type=Path), help="Write what was said of each message here.")
@click.option(
    "--conversations", type=click.File(encoding="utf-8-sig"), help="Attach the messages of recorded chats to tickets instead."
)
@click.option(
    "--head", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A head of the local classifier to use instead."
)
@click.option("--rules", "rules_dir", type=click.Path(file_okay=False, path_type=Path), help="Another rules folder.")
def evaluate(
    file: TextIO | None,
    stage: str,
    as_json: bool,
    predictions: Path | None,
    conversations: TextIO | None,
    head: Path | None,
    rules_dir: Path | None,
) -> None:
    """Score FILE: lines of {"id", "text", "lang", "label"}, label being ticket, update or noise.

    With --stage the stages up to that one run, and what stays undecided is scored as noise. `all` runs every stage that is
    set up. With --conversations the file has messages of several chats in order, and --predictions says where the tickets go.
    """
    if conversations is not None:
        if predictions is None:
            raise click.UsageError("--conversations needs --predictions OUT.jsonl")
        _attach(conversations, predictions, as_json=as_json)
        return
    if file is None:
        raise click.UsageError("give a FILE of labelled messages, or --conversations")
    settings = load_settings()
    if head is not None:
        settings = settings.model_copy(update={"local_head": head})
    book = load_book(rules_dir or settings.rules_dir)
    run = run_stages(read_messages(file), book, settings, _STAGES[stage])
    scores = score(run, book.version)
    if predictions is not None:
        predictions.write_text("".join(_prediction_lines(run)), encoding="utf-8")
    click.echo(scores.model_dump_json() if as_json else _table(scores))


def _attach(conversations: TextIO, predictions: Path, *, as_json: bool) -> None:
    count = 0
    with predictions.open("wb") as out:
        for prediction in attach_conversations(conversations):
            out.write(prediction.to_json() + b"\n")
            count += 1
    click.echo(json.dumps({"messages": count}) if as_json else f"{count} messages attached; see {predictions}")


def _prediction_lines(run: Run) -> list[str]:
    return [
        json.dumps(
            {
                "id": message.id,
                "predicted": said(detection).value,
                "stage": detection.stage.value if detection.decided_by else "undecided",
                "rule": detection.decided_by or None,
            }
        )
        + "\n"
        for message, detection in zip(run.messages, run.detections, strict=True)
    ]


def _table(scores: Scores) -> str:
    lines = [
        f"{scores.messages} messages, stages {', '.join(scores.stages)}, rules {scores.rules_version}",
        f"macro-F1 {scores.macro_f1:.3f}   {scores.us_per_message:.0f} µs a message",
        "decided   "
        + "   ".join(
            f"{stage} {share:.1%} ({scores.stage_precision[stage]:.3f} right)" for stage, share in scores.stage_share.items()
        )
        + f"   undecided {scores.undecided_share:.1%}, scored as noise",
        "",
        f"{'':<10}{'precision':>10}{'recall':>10}{'F1':>10}{'messages':>10}",
        *(_row(label, one) for label, one in scores.per_class.items()),
    ]
    for language, own in scores.per_lang.items():
        lines += ["", f"{language}: macro-F1 {own.macro_f1:.3f}", *(_row(label, one) for label, one in own.per_class.items())]
    return "\n".join(lines)


def _row(label: str, one: ClassScore) -> str:
    return f"{label:<10}{one.precision:>10.3f}{one.recall:>10.3f}{one.f1:>10.3f}{one.support:>10}"
