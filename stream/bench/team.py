"""The rules under measurement: those of the user, with a team of the bench's own, so that somebody answers in the load."""

from __future__ import annotations

import shutil
from pathlib import Path

from stream.bench.load import STAFF_LIDS


def copy_rules(rules_dir: Path, into: Path) -> Path:
    """Copy the rules folder and name the staff of the load in it; returns the copy."""
    shutil.copytree(rules_dir, into)
    people = "".join(f'  - {{name: Staff {lid[-1]}, lids: ["{lid}"]}}\n' for lid in STAFF_LIDS)
    (into / "team.yaml").write_text(f"version: 1\nteam:\n{people}")
    (into / "groups.yaml").write_text("version: 1\ngroups: []\n")
    return into
