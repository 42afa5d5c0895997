from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for package in ("stream", "dashboard") for path in (ROOT / package).rglob("*.py"))
LONGEST = 300


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def test_the_import_rule_holds() -> None:
    told = subprocess.run([Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout


def test_no_source_file_is_longer_than_a_reader_can_hold() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in [*SOURCES, *sorted((ROOT / "tests").rglob("conftest.py"))]}
    assert {
        name: lengths[path] for path, name in zip(lengths, names(list(lengths)), strict=True) if lengths[path] > LONGEST
    } == {}


def test_every_module_says_what_it_is_for() -> None:
    assert names([path for path in SOURCES if not ast.get_docstring(parsed(path))]) == []


def test_only_the_settings_and_the_launcher_of_processes_read_the_environment() -> None:
    allowed = {"stream/settings.py", "stream/up/supervision.py", "stream/bench/processes.py"}
    readers = {path for path in SOURCES for node in ast.walk(parsed(path)) if _is_attribute(node, "os", {"environ", "getenv"})}
    assert set(names(sorted(readers))) <= allowed


def test_the_core_has_no_clock_and_no_chance() -> None:
    for path in sorted((ROOT / "stream" / "core").rglob("*.py")):
        for node in ast.walk(parsed(path)):
            assert not _is_attribute(node, "datetime", {"now", "utcnow", "today"}), path
            assert not _is_attribute(node, "time", {"time", "monotonic"}), path
            if isinstance(node, ast.Import):
                assert not {alias.name for alias in node.names} & {"random", "secrets", "logging", "os"}, path


def _is_attribute(node: ast.AST, owner: str, attributes: set[str]) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == owner
        and node.attr in attributes
    )


def test_nothing_is_left_for_later() -> None:
    word = re.compile(r"\b(TODO|FIXME|XXX|coming soon)\b|\braise NotImplementedError\b")
    assert names([path for path in SOURCES if word.search(path.read_text())]) == []


def test_every_exception_to_a_check_carries_its_reason() -> None:
    bare = re.compile(r"#\s*(?:noqa|type: ignore)(?!(?::\s*[A-Z]+[0-9]+(?:,\s*[A-Z]+[0-9]+)*|\[[\w\-, ]+\])\s*\S)")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))]
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if bare.search(line) and path != Path(__file__)
    ]
    assert found == []


@pytest.fixture(scope="module")
def locked() -> dict[str, str]:
    return {
        canonicalize_name(name): version
        for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    }


def test_the_lock_file_has_every_dependency_in_a_version_that_fits(locked: dict[str, str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [
        *project["project"]["dependencies"],
        *(each for extra in project["project"]["optional-dependencies"].values() for each in extra),
        *project["dependency-groups"]["dev"],
    ]
    for text in wanted:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        assert name in locked, f"{name} is missing: run `make lock`"
        assert requirement.specifier.contains(locked[name]), f"{name} {locked[name]} does not fit {requirement}: run `make lock`"


def test_every_locked_package_is_held_to_its_hash() -> None:
    entries = re.split(r"^(?=[\w.-]+==)", (ROOT / "requirements.lock").read_text(), flags=re.MULTILINE)[1:]
    assert entries
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
