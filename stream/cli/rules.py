"""`groupdesk rules`: check, test and explain the rules, and try a change on the messages of the last days."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from stream.adapters.rule_examples import closed_gaps, facts_for
from stream.adapters.rule_files import build_book, load_book, take_snapshot
from stream.cli.suggest import suggest_command
from stream.core.book import Book
from stream.core.detect import Facts, judge
from stream.core.explain import Explanation, RuleTrace, explain
from stream.core.inputs import Form
from stream.core.people import Role
from stream.rules_tools.compare import Change, Comparison, compare
from stream.rules_tools.replay import read_inbound
from stream.rules_tools.schemas import write_schemas
from stream.rules_tools.usage import Usage, measure_usage
from stream.settings import load_settings
from stream.timelines import run_timelines

_FOLDER = click.Path(file_okay=False, path_type=Path)
_SHOWN = 200  # characters of a message


@click.group()
def rules() -> None:
    """Check, test, explain and try out the rules that tell requests from the rest."""


@rules.command()
@click.argument("folder", type=_FOLDER, required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(folder: Path | None, as_json: bool) -> None:
    """Read every file of the rules folder and tell everything that is wrong, with file and line. Exit status 1 if anything is."""
    folder = folder or load_settings().rules_dir
    loaded = build_book(folder, take_snapshot(folder))
    found = [{"file": p.file, "line": p.line, "path": p.path, "message": p.message} for p in loaded.problems]
    if as_json:
        click.echo(json.dumps({"version": loaded.book.version, "rules": len(loaded.book.rules.rules), "problems": found}))
    else:
        for problem in loaded.problems:
            click.echo(str(problem))
        count = len(loaded.problems)
        said = f"{count} problem{'s' if count > 1 else ''}" if count else "all well"
        click.echo(
            f"{folder}: {len(loaded.used)} files, {len(loaded.book.rules.rules)} rules, version {loaded.book.version}: {said}"
        )
    if loaded.problems:
        raise SystemExit(1)


@rules.command()
@click.argument("folder", type=_FOLDER, required=False)
def test(folder: Path | None) -> None:
    """Run every example of every rule and every timeline of followups.yaml. Exit status 1 when a timeline does not come true.

    Tells too which known gaps have closed, and which examples another rule decides.
    """
    folder = folder or load_settings().rules_dir
    book = load_book(folder)  # raises with every example that fails
    every = [compiled.rule for compiled in book.rules.rules]
    for rule in every:
        for text in rule.match:
            verdict = judge(facts_for(rule, text), book.rules)
            if verdict.detection.label is not rule.then.label and rule.then.weight >= 1 and rule.mode == "live":
                by = verdict.detection.decided_by or verdict.detection.reason
                click.echo(f'note: {rule.id} fits "{text}", but the message is {verdict.detection.label} ({by})')
    for rule_id, text in closed_gaps(every, book.rules):
        click.echo(f'note: {rule_id} now fits its known gap "{text}"; move it to match')
    gaps = sum(len(rule.known_gap) for rule in every)
    click.echo(f"{sum(len(r.match) + len(r.no_match) for r in every)} examples of {len(every)} rules hold; {gaps} known gaps")
    failures = run_timelines(book)
    for failure in failures:
        click.echo(str(failure))
    click.echo(f"{len(book.follow_ups.timelines)} timelines of follow-ups played; {len(failures)} failures")
    if failures:
        raise SystemExit(1)


@rules.command("explain")
@click.argument("text")
@click.option("--from", "role", type=click.Choice([Role.CUSTOMER.value, Role.STAFF.value]), default="customer", show_default=True)
@click.option("--group", default="", help="The group's JID, for rules that are for some groups only.")
@click.option("--form", type=click.Choice([form.value for form in Form]), default="text", show_default=True)
@click.option("--reply", is_flag=True, help="The message quotes another one.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def explain_(text: str, role: str, group: str, form: str, reply: bool, as_json: bool) -> None:
    """Tell what TEXT is and why: every rule, each of its conditions, the totals, and what decided."""
    book = load_book(load_settings().rules_dir)
    facts = Facts(text, Role(role), Form(form), group, book.group(group).tags, reply)
    told = explain(facts, book.rules)
    click.echo(json.dumps(_explanation(told)) if as_json else "\n".join(_explanation_lines(told)))


@rules.command()
@click.argument("new_dir", type=_FOLDER, required=False)
@click.option("--days", type=click.IntRange(1, 365), default=14, show_default=True, help="How far back; Kafka keeps 14 days.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def backtest(new_dir: Path | None, days: int, as_json: bool) -> None:
    """Run the rules of NEW_DIR over the messages of the last days: tickets gained, lost and changed, and which rules did it.

    Without NEW_DIR the rules in use are compared with no rules at all: it shows every ticket that they make.
    """
    settings = load_settings()
    now_in_use = load_book(settings.rules_dir)
    before, after = (now_in_use, load_book(new_dir)) if new_dir else (_without_rules(now_in_use), now_in_use)
    found = compare(read_inbound(settings, datetime.now(UTC) - timedelta(days=days)), before, after)
    click.echo(found.model_dump_json() if as_json else "\n".join(_comparison_lines(found, days)))


@rules.command()
@click.option("--days", type=click.IntRange(1, 365), default=14, show_default=True, help="How far back; Kafka keeps 14 days.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def stats(days: int, as_json: bool) -> None:
    """Count what each rule did over the messages of the last days: hits, last hit, never hit, always behind another."""
    settings = load_settings()
    book = load_book(settings.rules_dir)
    usage = measure_usage(read_inbound(settings, datetime.now(UTC) - timedelta(days=days)), book)
    click.echo(usage.model_dump_json() if as_json else "\n".join(_usage_lines(usage, days)))


@rules.command("schema")
@click.argument("folder", type=_FOLDER, required=False)
def schema(folder: Path | None) -> None:
    """Write the JSON Schemas that editors use for completion into the rules folder."""
    for path in write_schemas(folder or load_settings().rules_dir):
        click.echo(f"wrote {path}")


rules.add_command(suggest_command)


def _without_rules(book: Book) -> Book:
    return Book(book.version, type(book.rules)((), (), book.rules.lists, book.version), book.groups, book.team)


def _explanation(told: Explanation) -> dict[str, object]:
    return {
        "detection": told.verdict.detection.model_dump(mode="json", exclude_none=True),
        "read_as": told.read_as,
        "scores": {label.value: round(score, 3) for label, score in told.verdict.scores},
        "rules": [
            {
                "id": trace.rule.id,
                "label": trace.rule.then.label.value,
                "weight": trace.rule.then.weight,
                "fits": trace.fits,
                "outcome": trace.outcome,
                "conditions": [{"asked": c.asked, "holds": c.holds, "found": c.found} for c in trace.checks],
            }
            for trace in told.rules
        ],
    }


def _explanation_lines(told: Explanation) -> list[str]:
    detection = told.verdict.detection
    lines = [f"read as   {told.read_as}"]
    for trace in told.rules:
        lines += _trace_lines(trace)
    lines += ["", "totals    " + (", ".join(f"{label} {total:.2g}" for label, total in told.verdict.scores) or "none")]
    if not detection.decided_by:
        return [*lines, f"UNDECIDED {detection.reason}: the model or a person is asked"]
    details = [detection.category, detection.priority, detection.status, detection.language]
    named = ", ".join(str(value) for value in details if value)
    lines.append(f"{detection.label.upper():<9} by rule {detection.decided_by}, confidence {detection.confidence:.2f}  {named}")
    return [*lines, f"title     {detection.title}"] if detection.title else lines


def _trace_lines(trace: RuleTrace) -> list[str]:
    rule = trace.rule
    head = (
        f"{'✓' if trace.fits else '·'} {rule.priority:>3} {rule.id:<22} {rule.then.label} {rule.then.weight:.2g}  {trace.outcome}"
    )
    marks = [
        f"          {'pass' if check.holds else 'fail'}  {check.asked}{f'  found: {check.found}' if check.found else ''}"
        for check in trace.checks
    ]
    return [head, *marks]


def _comparison_lines(found: Comparison, days: int) -> list[str]:
    lines = [f"{found.messages} messages of {days} days: {found.tickets_before} tickets before, {found.tickets_after} after"]
    kinds: tuple[Change, ...] = ("gained", "lost", "changed", "other")
    for kind in kinds:
        of_kind = [one for one in found.differences if one.change == kind]
        rules_to_blame = ", ".join(f"{rule} {count}" for rule, count in found.by_rule(kind))
        lines.append(f"{kind:<8} {len(of_kind)}" + (f"   {rules_to_blame}" if of_kind else ""))
        for one in of_kind:
            was, now = (f"{d.label}{f'/{d.category}' if d.category else ''}" for d in (one.before, one.after))
            lines.append(f"   {one.sent_at}  {was} -> {now}  ({one.blamed})  {' '.join(one.text.split())[:_SHOWN]}")
    return lines


def _usage_lines(usage: Usage, days: int) -> list[str]:
    lines = [
        f"{usage.messages} messages of {days} days, {usage.undecided} left undecided by the rules",
        f"{'rule':<24}{'mode':<8}{'fitted':>8}{'counted':>9}{'decided':>9}  last",
    ]
    for one in usage.rules:
        last = one.last_fitted_at.isoformat(timespec="minutes") if one.last_fitted_at else "-"
        lines.append(f"{one.id:<24}{one.mode:<8}{one.fitted:>8}{one.counted:>9}{one.decided:>9}  {last}  {one.remark}".rstrip())
    return lines
