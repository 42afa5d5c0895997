"""What the worker's heartbeat tells of a rules folder that cannot be used as it is."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stream.adapters.rule_files import build_book, take_snapshot
from stream.adapters.yaml_lines import Problem
from stream.settings import Settings
from stream.worker.heartbeat import Heartbeat, tell_problems
from stream.worker.lease import Lease

GROUPS = "version: 1\ngroups: []\n"


def test_a_broken_file_is_told_with_its_line_and_no_path_of_the_machine(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    (rules / "detect").mkdir(parents=True)
    (rules / "groups.yaml").write_text(GROUPS)
    (rules / "detect" / "own.yaml").write_text("version: 1\nrules:\n  - id: a\n    when: [\n")
    problems = build_book(rules, take_snapshot(rules)).problems

    told = tell_problems(problems, rules)["rules"]

    assert "rules/detect/own.yaml:" in told
    assert "not YAML" in told
    assert str(tmp_path) not in told


@pytest.mark.parametrize(
    ("number", "begin"), [(1, "1 problem: r/a.yaml:1: first"), (3, "3 problems, the first: r/a.yaml:1: first")]
)
def test_problems_are_counted_in_words(number: int, begin: str) -> None:
    problems = [Problem(f"/x/r/{name}.yaml", 1, "", said) for name, said in (("a", "first"), ("b", "second"), ("c", "third"))]

    assert tell_problems(problems[:number], Path("/x/r")) == {"rules": begin}


def test_no_problem_is_no_trouble() -> None:
    assert tell_problems((), Path("/x/r")) == {}


@pytest.mark.parametrize("file", ["team.yaml", "groups.yaml"])
def test_of_files_on_people_only_the_line_is_told(file: str) -> None:
    told = tell_problems([Problem(f"/x/r/{file}", 7, "members[0].phone", "no number (here: '+5521990001111')")], Path("/x/r"))

    assert told["rules"] == f"1 problem: r/{file}:7: `groupdesk rules check` tells what is wrong"


def test_a_folder_that_went_away_is_told_without_its_address() -> None:
    told = tell_problems([Problem("/x/r", 1, "", "There is no rules folder at /x/r")], Path("/x/r"))

    assert told["rules"] == "1 problem: the rules folder cannot be read; see the worker's log"


async def test_a_worker_of_which_kafka_has_not_heard_does_not_say_that_it_is_well() -> None:
    now, said = [100.0], []
    lease = Lease(lambda: now[0])
    lease.renew(100.0)
    watcher = SimpleNamespace(book=SimpleNamespace(version="0" * 12), problems=())
    agent: Any = SimpleNamespace(app=SimpleNamespace(lease=lease), is_recovered=True, summaries={}, watcher=watcher)

    async def send(**record: Any) -> None:
        said.append(json.loads(record["value"]))

    heartbeat = Heartbeat(agent, SimpleNamespace(send=send), Settings(_env_file=None))
    await heartbeat.beat()
    now[0] += 12
    await heartbeat.beat()

    assert [each["status"] for each in said] == ["ok", "degraded"]
    assert "has not heard of it for 12 s" in said[1]["detail"]
