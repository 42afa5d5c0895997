from __future__ import annotations

import contextlib
from collections.abc import Iterable

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from stream.core.inputs import Form
from stream.core.people import Role
from stream.core.rule_match import Facts, NamedLists, RuleSet
from stream.core.rule_match_compile import RuleSource, compile_rules, read_lists, read_spellings
from stream.core.rule_match_patterns import GAP, GAP_WORDS, read_entry, read_regex
from stream.core.rule_match_regexes import RegexSet, regex_line
from stream.core.rules import Rule
from stream.core.text import fold


def rule(id_: str = "r", when: dict[str, object] | None = None, then: dict[str, object] | None = None, **more: object) -> Rule:
    return Rule.model_validate({"id": id_, "title": id_, "when": when or {}, "then": then or {"noise": True}, **more})


def compiled(*rules: Rule, lists: dict[str, list[str]] | None = None) -> RuleSet:
    named, faults = read_lists("lists/en.yaml", lists or {}, "en")
    found, more = compile_rules([RuleSource(one) for one in rules], named)
    assert not faults + more
    return found


def fitting(rules: RuleSet, text: str, **facts: object) -> list[str]:
    return [found.rule.id for found in rules.read(Facts(text, **facts)).rules]  # type: ignore[arg-type] # facts by name


@pytest.mark.parametrize(
    ("entry", "text", "fits"),
    [
        ("late", "it is LATE!!", True),
        ("late", "later", False),
        ("late", "translate", False),
        ("não chegou", "NAO CHEGOU ainda", True),
        ("não chegou", "chegou não", False),
        ("deliver*", "undelivered delivery", True),
        ("deliver*", "undelivered", False),
        ("please", "pleaseeeee", True),
        ("good", "gooooood", True),
        ("not ... working", "it is not really properly working", True),
        ("not ... working", "not a b c d working", True),
        ("not ... working", "not a b c d e working", False),
        ("not ... working", "working, not", False),
        ("404", "error ٤٠٤", True),
        ("👍", "👍🏿", True),
        ("can't", "i cant", True),
        ("e-mail", "my e mail", True),
        ("?", "why?", True),
        ("привет", "Привет!", True),
    ],
)
def test_whole_words_are_found(entry: str, text: str, fits: bool) -> None:
    assert (fitting(compiled(rule(when={"any": [{"words": entry}]})), text) == ["r"]) is fits


def test_a_word_may_be_known_and_have_known_stems() -> None:
    rules = compiled(
        rule("stem", {"any": [{"words": "deliver*"}]}),
        rule("longer", {"any": [{"words": "delivere*"}]}),
        rule("word", {"any": [{"words": "delivered"}]}),
    )
    assert fitting(rules, "delivered") == ["stem", "longer", "word"]


def test_all_any_none_are_each_what_they_say() -> None:
    when = {"all": [{"words": "a"}, {"words": "b"}], "any": [{"words": "c"}, {"words": "d"}], "none": [{"words": "x"}]}
    rules = compiled(rule(when=when))
    assert fitting(rules, "b a d") == ["r"]
    for text in ("a c", "a b", "a b c x"):
        assert fitting(rules, text) == []


@pytest.mark.parametrize("kind", ["any", "all"])
def test_what_must_not_be_there_counts_beside_one_test_too(kind: str) -> None:
    rules = compiled(rule(when={kind: [{"words": "a"}], "none": [{"words": "x"}]}))
    assert fitting(rules, "a b") == ["r"]
    assert fitting(rules, "a b x") == []


def test_the_whole_message_must_be_made_of_the_entries() -> None:
    rules = compiled(
        rule(when={"all": [{"whole_message": ["$hi", "very much", "thanks", "so so much"]}]}), lists={"hi": ["good day", "all"]}
    )
    assert fitting(rules, "Good day, all! Thanks very much") == ["r"]
    for text in ("good day but it is broken", "thanks very", "day good", ""):
        assert fitting(rules, text) == []


def test_a_list_in_one_language_can_be_named_alone() -> None:
    english, _ = read_lists("lists/en.yaml", {"hi": ["hello"]}, "en")
    spanish, _ = read_lists("lists/es.yaml", {"hi": ["hola"]}, "es")
    both = NamedLists({"hi": english.by_name["hi"] + spanish.by_name["hi"]})
    rules, faults = compile_rules(
        [RuleSource(rule("any", {"any": [{"words": "$hi"}]})), RuleSource(rule("es", {"any": [{"words": "$hi.es"}]}))], both
    )
    assert not faults
    assert fitting(rules, "hello") == ["any"]
    assert fitting(rules, "hola") == ["any", "es"]


def test_another_spelling_is_the_word_in_rules_and_in_messages() -> None:
    spellings, faults = read_spellings("lists/id.yaml", {"tidak": ["gak", "TDK"], "não": ["naum"]})
    assert not faults
    sources = [
        RuleSource(rule("plain", {"any": [{"words": "tidak bisa"}]})),
        RuleSource(rule("slang", {"any": [{"words": "gak bisa"}]})),
    ]
    rules, _ = compile_rules(sources, NamedLists({}, spellings))
    for text in ("tidak bisa", "gak bisa", "Tdk bisaaa", "GAAAK BISA"):
        assert fitting(rules, text) == ["plain", "slang"]
    assert fitting(rules, "bisa") == []


@pytest.mark.parametrize("wrong", [{"so much": ["sm"]}, {"please": ["p l s"]}, {"a": ["b"], "b": ["c"]}])
def test_a_spelling_is_one_word_for_one_word(wrong: dict[str, list[str]]) -> None:
    assert read_spellings("lists/en.yaml", wrong)[1]


@pytest.mark.parametrize(
    ("when", "facts", "fits"),
    [
        ({"from": "staff"}, {"role": Role.STAFF}, True),
        ({"from": "staff"}, {"role": Role.SELF}, True),
        ({"from": "staff"}, {"role": Role.CUSTOMER}, False),
        ({"from": "customer"}, {"role": Role.STAFF}, False),
        ({"forms": ["image"]}, {"form": Form.IMAGE}, True),
        ({"forms": ["image"]}, {"form": Form.TEXT}, False),
        ({"is_reply": True}, {"is_reply": True}, True),
        ({"is_reply": False}, {"is_reply": True}, False),
        ({"groups": ["tag:shops"]}, {"tags": ("shops",)}, True),
        ({"groups": ["tag:shops"]}, {"tags": ("north",)}, False),
        ({"groups": ["12@g.us"]}, {"group": "12@g.us"}, True),
        ({"max_words": 1}, {}, False),
        ({"min_words": 3}, {}, False),
    ],
)
def test_a_rule_can_ask_who_where_and_what_kind(when: dict[str, object], facts: dict[str, object], fits: bool) -> None:
    rules = compiled(rule(when={"any": [{"words": "word"}], **when}))
    assert (fitting(rules, "a word", **facts) == ["r"]) is fits


def test_a_rule_may_need_no_words_at_all() -> None:
    assert fitting(compiled(rule(when={"forms": ["audio"]})), "", form=Form.AUDIO) == ["r"]


@pytest.mark.parametrize(
    "when",
    [
        {},
        {"none": [{"words": "a"}]},
        {"any": [{}]},
        {"any": [{"words": "a", "regex": "b"}]},
        {"any": [{"words": []}]},
        {"any": [{"contains": "a"}]},
    ],
)
def test_a_rule_that_says_nothing_or_two_things_is_refused(when: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        rule(when=when)


_EVIL = ["(a+)+$", "(a|aa)+$", "(a*)*b", "([a-zA-Z]+)*$", "(x+x+)+y", "a{1,1000}", "(.*a){20}"]


@pytest.mark.parametrize("pattern", _EVIL)
def test_no_regex_can_hang(pattern: str) -> None:
    try:
        ready = read_regex(pattern)
    except ValueError:
        return  # refused for its weight, or because it fits everything
    RegexSet({0: ready}).find("a" * 4000 + "!")


@pytest.mark.parametrize("pattern", ["(", "[a", "(?<=a)b", "(a)\\1", ".*", "", "a*", "(" * 400, "(a{1000}){1000}", "\\p{Nope}"])
def test_a_regex_that_cannot_be_used_is_told_in_words(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"^(RE2 cannot|it )"):
        read_regex(pattern)


def test_regexes_meet_folded_text() -> None:
    rules = compiled(rule(when={"any": [{"regex": r" Pedido [0-9]{4} (não|nunca) "}]}))
    assert fitting(rules, "o PEDIDO 1234 nããão veio") == ["r"]
    assert fitting(rules, "pedido 12345 não") == []


_WORD = st.sampled_from(["a", "bb", "ccc", "dd*", "eee*", "f", "não"])
_ENTRY = st.lists(_WORD, min_size=1, max_size=3).map(lambda words: " ".join(word.replace("dd*", "ddd*") for word in words))
_GAPPED = st.lists(_ENTRY, min_size=2, max_size=3).map(" ... ".join)
_TEXT = st.lists(
    st.sampled_from(["a", "aaaa", "bb", "b", "ccc", "dddx", "ddd", "eeely", "f", "NÃO", "zz", "?"]), max_size=12
).map(" ".join)


def _stands_in(entry: str, text: str) -> bool:
    """Whether an entry stands in a text, found the plain way: every place is tried."""
    pattern, words = read_entry(entry).words, fold(text)

    def one(wanted: str, word: str) -> bool:
        return word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted

    def from_here(left: tuple[str, ...], place: int) -> bool:
        if not left:
            return True
        if left[0] == GAP:
            return any(from_here(left[1:], place + skipped) for skipped in range(GAP_WORDS + 1))
        return place < len(words) and one(left[0], words[place]) and from_here(left[1:], place + 1)

    return any(from_here(pattern, place) for place in range(len(words)))


@given(st.lists(st.lists(st.one_of(_ENTRY, _GAPPED), min_size=1, max_size=3), min_size=1, max_size=8), _TEXT)
@settings(max_examples=300, deadline=None)
def test_one_walk_finds_what_trying_every_place_finds(rules: list[list[str]], text: str) -> None:
    text = text.replace("aaaa", "a")  # stretched words have tests of their own: here both sides see the same words
    ruleset = compiled(*(rule(f"r{n}", {"any": [{"phrases": entries}]}) for n, entries in enumerate(rules)))
    expected = [f"r{n}" for n, entries in enumerate(rules) if any(_stands_in(entry, text) for entry in entries)]
    assert fitting(ruleset, text) == expected


def _is_made_of(entries: list[str], text: str) -> bool:
    """Whether a text is made of nothing but entries, found the plain way: every cut is tried."""
    words = fold(text)
    ends = {0}
    for end in range(1, len(words) + 1):
        if any(begin in ends and any(_is(entry, words[begin:end]) for entry in entries) for begin in range(end)):
            ends.add(end)
    return bool(words) and len(words) in ends


def _is(entry: str, words: list[str]) -> bool:
    pattern = read_entry(entry).words
    return len(pattern) == len(words) and _stands_in(entry, " ".join(words))


@given(st.lists(st.lists(_ENTRY, min_size=1, max_size=4), min_size=1, max_size=4), _TEXT)
@settings(max_examples=300, deadline=None)
def test_a_whole_message_is_covered_as_trying_every_cut_covers_it(rules: list[list[str]], text: str) -> None:
    text = text.replace("aaaa", "a")
    ruleset = compiled(*(rule(f"r{n}", {"any": [{"whole_message": entries}]}) for n, entries in enumerate(rules)))
    assert fitting(ruleset, text) == [f"r{n}" for n, entries in enumerate(rules) if _is_made_of(entries, text)]


@given(st.permutations(range(6)), _TEXT)
def test_the_order_of_rules_in_the_files_does_not_change_which_fit(order: list[int], text: str) -> None:
    entries: Iterable[str] = ("a", "bb ccc", "ddd*", "a ... f", "não", "eee*")
    rules = [rule(f"r{n}", {"any": [{"words": entry}]}) for n, entry in enumerate(entries)]
    assert sorted(fitting(compiled(*(rules[n] for n in order)), text)) == sorted(fitting(compiled(*rules), text))


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        (r" [0-9]{4} ", "order 1234 now", True),  # nothing in it can be looked for as plain text
        (r" [0-9]{4} ", "order 12345 now", False),
        (r" refund|chargeback ", "a chargeback please", True),
        (r" refund .* (order|parcel) ", "refund for my parcel", True),
        (r" refund .* (order|parcel) ", "refund for my letter", False),
        (r"(order|[0-9]+) lost", "12 lost", True),
        (r" # [a-z]", "so happy #friday", True),
        (r" # [a-z]", "order #4711", False),
    ],
)
def test_regexes_fit_alone_and_among_many_as_re2_says(pattern: str, text: str, fits: bool) -> None:
    others = [rf" w{n} [0-9]+ " for n in range(40)] + [rf"[a-f]{{{n}}} " for n in range(3, 9)]
    patterns = {n: read_regex(other) for n, other in enumerate([*others, pattern])}
    assert (len(others) in RegexSet(patterns).find(regex_line(fold(text)))) is fits
    assert (RegexSet({7: read_regex(pattern)}).find(regex_line(fold(text))) == {7}) is fits


_PATTERN = st.lists(
    st.sampled_from(["a", "bb", "[a-c]", "[0-9]", "(a|f)", "b+", "c?", " ", ".", "f.*b"]), min_size=1, max_size=5
).map("".join)


@given(st.lists(_PATTERN, min_size=1, max_size=6), _TEXT)
@settings(deadline=None)
def test_many_regexes_find_what_each_finds_alone(patterns: list[str], text: str) -> None:
    usable = {}
    for number, pattern in enumerate(patterns):
        with contextlib.suppress(ValueError):
            usable[number] = read_regex(pattern)
    line = regex_line(fold(text))
    assert RegexSet(usable).find(line) == {n for n, pattern in usable.items() if re2.search(pattern, line)}
