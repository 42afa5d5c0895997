from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.core.text import MAX_CHARS, TITLE_CHARS, fold, relaxations, title


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("NÃO chegou!!", ["nao", "chegou"]),
        ("don't / don\u2019t", ["dont", "dont"]),
        ("a\u0301rvore e\u0301", ["arvore", "e"]),  # marks of their own
        ("pedido n\u00ba \u0661\u0662\u0663", ["pedido", "no", "123"]),
        ("\uff21\uff22\uff23 \uff11", ["abc", "1"]),
        ("ok👍🏽👍", ["ok", "👍", "👍"]),
        ("❤️", ["❤"]),
        ("see https://example.com/a?b=c now", ["see", "link", "now"]),
        ("where?? R$50", ["where", "?", "?", "r", "$", "50"]),
        ("straße", ["strasse"]),
        ("Привет МИР", ["привет", "мир"]),
        ("\ud800 broken", ["broken"]),
        ("zero\u200bwidth", ["zerowidth"]),
        ("", []),
    ],
)
def test_a_text_is_read_as_plain_words(text: str, words: list[str]) -> None:
    assert fold(text) == words


@given(st.text(max_size=300))
def test_folding_knows_no_case_and_is_stable(text: str) -> None:
    words = fold(text)
    assert fold(" ".join(words)) == words
    assert all(word and not word[0].isspace() for word in words)


@given(st.text(alphabet="abcàéõñç ", max_size=80))
def test_folding_ignores_case_in_latin_letters(text: str) -> None:
    assert fold(text.upper()) == fold(text)


def test_only_the_beginning_of_a_very_long_text_is_read() -> None:
    assert len(fold("ﷺ" * 5000)) <= MAX_CHARS


@pytest.mark.parametrize(
    ("word", "meant"),
    [("pleaseeee", "please"), ("naoooo", "nao"), ("goooood", "good"), ("thankss", "thanks"), ("barang2", "barang")],
)
def test_a_stretched_word_may_be_the_plain_one(word: str, meant: str) -> None:
    assert meant in relaxations(word)


def test_a_plain_word_is_nothing_else() -> None:
    assert relaxations("pedido") == []


def _is_greeting(words: object) -> bool:
    return list(words) in (["hola"], ["good", "morning", "team"])  # type: ignore[call-overload] # words are a list here


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Good morning team!\n\nmy order   did not arrive", "My order did not arrive"),
        ("hola, no puedo entrar", "No puedo entrar"),
        ("hola", "Hola"),
        ("", ""),
        ("\u202eevil\u0000 text", "Evil text"),
        ("\u2066no\u2069 ac\u00adcess\u200b \ufeffnow \U000e0041", "No access now"),
        ("the \U0001f468\u200d\U0001f4bb is off", "The \U0001f468\u200d\U0001f4bb is off"),
        ("!!", ""),
    ],
)
def test_a_title_is_one_tidy_line(text: str, line: str) -> None:
    assert title(text, is_small_talk=_is_greeting) == line


@given(st.text(max_size=2000))
def test_a_title_is_short_and_printable(text: str) -> None:
    line = title(text, is_small_talk=_is_greeting)
    assert len(line) <= TITLE_CHARS + 3  # a first letter such as ŉ grows when it is made a capital
    assert "\n" not in line
    assert line == line.strip()


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("áçñü'\u2019?$£½ß°😀👍🏽\u0301\u200d")), max_size=60))
def test_a_short_text_is_read_by_tables_as_a_long_one_is_character_by_character(text: str) -> None:
    long = fold(text + " \u3042" * 1000)  # what is beyond the tables, and more than they are asked to do
    assert fold(text) == long[: len(long) - 1000]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("ok. hola, no puedo entrar", "Ok. hola, no puedo entrar"),
        ("hola - no puedo entrar", "No puedo entrar"),
        ("hola\n\n good morning team.  e-mail is down, again", "E-mail is down, again"),
        ("hola,mundo", "Hola,mundo"),
    ],
)
def test_a_title_leaves_out_greetings_up_to_a_mark_that_ends_them(text: str, line: str) -> None:
    assert title(text, is_small_talk=_is_greeting) == line
