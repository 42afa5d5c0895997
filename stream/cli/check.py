"""`groupdesk check`: what is wrong, and what to do. With --full, a test message goes the whole way."""

from __future__ import annotations

import json
import signal
from dataclasses import asdict

import click

from stream.check.finding import Finding, Level
from stream.check.machine import check_machine
from stream.check.parts import check_parts
from stream.check.settings import check_settings, check_values
from stream.check.stages import Result, Stage
from stream.settings import Settings

_MARKS = {Level.OK: ("ok", "green"), Level.NOTE: ("note", "yellow"), Level.PROBLEM: ("PROBLEM", "red")}
_RESULTS = {Result.OK: "green", Result.SKIPPED: "yellow", Result.FAILED: "red"}


@click.command()
@click.option("--full", is_flag=True, help="Also send a test group's message through every part, and close its ticket again.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
def check(full: bool, as_json: bool) -> None:
    """Tell every problem of settings, folders, ports, broker, topics, rules, sheet and WhatsApp at once, with what to do.

    Changes nothing and sends nothing. Exit status 1 when there is a problem.

    With --full, a message of a test group goes through the real bridge, broker, worker, model if configured, sheet and sender,
    stage by stage with times, and the end is pass or the one thing to fix. It uses the Groupdesk that runs; where none runs,
    one is started for it in a folder of its own and stopped again, without any account. Nothing is sent to WhatsApp either way.
    """
    settings, findings, unreadable = check_values()
    findings += check_settings(settings, unreadable)
    findings += check_machine(settings, unreadable)
    findings += check_parts(settings, unreadable)
    problems = [finding for finding in findings if finding.level is Level.PROBLEM]
    if not as_json:
        for finding in findings:
            _show(finding)
    if full:
        _check_fully(None if unreadable else settings, findings, as_json=as_json)
        return
    if as_json:
        click.echo(json.dumps({"ok": not problems, "findings": [asdict(finding) for finding in findings]}))
    else:
        count = len(problems)
        click.echo(f"\n{count} problem{'' if count == 1 else 's'}." if problems else "\nEverything is ready.")
    if problems:
        raise SystemExit(1)


def _check_fully(settings: Settings | None, findings: list[Finding], *, as_json: bool) -> None:
    from stream.check.full import check_fully  # noqa: PLC0415 -- it loads every role, which the short check need not wait for

    for number in (signal.SIGTERM, signal.SIGHUP):  # so that the test ticket is closed and what was started is stopped
        signal.signal(number, lambda *_: _end())
    if not as_json:
        click.echo("\nA test message on its way:")
    checked = None if settings is None else check_fully(settings, _show_nothing if as_json else _show_stage)
    problem = next((each for each in findings if each.level is Level.PROBLEM), None)
    failed = checked.to_fix if checked else None
    told, to_do = (problem.told, problem.to_do) if problem else (failed.told, failed.to_do) if failed else ("", "")
    is_ok = not (problem or failed)
    if as_json:
        stages = [asdict(stage) for stage in checked.stages] if checked else []
        fix = None if is_ok else {"told": told, "to_do": to_do}
        where = None if checked is None else "running" if checked.in_running else "own"
        listed = [asdict(finding) for finding in findings]
        click.echo(json.dumps({"ok": is_ok, "fix": fix, "where": where, "findings": listed, "stages": stages}))
    elif is_ok:
        click.echo("\nPass.")
    else:
        click.echo(f"\nTo fix first: {told}\n  -> {to_do}")
    if not is_ok:
        raise SystemExit(1)


def _show(finding: Finding) -> None:
    mark, colour = _MARKS[finding.level]
    click.echo(f"{click.style(f'{mark:<8}', fg=colour)} {finding.about:<12} {finding.told}")
    if finding.to_do:
        click.echo(f"{'':<21} -> {finding.to_do}")


def _show_stage(stage: Stage) -> None:
    mark = click.style(f"{stage.result:<8}", fg=_RESULTS[stage.result])
    click.echo(f"{mark} {stage.name:<31} {stage.elapsed_ms:>8.0f} ms  {stage.told}")


def _show_nothing(_stage: Stage) -> None:
    return


def _end() -> None:
    raise SystemExit(143)
