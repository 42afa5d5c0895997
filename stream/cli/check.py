"""`groupdesk check`: what is wrong, and what to do."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from stream.check.finding import Finding, Level
from stream.check.machine import check_machine
from stream.check.parts import check_parts
from stream.check.settings import check_settings, check_values

_MARKS = {Level.OK: ("ok", "green"), Level.NOTE: ("note", "yellow"), Level.PROBLEM: ("PROBLEM", "red")}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
def check(as_json: bool) -> None:
    """Look at settings, folders, ports, broker, topics, rules and sheet, and tell every problem at once with what to do.

    Changes nothing and sends nothing. Exit status 1 when there is a problem.
    """
    settings, findings = check_values()
    if settings is not None:
        findings = [*check_settings(settings), *check_machine(settings), *check_parts(settings)]
    problems = sum(finding.level is Level.PROBLEM for finding in findings)
    if as_json:
        click.echo(json.dumps({"ok": not problems, "findings": [asdict(finding) for finding in findings]}))
    else:
        for finding in findings:
            _show(finding)
        click.echo(f"\n{problems} problem{'' if problems == 1 else 's'}." if problems else "\nEverything is ready.")
    if problems:
        raise SystemExit(1)


def _show(finding: Finding) -> None:
    mark, colour = _MARKS[finding.level]
    click.echo(f"{click.style(f'{mark:<8}', fg=colour)} {finding.about:<12} {finding.told}")
    if finding.to_do:
        click.echo(f"{'':<21} -> {finding.to_do}")
