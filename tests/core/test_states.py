from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stream.core.detection import Detection, Label, UpdateStatus
from stream.core.people import Role
from stream.core.states import Manners, Spoken, enter, hear, may_reopen, snooze, wake
from stream.core.ticket import Ticket, TicketState

OPENED = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
NEW, US, CUSTOMER = TicketState.NEW, TicketState.WAITING_US, TicketState.WAITING_CUSTOMER
HOLD, RESOLVED, CLOSED = TicketState.ON_HOLD, TicketState.RESOLVED, TicketState.CLOSED
S = UpdateStatus


def after(minutes: float) -> datetime:
    return OPENED + timedelta(minutes=minutes)


def ticket(state: TicketState = NEW, since: float = 0) -> Ticket:
    fresh = Ticket(
        id="T-1",
        instance="i",
        group="g",
        opened_by="ana",
        detected_by=Detection(label=Label.TICKET),
        opened_at=OPENED,
        updated_at=OPENED,
        last_customer_at=OPENED,
    )
    return enter(fresh, state, after(since)) if state is not NEW else fresh


def customer(minutes: float, status: UpdateStatus | None = None, label: Label = Label.UPDATE) -> Spoken:
    return Spoken(role=Role.CUSTOMER, at=after(minutes), label=label, status=status)


def staff(minutes: float, status: UpdateStatus | None = None, label: Label = Label.UPDATE, role: Role = Role.STAFF) -> Spoken:
    return Spoken(role=role, at=after(minutes), label=label, status=status)


TABLE = [
    # who is waited for after the customer has spoken
    (NEW, customer(5), NEW),
    (NEW, customer(5, S.CHASING), NEW),
    (NEW, customer(5, S.RESOLVED), RESOLVED),
    (US, customer(5, S.CHASING), US),
    (CUSTOMER, customer(5), US),
    (CUSTOMER, customer(5, None, Label.UNDECIDED), US),
    (CUSTOMER, customer(5, S.STILL_OPEN), US),
    (CUSTOMER, customer(5, S.WAITING), CUSTOMER),
    (CUSTOMER, customer(5, S.RESOLVED), RESOLVED),
    (HOLD, customer(5), US),
    # noise from a customer moves nothing
    *((state, customer(5, None, Label.NOISE), state) for state in TicketState),
    # staff
    (NEW, staff(5), CUSTOMER),
    (NEW, staff(5, None, Label.UPDATE, Role.SELF), CUSTOMER),
    (NEW, staff(5, S.IN_PROGRESS), US),
    (NEW, staff(5, None, Label.NOISE), US),
    (US, staff(5, S.WAITING), CUSTOMER),
    (US, staff(5, S.RESOLVED), RESOLVED),
    (US, staff(5, None, Label.NOISE), US),
    (CUSTOMER, staff(5), CUSTOMER),
    (CUSTOMER, staff(5, S.IN_PROGRESS), US),
    (HOLD, staff(5), HOLD),
    (HOLD, staff(5, S.RESOLVED), RESOLVED),
    # resolved tickets
    (RESOLVED, customer(5), RESOLVED),
    (RESOLVED, customer(5, S.STILL_OPEN), US),
    (RESOLVED, customer(5, S.CHASING), US),
    (RESOLVED, customer(5, None, Label.TICKET), US),
    (RESOLVED, customer(5, None, Label.UNDECIDED), RESOLVED),
    (RESOLVED, staff(5), RESOLVED),
    (RESOLVED, staff(5, S.STILL_OPEN), US),
    # closed is final
    *((CLOSED, customer(5, status), CLOSED) for status in UpdateStatus),
]


@pytest.mark.parametrize(("state", "spoken", "expected"), TABLE)
def test_whose_turn_it_is(state: TicketState, spoken: Spoken, expected: TicketState) -> None:
    assert hear(ticket(state), spoken, Manners()).state is expected


def test_the_turn_begins_with_the_first_message_that_nobody_answered() -> None:
    first = hear(ticket(CUSTOMER), customer(5), Manners())
    second = hear(first, customer(9, S.CHASING), Manners())
    assert first.waiting_since == second.waiting_since == after(5)
    assert second.last_customer_at == after(9)


def test_we_are_on_it_begins_our_turn_anew() -> None:
    assert hear(ticket(US), staff(20, S.IN_PROGRESS), Manners()).waiting_since == after(20)


def test_a_promise_keeps_the_turn_with_who_made_it() -> None:
    promised = staff(5).but(promised_until=after(600))
    heard = hear(ticket(), promised, Manners())
    assert (heard.state, heard.promised_until) == (US, after(600))
    assert hear(heard, customer(7, S.CHASING), Manners()).promised_until == after(600)
    assert hear(heard, staff(9), Manners()).promised_until is None


def test_an_older_message_does_not_turn_back_time() -> None:
    answered = hear(ticket(), staff(10), Manners())
    late = hear(answered, customer(5), Manners())
    assert late.state is CUSTOMER
    resolved = hear(answered, staff(20, S.RESOLVED), Manners())
    assert hear(resolved, customer(15, S.STILL_OPEN), Manners()).state is RESOLVED


@pytest.mark.parametrize("state", [CUSTOMER, HOLD])
def test_a_message_from_before_somebody_set_the_state_does_not_move_it(state: TicketState) -> None:
    by_hand = ticket(state, since=60)
    assert hear(by_hand, customer(30, S.CHASING), Manners()).state is state
    assert hear(by_hand, customer(61, S.CHASING), Manners()).state is US


def test_resolved_comes_back_within_its_window_only() -> None:
    resolved = ticket(RESOLVED)
    window = Manners(reopen_within=timedelta(hours=48))
    assert hear(resolved, customer(48 * 60, S.STILL_OPEN), window).reopened == 1
    assert hear(resolved, customer(48 * 60 + 1, S.STILL_OPEN), window).state is RESOLVED
    assert not may_reopen(resolved, after(48 * 60 + 1), window.reopen_within)


@pytest.mark.parametrize("spoken", [customer(59, S.STILL_OPEN), customer(30, S.CHASING), customer(1, None, Label.TICKET)])
def test_what_was_written_before_the_end_never_opens_a_ticket_again(spoken: Spoken) -> None:
    resolved = ticket(RESOLVED, since=60)
    assert hear(resolved, spoken, Manners()).state is RESOLVED
    assert not may_reopen(resolved, spoken.at, Manners().reopen_within)
    assert not may_reopen(resolved, after(60), Manners().reopen_within)
    closed = ticket(CLOSED, since=60)
    assert hear(closed, spoken, Manners()) == closed
    assert hear(closed, customer(90, S.STILL_OPEN), Manners()) == closed


def test_times_of_resolving_and_closing() -> None:
    resolved = ticket(RESOLVED, 30)
    closed = enter(resolved, CLOSED, after(60))
    assert (closed.resolved_at, closed.closed_at) == (after(30), after(60))
    assert enter(resolved, US, after(40)).resolved_at is None


def test_snoozed_until_its_time_or_until_the_customer_writes() -> None:
    asleep = snooze(ticket(US), after(120), after(10))
    assert wake(asleep, after(119)) is asleep
    awake = wake(asleep, after(500))
    assert (awake.state, awake.waiting_since, awake.snoozed_until) == (US, after(120), None)
    assert hear(asleep, customer(50), Manners()).state is US
    assert hear(asleep, customer(50), Manners(wake_on_reply=False)).state is HOLD


def test_who_may_resolve_is_the_teams_choice() -> None:
    assert hear(ticket(US), customer(5, S.RESOLVED), Manners(customer_may_resolve=False)).state is US
