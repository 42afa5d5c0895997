from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.core.templates import SAMPLES, Text, TicketFacts, clean, find_faults, render, try_out

ONE = TicketFacts(id="T-AAAA-1111", title="parcel late", name="Ana")
TWO = TicketFacts(id="T-BBBB-2222", title="wrong invoice")


def faults(source: str, longest: int = 600) -> str:
    return "; ".join(fault.message for fault in try_out(Text(one={"en": source}), longest))


def test_the_language_is_the_tickets_else_the_fallback_else_the_first() -> None:
    text = Text(one={"pt": "oi {{ ticket.id }}", "en": "hi {{ ticket.id }}"})
    assert render(text, [ONE], "pt-BR", "en") == "oi T-AAAA-1111"
    assert render(text, [ONE], "de", "en") == "hi T-AAAA-1111"
    assert render(text, [ONE], None, "xx") == "oi T-AAAA-1111"


def test_several_tickets_are_one_text_or_one_after_the_other() -> None:
    alone = Text.model_validate({"en": "hi {{ ticket.id }}"})
    assert render(alone, [ONE, TWO], "en", "en") == "hi T-AAAA-1111\n\nhi T-BBBB-2222"
    both = Text(one={"en": "hi"}, several={"en": "{{ count }}: {{ tickets | map(attribute='id') | join(', ') }}"})
    assert render(both, [ONE, TWO], "en", "en") == "2: T-AAAA-1111, T-BBBB-2222"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{ ticket.id }} {{ ticket.phone }}", "phone"),
        ("{{ ticket.id }} {{ custmer }}", "custmer"),
        ("{{ ticket.id ", "cannot be filled in"),
        ("hello", "does not name T-K7M3-9QXZ"),
        ("{{ ticket.id }} see https://example.com/x", "link"),
        ("{{ ticket.id }} see www.example.com", "link"),
        ("{{ ticket.id }} see example.com", "link"),
        ("{{ ticket.id }} @everyone", "mentions"),
        ("{{ ticket.id }} \u202eabc", "control"),
        ("{{ ticket.id }}" + "x" * 700, "characters"),
        ("{{ ticket.id }}{{ 'x' * 100 }}", "not allowed"),
        ("{{ ticket.id }}{{ 9 ** 99 }}", "not allowed"),
        ("{{ ticket.id }}{{ '%99d' % 1 }}", "not allowed"),
        ("{{ ticket.id }}{{ '{:>99}'.format(1) }}", "not safely callable"),
        ("{{ ticket.id }}{{ ticket.__class__.__mro__ }}", "unsafe"),
        ("{{ ticket.id }}{% for i in range(9) %}x{% endfor %}", "not safely callable"),
        ("{{ ticket.id }}{{ 'x' | center(999999999) }}", "center"),
        ("{{ ticket.id }}{{ 1 / 0 }}", "division"),
        ("{{ ticket.id }}{% include 'x' %}", "cannot be filled in"),
    ],
)
def test_a_text_that_cannot_be_sent_is_refused_when_it_is_loaded(source: str, words: str) -> None:
    assert words in faults(source)


def test_a_good_text_has_no_faults_and_an_empty_fact_is_no_fault() -> None:
    assert faults("{% if ticket.name %}{{ ticket.name }}: {% endif %}{{ ticket.title }} ({{ ticket.id }})") == ""


def test_several_must_name_every_ticket() -> None:
    text = Text(one={"en": "{{ ticket.id }}"}, several={"en": "{{ tickets | map(attribute='id') | first }}"})
    found = try_out(text, 600)
    assert {fault.form for fault in found} == {"several"}
    assert len(found) == len(SAMPLES) - 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("see http://evil.example/x now", "see (link) now"),
        ("buy at evil.com today", "buy at evil. com today"),
        ("hi @5511999999999", "hi (at)5511999999999"),
        ("a\nb\t c\x1b[31m", "a b c [31m"),
        ("\u202egnp.exe", "gnp. exe"),
        (None, ""),
    ],
)
def test_what_customers_write_is_made_harmless(words: str | None, expected: str) -> None:
    assert clean(words) == expected


@given(st.text(max_size=300))
def test_cleaned_words_never_link_mention_or_break_a_line(words: str) -> None:
    cleaned = clean(words)
    assert len(cleaned) <= 60
    assert "\n" not in cleaned
    assert find_faults(cleaned + " T-1", ["T-1"], 600) == []


@given(st.text(max_size=100), st.text(max_size=100))
def test_no_title_or_name_makes_a_tested_text_unfit(title: str, name: str) -> None:
    text = Text(one={"en": "{{ ticket.name }}: “{{ ticket.title }}” ({{ ticket.id }})"})
    said = render(text, [TicketFacts(id="T-1", title=clean(title), name=clean(name))], "en", "en")
    assert find_faults(said, ["T-1"], 600) == []
