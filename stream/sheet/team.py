"""The team's names for the dropdown of assignees, read from `team.yaml` alone."""

from __future__ import annotations

from pathlib import Path

from stream import logs
from stream.adapters.rule_files import build_book, take_snapshot
from stream.core.sheet_edits import People, team_of
from stream.core.team import phone_forms
from stream.errors import RulesError

log = logs.get(__name__)


def load_people(rules_dir: Path) -> People:
    """Return the team; one that cannot be read leaves the sheet without its dropdown, never without its rows."""
    try:
        files = {name: raw for name, raw in take_snapshot(rules_dir).items() if Path(name).stem == "team"}
        loaded = build_book(rules_dir, files)
    except (RulesError, OSError) as error:
        log.warning("team not read", reason=str(error))
        return People()
    for problem in loaded.problems:
        log.warning("team not read", where=f"{problem.file}:{problem.line}", problem=problem.message)
    members: dict[str, list[str]] = {}
    for member in loaded.book.team.team:
        phones = [form for phone in member.phones for form in sorted(phone_forms(phone))]
        addresses = [*phones, *(f"{phone}@s.whatsapp.net" for phone in phones), *(f"{lid}@lid" for lid in member.lids)]
        members.setdefault(member.name, []).extend(addresses)
    return team_of(members)
