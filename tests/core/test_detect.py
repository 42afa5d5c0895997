from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.core.detect import Facts, detect, judge
from stream.core.detection import Label, Priority, UpdateStatus
from stream.core.explain import explain
from stream.core.people import Role
from stream.core.rule_match import NamedLists, RuleSet
from stream.core.rule_match_compile import RuleSource, compile_rules, read_lists
from stream.core.rules import Rule


def rules(*written: dict[str, object], lists: dict[str, list[str]] | None = None) -> RuleSet:
    named, _ = read_lists("lists/en.yaml", lists or {}, "en")
    sources = [RuleSource(Rule.model_validate({"title": str(one["id"]), **one})) for one in written]
    found, faults = compile_rules(sources, named, "v1")
    assert not faults
    return found


def on(word: str) -> dict[str, object]:
    return {"any": [{"words": word}]}


def ticket(weight: float = 1.0, **more: object) -> dict[str, object]:
    return {"ticket": more, "weight": weight}


def test_one_rule_decides_and_is_named() -> None:
    found = detect(
        Facts("it is broken"), rules({"id": "broken", "when": on("broken"), "then": ticket(category="fault", priority="high")})
    )
    assert (found.label, found.decided_by, found.version) == (Label.TICKET, "broken", "v1")
    assert (found.category, found.priority, found.title) == ("fault", Priority.HIGH, "It is broken")
    assert found.confidence == 0.75


def test_weak_hints_add_up_and_a_weak_total_stays_undecided() -> None:
    book = rules({"id": "one", "when": on("help"), "then": ticket(0.6)}, {"id": "two", "when": on("error"), "then": ticket(0.4)})
    assert detect(Facts("help, an error"), book).label is Label.TICKET
    weak = detect(Facts("help"), book)
    assert weak.label is Label.UNDECIDED
    assert weak.reason == "only hints: ticket 0.6 of 1 (one)"


def test_what_nobody_knows_is_undecided_and_never_noise() -> None:
    found = detect(Facts("qwerty"), rules({"id": "one", "when": on("help"), "then": ticket()}))
    assert (found.label, found.reason) == (Label.UNDECIDED, "no rule fits")
    assert detect(Facts(""), rules()).reason == "it has no words"


def test_rules_that_disagree_leave_it_open() -> None:
    book = rules({"id": "t", "when": on("a"), "then": ticket()}, {"id": "n", "when": on("b"), "then": {"noise": True}})
    assert detect(Facts("a b"), book).reason == "rules disagree: ticket 1, noise 1"


def test_stop_ends_the_search_by_priority() -> None:
    book = rules(
        {"id": "late", "when": on("broken"), "then": ticket(5.0)},
        {"id": "first", "priority": 1, "when": on("still"), "then": {"update": {"status": "still_open"}}, "stop": True},
    )
    verdict = judge(Facts("still broken"), book)
    assert (verdict.detection.label, verdict.detection.status) == (Label.UPDATE, UpdateStatus.STILL_OPEN)
    assert [rule.id for rule in verdict.stopped] == ["late"]


def test_a_shadow_rule_is_told_and_decides_nothing_nor_stops() -> None:
    book = rules(
        {"id": "shadow", "mode": "shadow", "priority": 1, "when": on("a"), "then": {"noise": True}, "stop": True},
        {"id": "live", "when": on("a"), "then": ticket()},
        {"id": "off", "mode": "off", "when": on("a"), "then": {"noise": True}},
    )
    verdict = judge(Facts("a"), book)
    assert verdict.detection.decided_by == "live"
    assert [rule.id for rule in verdict.shadow] == ["shadow"]


def test_staff_open_a_ticket_only_where_a_rule_says_so() -> None:
    plain = {"id": "plain", "when": on("broken"), "then": ticket()}
    staff = {"id": "staff", "when": {"from": "staff", **on("register")}, "then": ticket()}
    book = rules(plain, staff)
    assert detect(Facts("broken", Role.STAFF), book).label is Label.UNDECIDED
    assert detect(Facts("register this", Role.STAFF), book).decided_by == "staff"
    assert detect(Facts("register this", Role.CUSTOMER), book).label is Label.UNDECIDED


def test_the_category_with_the_most_weight_and_the_greatest_urgency_win() -> None:
    book = rules(
        {"id": "a", "priority": 1, "when": on("x"), "then": ticket(0.5, category="general", priority="urgent", follow_up="slow")},
        {"id": "b", "when": on("x"), "then": ticket(0.9, category="billing", priority="low", follow_up="fast")},
    )
    found = detect(Facts("x"), book)
    assert (found.decided_by, found.category, found.priority, found.follow_up) == ("b", "billing", Priority.URGENT, "slow")


def test_the_language_is_that_of_the_lists_that_hit() -> None:
    book = rules({"id": "a", "when": on("$trouble"), "then": ticket()}, lists={"trouble": ["broken"], "common": ["is", "the"]})
    assert detect(Facts("the lamp is broken"), book).language == "en"
    assert detect(Facts("qwerty"), book).language is None


def test_the_language_that_more_words_are_in_wins() -> None:
    english, _ = read_lists("lists/en.yaml", {"common": ["no", "is", "the"]}, "en")
    spanish, _ = read_lists("lists/es.yaml", {"common": ["no", "es", "la"]}, "es")
    lists = NamedLists({"common": english.by_name["common"] + spanish.by_name["common"]})
    book, _ = compile_rules([], lists)
    assert detect(Facts("no es la"), book).language == "es"
    assert detect(Facts("no is the es"), book).language == "en"
    assert detect(Facts("no"), book).language == "en"  # the first by its code, on every machine


def test_what_the_same_rules_say_of_two_messages_is_told_of_each() -> None:
    book = rules({"id": "broken", "when": on("broken"), "then": ticket()})
    first, second = (detect(Facts(f"my {thing} is broken"), book) for thing in ("lamp", "door"))
    assert (first.title, second.title) == ("My lamp is broken", "My door is broken")
    assert detect(Facts("ok"), rules({"id": "ok", "when": on("ok"), "then": {"noise": True}})).title is None
    newer = detect(Facts("my lamp is broken"), book.under("v2"))
    assert (first.version, newer.version) == (book.version, "v2")
    changed = rules({"id": "broken", "when": on("broken"), "then": ticket(category="fault")})
    assert (first.category, detect(Facts("my lamp is broken"), changed).category) == (None, "fault")


@pytest.mark.parametrize(
    ("entry", "found"),
    [("not ... working", "not really working"), ("work*", "working"), ("is not", "is not"), ("the lamp", "the lamp")],
)
def test_an_explanation_names_the_words_that_were_found(entry: str, found: str) -> None:
    told = explain(
        Facts("Hello! The lamp is not really working, it is NOT."), rules({"id": "a", "when": on(entry), "then": ticket()})
    )
    assert told.rules[0].checks[-1].found == found


@given(st.text(max_size=200), st.sampled_from(Role))
def test_any_text_gives_a_detection(text: str, role: Role) -> None:
    book = rules(
        {"id": "a", "when": on("a"), "then": ticket()},
        {"id": "r", "when": {"any": [{"regex": "[^ ]{5}"}]}, "then": {"noise": True}},
    )
    found = detect(Facts(text, role), book)
    assert 0 <= found.confidence <= 1
    assert bool(found.decided_by) is (found.label is not Label.UNDECIDED)
    assert bool(found.reason) is (found.label is Label.UNDECIDED)


@pytest.mark.parametrize(("text", "holds"), [("it is broken", True), ("fine", False)])
def test_an_explanation_tells_each_condition_and_agrees_with_the_verdict(text: str, holds: bool) -> None:
    book = rules({"id": "a", "when": {**on("broken"), "none": [{"words": "not"}], "max_words": 5}, "then": ticket()})
    told = explain(Facts(text), book)
    (trace,) = told.rules
    assert trace.fits is holds
    assert [(c.asked, c.holds) for c in trace.checks] == [
        ("from customer", True),
        ("max_words 5", True),
        ("any: words broken", holds),
        ("none: words not", True),
    ]
    assert trace.checks[2].found == ("broken" if holds else "")
    assert told.verdict.detection == detect(Facts(text), book)
