"""Mistakes that people make in the rules folder, and what they are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream.adapters.rule_files import build_book, load_book, take_snapshot, version_of
from stream.errors import RulesError

GOOD = """\
version: 1
rules:
  - id: late
    title: Late
    when: {any: [{words: [late]}]}
    then: {ticket: {category: delivery}}
    match: ["so LATE"]
    no_match: [later]
"""


def folder(tmp_path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def problems_of(tmp_path: Path, files: dict[str, str]) -> list[str]:
    rules_dir = folder(tmp_path, files)
    found = build_book(rules_dir, take_snapshot(rules_dir)).problems
    return [str(problem).removeprefix(f"{rules_dir.as_posix()}/") for problem in found]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (("title:", "titel:"), "detect/a.yaml:4: rules[0].titel: unknown key, did you mean title?"),
        (("any:", "anny:"), "detect/a.yaml:5: rules[0].when.anny: unknown key, did you mean any?"),
        (("words:", "wrods:"), "detect/a.yaml:5: rules[0].when.any[0].wrods: unknown key, did you mean words?"),
        (("category:", "categori:"), "detect/a.yaml:6: rules[0].then.ticket.categori: unknown key, did you mean category?"),
        (("[late]", "[$lat]"), "detect/a.yaml:5: rules[0].when.any[0].words[0]: there is no list $lat"),
        (("    title: Late", "    title: Late\n    mode: liv"), "'liv' is none of 'off', 'shadow' or 'live', did you mean live?"),
        (
            ("    title: Late", "    title: Late\n    title: Late"),
            "detect/a.yaml:5: rules[0].title: this key stands here a second time; the first is on line 4",
        ),
        (("so LATE", "so slow"), 'detect/a.yaml:7: rules[0].match[0]: rule late does not fit its own example "so slow"'),
        (("[later]", "[so late]"), 'detect/a.yaml:8: rules[0].no_match[0]: rule late fits "so late", which it must not'),
        (("words: [late]", 'regex: "(late"'), "rules[0].when.any[0].regex: RE2 cannot read it: missing ): (?i:(late)"),
        (("words: [late]", 'words: [late], regex: "x"'), "give exactly one of words, phrases, whole_message or regex"),
        (("[late]", '["la*"]'), "at least 3 letters before *"),
        (("[late]", '["!!"]'), '"!!" has no word in it'),
        (("[late]", '["... late"]'), "... stands between words"),
        (("words: [late]", 'whole_message: ["so ... late"]'), "... cannot stand in a whole message"),
        (("version: 1", "version: 2"), "detect/a.yaml:1: version: this can only be 1, without quotes (here: 2)"),
        (("    then:", "    then: {}\n    than:"), "give exactly one of ticket, update or noise"),
        (("id: late", "id: Late!"), "does not look right"),
        (("{category: delivery}", "{category: delivery, follow_up: nope}"), "followups.yaml has no policy nope"),
        (("  - id", "\t- id"), "detect/a.yaml:3: not YAML: there is a tab on this line; indent with spaces"),
        (("rules:", "- rules:"), "not YAML"),
        (
            ("title: Late", "title: !!python/object:os.system x"),
            "tags such as tag:yaml.org,2002:python/object:os.system are not read here",
        ),
        (("title: Late", "title: !mine x"), "tags such as !mine are not read here"),
        (("title: Late", "title: *nothing"), "stands for nothing that is complete above this line"),
        (("version: 1", "version: 1\n---\nversion: 1"), "one file is one document"),
        (("[later]", '["later]'), "detect/a.yaml:8: not YAML: the quote that opens on this line is not closed"),
        (("title: Late", "title: 5"), "detect/a.yaml:4: rules[0].title: this must be text; put it in quotes (here: 5)"),
        (("title: Late", "title: Late\n    priority: high"), "rules[0].priority: this must be a whole number (here: 'high')"),
        (("title: Late", "title: Late\n    stop: maybe"), "rules[0].stop: this must be true or false (here: 'maybe')"),
        (("[{words: [late]}]", "{words: late}"), "rules[0].when.any: this must be a list: [one, two], or a line with - for each"),
        (("{any: [{words: [late]}]}", "late"), "rules[0].when: this must have keys of its own; known here: from, groups,"),
        (("title: Late", "title: Late\n    language: klingon"), "a language is named by its code, such as en, id, pt or es"),
        (
            ("ticket: {category: delivery}", "ticket: {}, weight: -1"),
            "rules[0].then.weight: this must be greater than 0 (here: -1)",
        ),
        (("title: Late", "title: Late: again"), "detect/a.yaml:4: not YAML: a colon and a space stand in the middle of a text"),
        (("[later]", "[later"), "detect/a.yaml:8: not YAML: a [list] is not closed"),
        (("[later]", "['it isn't late']"), "an apostrophe ends a '...' text"),
        (("title: Late", " title: Late"), "detect/a.yaml:4: not YAML: a colon"),
        (("title: Late", "title: La\x07te"), "detect/a.yaml:4: not YAML: there is an unseen character (U+0007) on this line"),
        (("title: Late", "title: @late"), "a text cannot begin with this character; put the text in quotes"),
        (("when: {any", "when: {min_words: 9, max_words: 2, any"), "this would fit no message: min_words is more than max_words"),
        (
            ("{category: delivery}", "{}, noise: false"),
            "rules[0].then.noise: this can only be true, without quotes (here: false)",
        ),
        (("title: Late", "<<: {}"), "<< is not read here; write the keys out"),
        (("[{words: [late]}]", f"[{{regex: {'ab' * 300}}}]"), "any[0].regex: this is too long: at most 500 characters"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_path(tmp_path: Path, wrong: tuple[str, str], told: str) -> None:
    assert GOOD.count(wrong[0]) >= 1
    found = problems_of(tmp_path, {"detect/a.yaml": GOOD.replace(wrong[0], wrong[1], 1)})
    assert any(told in line for line in found), found


def test_every_problem_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    found = problems_of(
        tmp_path,
        {
            "detect/a.yaml": GOOD.replace("title:", "titel:").replace("match:", "mach:", 1),
            "detect/b.yaml": GOOD.replace("id: late", "id: other").replace("so LATE", "nothing"),
            "lists/en.yaml": "version: 1\nlists: {hi: ['a*']}\n",
            "team.yaml": "version: 1\nteam: [{name: Ana}]\n",
            "groups.yaml": "version: 1\ngroups: [{jid: 1@g.us}, {jid: 1@g.us}, {jid: nonsense, mod: off}]\n",
            "gruops.yaml": "version: 1\n",
        },
    )
    assert len({line.split(":")[0] for line in found}) == 6
    assert len(found) >= 9
    assert any("did you mean groups.yaml?" in line for line in found)


def test_a_tag_that_nearly_is_one_is_told_and_one_that_may_come_is_not(tmp_path: Path) -> None:
    groups = "version: 1\ngroups: [{jid: 1@g.us, tags: [bakeries]}]\n"
    rule = GOOD.replace("when: {any", "when: {groups: [tag:bakerys, tag:florists], any")
    assert problems_of(tmp_path, {"groups.yaml": groups, "detect/a.yaml": rule}) == [
        "detect/a.yaml:5: rules[0].when.groups[0]: no group in groups.yaml has tag:bakerys, did you mean tag:bakeries?"
    ]


def test_a_spelling_stands_for_one_word(tmp_path: Path) -> None:
    (found,) = problems_of(tmp_path, {"lists/en.yaml": "version: 1\nspellings: {please: [pls], plus: [pls]}\n"})
    assert found == 'lists/en.yaml:2: spellings.plus[0]: "pls" is another spelling of "please" already'


def test_sound_rules_beside_one_that_does_not_fit_are_looked_at_too(tmp_path: Path) -> None:
    unsound = """\
version: 1
lists: {mine: [sun, "b*"]}
rules:
  - {id: typo, titel: x, when: {any: [{words: a}]}, then: {noise: true}}
  - {id: unknown, title: x, when: {any: [{words: $mien}]}, then: {noise: true}}
  - {id: known, title: x, when: {any: [{words: $mine}]}, then: {noise: true}, match: [sun, moon]}
  - {id: heavy, title: x, when: {any: [{regex: "(a{1,999}){1,999}"}]}, then: {noise: true}}
"""
    assert [line.split(": ")[1] for line in problems_of(tmp_path, {"detect/a.yaml": unsound})] == [
        "lists.mine[1]",
        "rules[0].titel",
        "rules[0].title",
        "rules[1].when.any[0].words[0]",
        "rules[2].match[1]",
        "rules[3].when.any[0].regex",
    ]


def test_no_list_is_called_unknown_that_could_not_be_read(tmp_path: Path) -> None:
    unread = GOOD.replace("[late]", "$late").replace("version: 1", "version: 1\nlists: {late: []}")
    assert problems_of(tmp_path, {"detect/a.yaml": unread}) == ["detect/a.yaml:2: lists.late: this list is empty"]


def test_a_file_of_words_is_named_for_its_language(tmp_path: Path) -> None:
    lists = "version: 1\nlists: {hi: [hello], none: [$hi], empty: []}\n"
    found = problems_of(tmp_path, {"lists/klingon.yaml": lists, "lists/pt-br.yaml": lists, "detect/empty.yaml": ""})
    told = "lists/klingon.yaml:1: a file here is named for the language of its words: en.yaml, id.yaml, pt.yaml, es.yaml, "
    assert found == [
        "detect/empty.yaml:1: there is nothing in this file; it must begin with keys, such as `version: 1`",
        told + "or any.yaml for all",
        "lists/pt-br.yaml:2: lists.empty: this list is empty",
        'lists/pt-br.yaml:2: lists.none[0]: "$hi": a list holds words; a rule may name several lists',
    ]


def test_a_book_is_refused_with_all_problems_in_its_message(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match=r"titel(.|\n)*b\.yaml"):
        load_book(folder(tmp_path, {"detect/a.yaml": GOOD.replace("title", "titel"), "detect/b.yaml": "rules: 7\n"}))
    with pytest.raises(RulesError, match="no rules folder"):
        load_book(tmp_path / "nowhere")


def test_a_file_with_a_problem_is_left_out_and_the_others_are_used(tmp_path: Path) -> None:
    other = GOOD.replace("id: late", "id: other")
    rules_dir = folder(tmp_path, {"detect/a.yaml": GOOD.replace("so LATE", "wrong"), "detect/b.yaml": other})
    loaded = build_book(rules_dir, take_snapshot(rules_dir))
    assert list(loaded.book.rules.by_id) == ["other"]


def test_the_same_id_in_two_files_is_told_where(tmp_path: Path) -> None:
    (found,) = problems_of(tmp_path, {"detect/a.yaml": GOOD, "detect/b.yaml": GOOD})
    assert found.startswith("detect/b.yaml:3: rules[0].id: the id late is used in ")


def test_words_that_yaml_would_twist_stay_words(tmp_path: Path) -> None:
    twisted = (
        GOOD.replace("[late]", "[no, on, yes, true, 404, 10:30, null]").replace("so LATE", "no").replace("[later]", "[maybe]")
    )
    (found,) = problems_of(tmp_path, {"detect/a.yaml": twisted})
    assert found.startswith(
        "detect/a.yaml:5: rules[0].when.any[0].words[6]: nothing stands here; write something, or take it out"
    )
    assert problems_of(tmp_path, {"detect/a.yaml": twisted.replace(", null", "")}) == []


def test_the_version_is_that_of_the_contents() -> None:
    one = version_of({"a": b"1", "b": b"2"})
    assert one == version_of({"b": b"2", "a": b"1"})
    assert len({one, version_of({"a": b"12", "b": b""}), version_of({"a": b"1"}), version_of({"a": b"1", "c": b"2"})}) == 4


_BOMBS = {
    "laughs": "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(8)),
    "aliases": "a: &a x\nb: [" + ", ".join(["*a"] * 200) + "]\n",
    "deep": "a: " + "[" * 5000,
    "deep blocks": "".join(f"{' ' * n}- \n" for n in range(500)),
    "deep closed": "a: " + "[" * 900 + "]" * 900,
    "itself": "a: &a [*a]\n",
    "merge": "a: &a {x: 1}\nb: {<<: *a}\n",
    "huge": "a: [" + "x," * 1_100_000 + "]\n",
    "many": "a: [" + "x," * 400_000 + "]\n",
    "key": "? [a, b]\n: 1\n",
    "binary": "a: !!binary aGVsbG8=\n",
    "nul": "a: \x00\n",
    "big number": "version: " + "9" * 100_000 + "\n",
    "empty": "",
    "scalar": "hello\n",
}


@pytest.mark.parametrize("bomb", _BOMBS)
def test_a_bomb_is_a_problem_and_nothing_else(tmp_path: Path, bomb: str) -> None:
    found = problems_of(tmp_path, {"detect/bomb.yaml": _BOMBS[bomb], "detect/good.yaml": GOOD})
    assert found
    assert all(line.startswith("detect/bomb.yaml:") for line in found)
    assert max(map(len, found)) < 500_000


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "detect").mkdir()
    (tmp_path / "detect" / "a.yaml").write_bytes(b"version: 1\ntitle: \xff\xfe\n")
    assert "a.yaml:2: this is not UTF-8" in str(build_book(tmp_path, take_snapshot(tmp_path)).problems[0])
