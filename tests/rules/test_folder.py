"""The rules folder that ships: it loads, its examples hold, its schemas are current."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest

from stream.adapters.rule_files import load_book
from stream.adapters.yaml_lines import read_yaml
from stream.core.detect import Facts, detect
from stream.core.detection import Label
from stream.core.rule_match import RuleSet
from stream.rules_tools.schemas import rules_schemas

FOLDER = Path(__file__).parents[2] / "rules"


@cache
def _rules() -> RuleSet:
    return load_book(FOLDER).rules


def test_the_folder_loads_without_a_problem() -> None:
    assert len(_rules().rules) > 20


def test_every_rule_has_examples_in_several_languages() -> None:
    thin = [c.rule.id for c in _rules().rules if len(c.rule.match) < 4 and c.rule.author != "staff"]
    assert thin == []


def test_the_schemas_beside_the_rules_are_those_of_the_models() -> None:
    for name, schema in rules_schemas().items():
        assert json.loads((FOLDER / name).read_text(encoding="utf-8")) == schema, "run `groupdesk rules schema`"


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.yaml")), ids=lambda path: path.name)
def test_every_file_names_a_schema_that_exists(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    if named is None:
        pytest.skip("this file's part has no schema in the folder")
    assert (path.parent / named[1]).is_file()


def test_the_example_of_the_readme_can_be_copied(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", (FOLDER / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    document, problems = read_yaml("README.md", example.encode())
    assert document is not None
    assert not problems
    for part in ("lists", "detect"):
        (tmp_path / part).mkdir()
    for name in FOLDER.glob("lists/*.yaml"):
        (tmp_path / "lists" / name.name).write_bytes(name.read_bytes())
    (tmp_path / "detect" / "copied.yaml").write_text(example, encoding="utf-8")
    assert len(load_book(tmp_path).rules.rules) == len(document.data["rules"])


@pytest.mark.parametrize(
    ("text", "label", "category"),
    [
        ("Good morning, my package still has not arrived", Label.UPDATE, None),
        ("Hi team, the parcel never arrived, please check", Label.TICKET, "delivery"),
        ("Kak, saya tidak bisa login dari tadi pagi", Label.TICKET, "login"),
        ("bom dia, fui cobrado duas vezes esse mes", Label.TICKET, "billing"),
        ("no tengo internet desde anoche", Label.TICKET, "outage"),
        ("obrigada gente, bom fds!", Label.NOISE, None),
        ("makasih banyak kak 🙏", Label.NOISE, None),
        ("ya funciona, mil gracias", Label.UPDATE, None),
        ("we are looking into it, sorry", Label.UPDATE, None),
    ],
)
def test_everyday_messages_are_what_people_would_say_they_are(text: str, label: Label, category: str | None) -> None:
    found = detect(Facts(text), _rules())
    assert (found.label, found.category) == (label, category)
