"""The places at which a process can be made to die: off by default, refused outside of tests, and each passed by its role."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stream import crash_points
from stream.errors import SettingsError
from stream.settings import Settings

ROOT = Path(__file__).parents[2]
ALL = {point for points in crash_points.POINTS.values() for point in points}


def settings(**changes: object) -> Settings:
    return Settings(_env_file=None, **changes)


def test_nothing_happens_by_default() -> None:
    crash_points.arm(settings())
    for point in ALL:
        crash_points.reach(point)


def test_a_place_alone_is_refused() -> None:
    with pytest.raises(SettingsError, match="for tests alone"):
        crash_points.arm(settings(crash_at="worker.sent"))


@pytest.mark.parametrize("place", ["worker.nowhere", "worker.sent@soon", "@3"])
def test_a_place_that_does_not_exist_is_refused(place: str) -> None:
    with pytest.raises(SettingsError, match="names no place"):
        crash_points.arm(settings(crash_at=place, crashes_allowed=True))


def test_the_process_dies_the_third_time_that_it_comes_there() -> None:
    script = (
        "from stream import crash_points; from stream.settings import Settings\n"
        "crash_points.arm(Settings(_env_file=None, crash_at='sheet.stored@3', crashes_allowed=True))\n"
        "for number in range(5):\n"
        "    crash_points.reach('sheet.committed'); crash_points.reach('sheet.stored'); print(number, flush=True)\n"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert told.returncode == -signal.SIGKILL
    assert told.stdout.split() == ["0", "1"]


def test_every_place_is_passed_by_the_role_that_it_is_named_for() -> None:
    for role, points in crash_points.POINTS.items():
        source = "".join(path.read_text() for path in sorted((ROOT / "stream" / role).rglob("*.py")))
        passed = set(re.findall(r'crash_points\.reach\("([a-z._]+)"\)', source))
        if "_may_crash" in source:
            passed |= {f"{role}.{step}" for step in re.findall(r'checkpoint\("([a-z_]+)"\)', source)}
        assert passed == set(points), role
