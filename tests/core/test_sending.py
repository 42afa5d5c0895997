"""The log of deliveries decides who may send and what became of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.core.calendar import DAY_MINUTES, BusinessCalendar, Hours
from stream.core.followup_policy import FollowUps, Policy
from stream.core.last_check import LastFacts, check_at_last
from stream.core.outcome import Outbound
from stream.core.sending import (
    DeliveryReport,
    DeliveryStatus,
    SendingLimits,
    is_same_text,
    next_slot,
    report_on,
    retry_time,
    standing,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LIMITS = SendingLimits()


def outbound(**changes: object) -> Outbound:
    base = Outbound(id="o1", instance="desk", group="g@g.us", ticket_ids=("T-1",), text="Still open?", decided_at=NOW)
    return base.but(**changes)


def said(status: DeliveryStatus, attempt: int = 1, sender: str = "a") -> DeliveryReport:
    return report_on(outbound(), attempt, status, at=NOW, sender=sender)


INTENT, CALLING, SENT, NOT_SENT = DeliveryStatus.INTENT, DeliveryStatus.CALLING, DeliveryStatus.SENT, DeliveryStatus.NOT_SENT
UNCERTAIN, CANCELLED, UNKNOWN = DeliveryStatus.UNCERTAIN, DeliveryStatus.CANCELLED, DeliveryStatus.UNKNOWN


def status_of(*reports: DeliveryReport) -> tuple[DeliveryStatus | None, int, str | None]:
    found = standing(reports)
    return found.last.status if found.last else None, found.attempt, found.owner


def test_the_first_claim_owns_the_attempt_and_only_its_owner_may_call() -> None:
    assert status_of(said(INTENT, 1, "a"), said(INTENT, 1, "b")) == (INTENT, 1, "a")
    assert status_of(said(INTENT, 1, "a"), said(INTENT, 1, "b"), said(CALLING, 1, "b")) == (INTENT, 1, "a")
    assert status_of(said(INTENT, 1, "a"), said(CALLING, 1, "a")) == (CALLING, 1, "a")


def test_a_claim_that_ran_out_is_given_back_and_its_owner_comes_too_late() -> None:
    given_back = (said(INTENT, 1, "a"), said(NOT_SENT, 1, "b"))
    assert status_of(*given_back, said(CALLING, 1, "a"), said(INTENT, 2, "b")) == (INTENT, 2, "b")


def test_whoever_gives_back_a_claim_too_late_changes_nothing() -> None:
    calling = (said(INTENT, 1, "a"), said(CALLING, 1, "a"))
    assert status_of(*calling, said(NOT_SENT, 1, "b"), said(INTENT, 2, "b")) == (CALLING, 1, "a")
    assert status_of(*calling, said(NOT_SENT, 1, "a"), said(INTENT, 2, "b")) == (INTENT, 2, "b")


def test_what_is_said_late_of_a_passed_attempt_changes_nothing_unless_it_was_sent() -> None:
    late = (said(INTENT), said(NOT_SENT), said(INTENT, 2), said(NOT_SENT, 1), said(CANCELLED, 1))
    assert status_of(*late)[0] is INTENT
    assert status_of(*late, said(SENT, 1))[0] is SENT


def test_after_the_end_nothing_begins() -> None:
    assert status_of(said(CANCELLED, 0), said(INTENT, 1)) == (CANCELLED, 0, None)


def test_an_unknown_may_turn_out_sent_and_never_the_other_way_round() -> None:
    unknown = (said(INTENT), said(CALLING), said(UNKNOWN, 1, "b"))
    assert status_of(*unknown)[0] is UNKNOWN
    assert status_of(*unknown, said(SENT))[0] is SENT
    assert status_of(said(INTENT), said(CALLING), said(SENT), said(UNKNOWN))[0] is SENT


@given(st.lists(st.builds(said, st.sampled_from(list(DeliveryStatus)), st.integers(0, 3), st.sampled_from("abc")), max_size=14))
def test_in_any_log_a_second_call_comes_only_after_the_first_caller_said_that_nothing_left(reports: list[DeliveryReport]) -> None:
    callers: list[str] = []
    was_sent = False
    for length in range(len(reports)):
        before, found = standing(reports[:length]), standing(reports[: length + 1])
        assert found.last is not None or found == before
        if found != before and found.last is not None and found.last.status is CALLING:
            assert found.owner == found.last.sender
            callers.append(found.last.sender)
        if found != before and found.last is not None and found.last.status is NOT_SENT and before.is_in_doubt:
            assert found.last.sender == callers.pop()
        is_sent = found.last is not None and found.last.status is SENT
        assert is_sent >= was_sent
        was_sent = is_sent
        assert len(callers) <= 1


def test_pauses_differ_and_keep_to_the_gap_and_to_the_most_a_minute() -> None:
    assert next_slot("o1", [], LIMITS) is None
    waits = {(next_slot(f"o{n}", [NOW], LIMITS) or NOW) - NOW for n in range(50)}
    assert len(waits) == 50
    assert timedelta(seconds=2) <= min(waits)
    assert max(waits) <= timedelta(seconds=6)
    minute = [NOW + timedelta(seconds=2 * n) for n in range(6)]
    assert next_slot("o1", minute, LIMITS) == NOW + timedelta(minutes=1)


def test_tries_are_spaced_out_further_each_time() -> None:
    waits = [(retry_time(n, "o1", NOW, LIMITS) - NOW).total_seconds() for n in (1, 2, 3, 4)]
    assert waits == sorted(waits)
    assert 15 <= waits[0] <= 25


def test_texts_are_the_same_but_for_white_space() -> None:
    assert is_same_text("Still  open?\nYes", "Still open? Yes ")
    assert not is_same_text("Still open?", "still open?")
    assert not is_same_text(" ", "")


FACTS = LastFacts(mode="tickets+follow-ups", has_open_ticket=True, last_spoken_at=NOW - timedelta(hours=2))


@pytest.mark.parametrize(
    ("message", "facts", "because"),
    [
        (outbound(decided_at=NOW - timedelta(hours=2)), FACTS, "in time"),
        (outbound(expires_at=NOW - timedelta(seconds=1)), FACTS, "in time"),
        (outbound(text=" "), FACTS, "no text"),
        (outbound(), FACTS.but(gone_out=True), "another message"),
        (outbound(), FACTS.but(has_open_ticket=False), "no longer open"),
        (outbound(), FACTS.but(mode="observe"), "mode is observe"),
        (outbound(not_if_spoken_since=NOW - timedelta(hours=3)), FACTS, "somebody has written"),
        (outbound(), FACTS.but(group_sent_at=(NOW - timedelta(minutes=30),) * 3), "all ours"),
        (outbound(), FACTS.but(ticket_sent_at=(NOW - timedelta(days=1),) * 4), "for this ticket"),
        (outbound(purpose="escalation"), FACTS, "no ops_group"),
    ],
)
def test_what_is_no_longer_right_is_not_sent(message: Outbound, facts: LastFacts, because: str) -> None:
    answer = check_at_last(message, facts, FollowUps(), timedelta(hours=1), NOW)
    assert not answer.may_send
    assert answer.wait_until is None
    assert because in answer.because


def test_what_is_right_is_sent_and_a_persons_answer_needs_no_mode() -> None:
    assert check_at_last(outbound(), FACTS, FollowUps(), timedelta(hours=1), NOW).may_send
    assert check_at_last(outbound(not_if_spoken_since=NOW), FACTS, FollowUps(), timedelta(hours=1), NOW).may_send
    answer = outbound(purpose="reply")
    assert check_at_last(answer, LastFacts(mode="observe"), FollowUps(), timedelta(hours=1), NOW).may_send


def test_the_daily_limit_waits_and_does_not_cancel() -> None:
    spoken = FACTS.but(last_spoken_at=NOW - timedelta(minutes=1), group_sent_at=(NOW - timedelta(hours=5),) * 3)
    answer = check_at_last(outbound(), spoken, FollowUps(), timedelta(days=2), NOW)
    assert answer.wait_until == NOW + timedelta(hours=20)  # which is 7 in the morning, and quiet until 8


def in_office(zone: str) -> BusinessCalendar:
    return BusinessCalendar(name=zone, time_zone=zone, week=((Hours(start=0, end=DAY_MINUTES),),) * 7)


RULES = FollowUps(
    calendars={"jakarta": in_office("Asia/Jakarta"), "lisbon": in_office("Europe/Lisbon")},
    policies=(Policy(id="id", calendar="jakarta"), Policy(id="pt", calendar="lisbon")),
)
EVENING_IN_JAKARTA = NOW + timedelta(hours=1, minutes=10)  # 20:10 there, 13:10 in Lisbon


@pytest.mark.parametrize(("policies", "may_send"), [(("pt",), True), (("id",), False), (("pt", "id"), False), (("gone",), True)])
def test_what_was_held_up_into_the_quiet_hours_of_its_own_policy_is_not_sent(policies: tuple[str, ...], may_send: bool) -> None:
    message = outbound(policies=policies, expires_at=EVENING_IN_JAKARTA + timedelta(minutes=20))
    answer = check_at_last(message, FACTS, RULES, timedelta(hours=1), EVENING_IN_JAKARTA)
    assert answer.may_send is may_send
    assert answer.wait_until is None
    assert may_send or "quiet hours" in answer.because


def test_what_can_be_said_before_it_expires_waits_for_the_end_of_the_quiet_hours() -> None:
    early = NOW - timedelta(hours=11, minutes=10)  # 07:50 in Jakarta
    message = outbound(policies=("id",), decided_at=early, expires_at=early + timedelta(minutes=30))
    facts = FACTS.but(last_spoken_at=early - timedelta(hours=2))
    answer = check_at_last(message, facts, RULES, timedelta(hours=1), early)
    assert answer.wait_until == early + timedelta(minutes=10)


def test_somebody_who_sends_now_may_do_so_at_night_and_not_beyond_the_limits() -> None:
    asked = outbound(policies=("id",), asked_by_person=True, decided_at=EVENING_IN_JAKARTA)
    assert check_at_last(asked, FACTS, RULES, timedelta(hours=1), EVENING_IN_JAKARTA).may_send
    often = FACTS.but(ticket_sent_at=(NOW - timedelta(days=1),) * 4)
    assert not check_at_last(asked, often, RULES, timedelta(hours=1), EVENING_IN_JAKARTA).may_send


def test_what_was_held_up_keeps_its_distance_from_what_left_meanwhile() -> None:
    just_sent = FACTS.but(group_sent_at=(NOW - timedelta(minutes=4),))
    answer = check_at_last(outbound(), just_sent, FollowUps(), timedelta(hours=1), NOW)
    assert answer.wait_until == NOW + timedelta(minutes=6)
