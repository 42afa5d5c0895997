"""rules/followups.yaml, read into `FollowUps`: every problem with file and line, every text tried out before it is used."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from stream.adapters.calendar_files import CalendarFile, read_ical
from stream.adapters.yaml_lines import Document, Problem, did_you_mean, fit, read_yaml
from stream.core.calendar import BusinessCalendar
from stream.core.followup_policy import FollowUps, Policy
from stream.core.sending_rules import SendingRules
from stream.core.templates import Text, try_out
from stream.core.timeline import Timeline
from stream.core.written import Written


class FollowUpFile(Written):
    """The whole file."""

    version: Literal[1]
    language: str = Field("en", description="Of texts where neither ticket nor group has one")
    sending: SendingRules = SendingRules()
    calendars: dict[str, CalendarFile] = {}
    policies: tuple[Policy, ...] = Field(min_length=1)
    texts: dict[str, Text] = {}
    timelines: tuple[Timeline, ...] = ()


def load_follow_ups(path: Path, problems: list[Problem]) -> FollowUps | None:
    """Read the file at `path`; adds every problem to `problems`, and returns None when there was one."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        problems.append(Problem(path.as_posix(), 1, "", f"the file cannot be read: {error.strerror}"))
        return None
    document, found = read_yaml(path.as_posix(), raw)
    problems += found
    if document is None:
        return None
    file, misfits = fit(document, FollowUpFile)
    problems += misfits
    if file is None:
        return None
    calendars, faults = _build_calendars(document, file, path.parent)
    faults += _check_policies(document, file)
    faults += _check_texts(document, file)
    problems += faults
    if found or faults:
        return None
    return FollowUps(
        language=file.language,
        sending=file.sending,
        calendars=calendars,
        policies=file.policies,
        texts=file.texts,
        timelines=file.timelines,
    )


def _build_calendars(document: Document, file: FollowUpFile, folder: Path) -> tuple[dict[str, BusinessCalendar], list[Problem]]:
    calendars: dict[str, BusinessCalendar] = {}
    problems: list[Problem] = []
    for name, written in file.calendars.items():
        days = {}
        for place, ical in enumerate(written.ical):
            try:
                days.update(read_ical(_beside(folder, ical)))
            except ValueError as error:
                problems.append(document.problem(("calendars", name, "ical", place), str(error)))
        calendars[name] = written.build(name, days)
    return calendars, problems


def _beside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError(f"{name} is outside of the rules folder")
    return path


def _check_policies(document: Document, file: FollowUpFile) -> list[Problem]:
    problems: list[Problem] = []
    seen: set[str] = set()
    for place, policy in enumerate(file.policies):
        here = ("policies", place)
        if policy.id in seen:
            problems.append(document.problem((*here, "id"), f"there is a policy {policy.id} above already"))
        seen.add(policy.id)
        is_last = place == len(file.policies) - 1
        if is_last and not policy.applies_to.is_everything:
            problems.append(document.problem(here, "the last policy must fit every ticket: leave out its applies_to"))
        if policy.calendar != "always" and policy.calendar not in file.calendars:
            hint = did_you_mean(policy.calendar, file.calendars)
            problems.append(document.problem((*here, "calendar"), f"there is no calendar {policy.calendar}{hint}"))
        problems += _check_names(document, file, place, policy)
    for place, timeline in enumerate(file.timelines):
        if timeline.policy is not None and timeline.policy not in seen:
            hint = did_you_mean(timeline.policy, seen)
            problems.append(document.problem(("timelines", place, "policy"), f"there is no policy {timeline.policy}{hint}"))
    return problems


def _check_names(document: Document, file: FollowUpFile, place: int, policy: Policy) -> list[Problem]:
    used: list[tuple[tuple[str | int, ...], str]] = [
        (("policies", place, "steps", number, key), name)
        for number, step in enumerate(policy.steps)
        for key, name in (("say", step.say), ("escalate", step.escalate))
        if name is not None
    ]
    if policy.promises.warn is not None:
        used.append((("policies", place, "promises", "warn"), policy.promises.warn))
    return [
        document.problem(path, f"there is no text {name}{did_you_mean(name, file.texts)}")
        for path, name in used
        if name not in file.texts
    ]


def _check_texts(document: Document, file: FollowUpFile) -> list[Problem]:
    problems: list[Problem] = []
    for name, text in file.texts.items():
        for fault in try_out(text, file.sending.longest_text):
            form = (fault.form,) if ("texts", name, "one") in document.lines else ()
            problems.append(document.problem(("texts", name, *form, fault.language), fault.message))
    return problems
