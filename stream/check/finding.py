"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    NOTE = "note"  # works, and is worth knowing
    PROBLEM = "problem"  # something will not work


@dataclass(frozen=True)
class Finding:
    """One result: what was looked at, how it is in one sentence, and what to do when it is not well."""

    about: str
    level: Level
    told: str
    to_do: str = ""


def well(about: str, told: str) -> Finding:
    """Return a finding that needs nothing."""
    return Finding(about, Level.OK, told)


def note(about: str, told: str, to_do: str = "") -> Finding:
    """Return a finding that works, and that an operator may want to know."""
    return Finding(about, Level.NOTE, told, to_do)


def problem(about: str, told: str, to_do: str) -> Finding:
    """Return a finding that somebody must act on."""
    return Finding(about, Level.PROBLEM, told, to_do)
