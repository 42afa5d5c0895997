from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stream.core.calendar import BusinessCalendar, Hours
from stream.core.clocks import advance, next_due
from stream.core.detection import Detection, Label, UpdateStatus
from stream.core.followup_policy import Policy, Targets
from stream.core.people import Role
from stream.core.states import Manners, Spoken, enter, hear
from stream.core.ticket import Clock, Ticket, TicketState

OPENED = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
OFFICE = BusinessCalendar(name="office", week=((Hours(start=540, end=1080),),) * 5 + ((), ()))
POLICY = Policy(id="p", targets=Targets(first_response=30, next_response=60, resolution=480))


def after(minutes: float) -> datetime:
    return OPENED + timedelta(minutes=minutes)


class Life:
    """A ticket that is told and set things, with its clocks kept at every step."""

    def __init__(self, policy: Policy = POLICY) -> None:
        self.policy = policy
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
        self.ticket = fresh.but(clocks=advance(None, fresh, policy, OFFICE, OPENED))

    def keep(self, ticket: Ticket, now: datetime) -> None:
        self.ticket = ticket.but(clocks=advance(self.ticket, ticket, self.policy, OFFICE, now))

    def says(self, role: Role, minutes: float, status: UpdateStatus | None = None, label: Label = Label.UPDATE) -> None:
        spoken = Spoken(role=role, at=after(minutes), label=label, status=status)
        self.keep(hear(self.ticket, spoken, Manners()), after(minutes))

    def set(self, state: TicketState, minutes: float) -> None:
        self.keep(enter(self.ticket, state, after(minutes)), after(minutes))

    @property
    def first(self) -> Clock:
        assert self.ticket.clocks.first_response
        return self.ticket.clocks.first_response

    @property
    def next(self) -> Clock | None:
        return self.ticket.clocks.next_response

    @property
    def resolution(self) -> Clock:
        assert self.ticket.clocks.resolution
        return self.ticket.clocks.resolution


def test_a_new_ticket_runs_first_response_and_resolution() -> None:
    life = Life()
    assert (life.first.due_at, life.resolution.due_at, life.next) == (after(30), after(480), None)
    assert next_due(life.ticket.clocks) == after(30)


def test_a_reply_meets_the_first_response_and_rests_the_resolution() -> None:
    life = Life()
    life.says(Role.STAFF, 20)
    assert (life.first.met_at, life.first.breached_at) == (after(20), None)
    assert (life.resolution.due_at, life.resolution.paused_left) == (None, 460 * 60)


def test_a_reply_from_the_same_phone_counts() -> None:
    life = Life()
    life.says(Role.SELF, 20)
    assert life.first.met_at == after(20)


def test_a_late_reply_is_a_miss_at_the_time_it_was_due() -> None:
    life = Life()
    life.says(Role.STAFF, 45)
    assert (life.first.met_at, life.first.breached_at) == (after(45), after(30))


def test_next_response_runs_when_the_customer_waits_again_and_only_then() -> None:
    life = Life()
    life.says(Role.CUSTOMER, 5)
    assert life.next is None
    life.says(Role.STAFF, 20)
    assert life.next is None
    life.says(Role.CUSTOMER, 60)
    assert life.next is not None
    assert life.next.due_at == after(120)
    life.says(Role.CUSTOMER, 70, UpdateStatus.CHASING)
    assert life.next.due_at == after(120)
    life.says(Role.STAFF, 80)
    assert life.next.met_at == after(80)
    life.says(Role.CUSTOMER, 100)
    assert life.next.started_at == after(100)


def test_thanks_starts_no_clock() -> None:
    life = Life()
    life.says(Role.STAFF, 20, UpdateStatus.IN_PROGRESS)
    life.says(Role.CUSTOMER, 21, label=Label.NOISE)
    assert life.next is None


def test_the_resolution_clock_goes_on_where_it_stood_still() -> None:
    life = Life()
    life.says(Role.STAFF, 20)
    life.says(Role.CUSTOMER, 200)
    assert life.resolution.due_at == OFFICE.add(after(200), 460)


def test_on_hold_everything_stands_still() -> None:
    life = Life()
    life.set(TicketState.ON_HOLD, 10)
    assert next_due(life.ticket.clocks) is None
    life.set(TicketState.WAITING_US, 100)
    assert life.first.due_at == after(120)


def test_resolving_meets_all_and_coming_back_takes_up_the_resolution() -> None:
    life = Life()
    life.set(TicketState.RESOLVED, 120)
    assert (life.first.met_at, life.first.breached_at) == (after(120), after(30))
    assert life.resolution.met_at == after(120)
    life.says(Role.CUSTOMER, 200, UpdateStatus.STILL_OPEN)
    assert life.resolution.met_at is None
    assert life.resolution.due_at == OFFICE.add(after(200), 360)


def test_taking_back_a_resolution_leaves_the_clocks_as_they_were() -> None:
    life = Life()
    life.says(Role.STAFF, 20, UpdateStatus.IN_PROGRESS)
    before = life.ticket
    life.set(TicketState.RESOLVED, 120)
    life.keep(before, after(121))
    assert life.ticket.clocks == before.clocks


def test_a_closed_ticket_has_nothing_due() -> None:
    life = Life()
    life.set(TicketState.CLOSED, 10)
    assert next_due(life.ticket.clocks) is None


def test_a_late_staff_message_answers_what_was_asked_before_it() -> None:
    life = Life()
    life.says(Role.CUSTOMER, 20)
    life.says(Role.STAFF, 10)
    assert life.first.met_at == after(10)
    assert life.next is not None
    assert life.next.started_at == after(20)


def test_other_targets_keep_the_time_that_has_run() -> None:
    life = Life()
    life.policy = Policy(id="q", targets=Targets(first_response=15, next_response=60, resolution=600))
    life.keep(life.ticket, after(5))
    assert (life.first.due_at, life.resolution.due_at) == (after(15), OFFICE.add(OPENED, 600))
    life.set(TicketState.ON_HOLD, 10)
    life.policy = POLICY
    life.keep(life.ticket, after(11))
    assert life.first.paused_left == 20 * 60
    life.policy = Policy(id="none")
    life.keep(life.ticket, after(12))
    assert life.ticket.clocks.first_response is None


actions = st.one_of(
    st.tuples(
        st.sampled_from(list(Role)), st.one_of(st.none(), st.sampled_from(list(UpdateStatus))), st.sampled_from(list(Label))
    ),
    st.sampled_from(list(TicketState)),
)


@given(
    st.lists(st.tuples(st.integers(-30, 600), actions), max_size=25),
    st.sampled_from([POLICY, Policy(id="q", targets=Targets(resolution=60))]),
)
def test_clocks_are_never_negative_and_never_due_while_it_is_not_our_turn(
    history: list[tuple[int, object]], other: Policy
) -> None:
    life = Life()
    now = 0
    for number, (minutes, action) in enumerate(history):
        now = max(now + minutes, 0)
        life.policy = other if number % 7 == 6 else POLICY
        if isinstance(action, TicketState):
            life.set(action, now)
        else:
            role, status, label = action  # type: ignore[misc] # the strategy makes triples
            life.says(role, now, status, label)
        clocks = life.ticket.clocks
        for clock in (clocks.first_response, clocks.next_response, clocks.resolution):
            if clock is None:
                continue
            assert clock.paused_left is None or 0 <= clock.paused_left <= clock.target_minutes * 60
            assert clock.due_at is None or clock.paused_left is None
            assert clock.due_at is None or clock.due_at >= clock.started_at
            assert clock.met_at is None or clock.met_at >= clock.started_at
        if life.ticket.state not in (TicketState.NEW, TicketState.WAITING_US):
            assert next_due(clocks) is None
