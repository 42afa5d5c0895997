from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import showroom
from still import snapshot_of

from dashboard import frames, insight, safe, story, tables
from dashboard.frames import Filter
from dashboard.people import Role, Visitor, role_for_email, role_for_password, seal, unseal
from dashboard.words import LANGUAGES, closest, say, strings
from stream.core.events import EventKind, TicketEvent
from stream.core.ticket import Clock, Clocks, TicketState
from stream.settings import Settings

NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)
DESK = showroom.desk(NOW)
SHOWN = snapshot_of(*DESK)


@pytest.mark.parametrize(
    ("view", "count"),
    [
        ("open", 7),
        ("mine", 2),
        ("unassigned", 4),
        ("waiting_us", 5),
        ("waiting_customer", 1),
        ("soon", 1),
        ("late", 1),
        ("snoozed", 1),
        ("done", 2),
    ],
)
def test_each_view_holds_what_its_name_says(view: str, count: int) -> None:
    assert len(frames.select(SHOWN, Filter(view, mine=frozenset({"Ana Lima"})), NOW)) == count


def test_a_deadline_that_passes_moves_a_ticket_from_soon_to_late() -> None:
    one = snapshot_of(showroom.ticket(NOW, "soon", due=15))
    assert [figure["value"] for figure in frames.figures(one, NOW, "en")] == [1, 1, 0]
    assert [figure["value"] for figure in frames.figures(one, NOW - timedelta(seconds=1), "en")] == [1, 0, 0]
    assert [figure["value"] for figure in frames.figures(one, NOW + timedelta(minutes=15), "en")] == [1, 0, 1]


def test_words_of_a_search_must_all_be_there_in_any_case_and_order() -> None:
    assert len(frames.select(SHOWN, Filter(text="OUTUBRO"), NOW)) == 0
    assert len(frames.select(SHOWN, Filter(text="octubre cobro"), NOW)) == 1
    assert len(frames.select(SHOWN, Filter(text=DESK[0].id.lower()), NOW)) == 1


def test_every_string_speaks_every_language_with_the_same_blanks() -> None:
    import re

    for key, texts in strings().items():
        assert set(texts) == set(LANGUAGES), key
        blanks = {language: sorted(re.findall(r"\{\w+\}", text)) for language, text in texts.items()}
        assert len({tuple(one) for one in blanks.values()}) == 1, (key, blanks)
    assert say("id", "no.such.key") == "no.such.key"
    assert (closest("pt-BR"), closest(None), closest("tlh")) == ("pt", "en", "en")


@pytest.mark.parametrize("text", ["a\u202eb", "\x1b[31m", "\x00", "\u2066", "\U000e0041", "\u2028"])
def test_what_hides_or_turns_becomes_visible(text: str) -> None:
    assert safe.show(text) != text
    assert safe.show(safe.show(text)) == safe.show(text)
    assert "⟨" in safe.show(text)


def test_emoji_and_scripts_stay_as_they_are() -> None:
    for text in ("👩‍👩‍👧 ok", "مرحبا", "ação ñ ü", "line\n\ttab"):
        assert safe.show(text) == text


def test_numbers_are_masked_and_names_are_not() -> None:
    assert safe.person(None, "5511987654321@s.whatsapp.net", reveal=False) == "•••• 4321"
    assert safe.person("+55 11 98765-4321", "x@lid", reveal=False) == "•••• 4321"
    assert safe.person(None, "5511987654321@s.whatsapp.net", reveal=True) == "5511987654321"
    assert safe.person("Ana 2", "5511987654321", reveal=False) == "Ana 2"
    assert safe.mask_numbers("ring +55 (11) 98765-4321 about order 48213000") == "ring •••• 4321 about order 48213000"


def test_markdown_loses_its_meaning() -> None:
    shown = safe.markdown("[x](http://h) **b** a@b.cc\n# h")
    assert "[x](" not in shown
    assert "\n" not in shown
    assert "http\\:\u2060" in shown


def test_cells_are_no_formulas_and_numbers_stay_numbers() -> None:
    told = tables.as_csv([{"name": '=HYPERLINK("x")', "n": -3, "t": "a,b"}])
    assert told == 'name,n,t\r\n"\'=HYPERLINK(""x"")",-3,"a,b"\r\n'


def test_insights_count_business_time_and_what_was_missed() -> None:
    clock = Clock(started_at=NOW, target_minutes=30, met_at=NOW + timedelta(minutes=40), breached_at=NOW + timedelta(minutes=30))
    done = showroom.ticket(NOW, "done").but(
        clocks=Clocks(first_response=clock), state=TicketState.RESOLVED, opened_at=NOW, resolved_at=NOW + timedelta(hours=3)
    )
    rows = insight.breakdown(list(snapshot_of(done).cards.values()), "category", "en")
    assert rows == [
        {
            "name": "general", "tickets": 1, "open": 0, "first_median": "40 min", "first_p90": "40 min",
            "whole_median": "3.0 h", "whole_p90": "3.0 h", "missed": 1,
        }
    ]  # fmt: skip
    assert insight.p90([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) == 10
    assert insight.p90([]) is None


def test_a_follow_up_counts_as_answered_only_when_somebody_wrote_after_it() -> None:
    main = DESK[0]
    assert not next(iter(snapshot_of(main.but(last_customer_at=NOW - timedelta(hours=2))).cards.values())).was_answered
    assert next(iter(snapshot_of(main.but(last_customer_at=NOW)).cards.values())).was_answered


def test_steps_are_counted_as_people_do() -> None:
    assert [frames.step_words(step, "en") for step in (-1, 0, 1)] == ["Promise", "Step 1", "Step 2"]


def test_a_deleted_message_has_no_text_and_media_say_where_to_look() -> None:
    main = DESK[0].but(messages=(DESK[0].messages[0].but(text=None),))
    assert story.messages(main, "en", reveal=True)[0]["text"] is None


def test_passwords_open_roles_and_cookies_prove_them() -> None:
    settings = Settings(_env_file=None, dashboard_password="a", dashboard_viewer_password="v")
    assert role_for_password(settings, "a") is Role.ADMIN
    assert role_for_password(settings, "v") is Role.VIEWER
    assert role_for_password(settings, "") is None
    ana = Visitor("Ana", Role.VIEWER)
    cookie = seal(ana, settings, 1_000)
    assert unseal(cookie, settings, 1_001) == ana
    assert unseal(cookie, settings, 1_000 + 13 * 3600) is None
    assert unseal(cookie[:-1] + ("0" if cookie[-1] != "0" else "1"), settings, 1_001) is None
    assert unseal(cookie, Settings(_env_file=None, dashboard_password="other"), 1_001) is None
    assert unseal("garbage", settings, 1_001) is None


def test_whoever_is_not_listed_may_only_look() -> None:
    settings = Settings(_env_file=None, dashboard_admins="boss@x.org", dashboard_operators="Ana@x.org, rui@x.org")
    assert [role_for_email(settings, one) for one in ("BOSS@x.org", "ana@x.org", "eve@x.org", "")] == [
        Role.ADMIN, Role.OPERATOR, Role.VIEWER, Role.VIEWER,
    ]  # fmt: skip


def test_an_address_that_has_a_ticket_is_called_by_its_name() -> None:
    named = {"80000000000021@lid": "Ana Lima"}

    def name_of(one: str) -> str:
        return named.get(one, one)

    card = next(iter(snapshot_of(showroom.ticket(NOW, "x", assignee="80000000000021@lid")).cards.values()))
    assert frames.board_row(card, NOW, "en", reveal=False, name_of=name_of)["assignee"] == "Ana Lima"
    assert frames.board_row(card, NOW, "en", reveal=False)["assignee"] == "•••• 0021"
    assert frames.board_row(card, NOW, "en", reveal=True)["assignee"] == "80000000000021"
    event = TicketEvent(id="e", kind=EventKind.ASSIGNED, group="g", at=NOW, after="80000000000021@lid")
    assert story.timeline([event], "en", name_of=name_of)[0]["what"] == "Assignee: Ana Lima"
    assert "80000000000021" not in story.timeline([event], "en")[0]["what"]
    missed = TicketEvent(id="e", kind=EventKind.CLOCK_BREACHED, group="g", at=NOW, after="first_response")
    assert story.timeline([missed], "en")[0]["what"] == "Deadline missed: First response"
