from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stream.core.calendar import BusinessCalendar, Hours
from stream.core.commands import Actor, ActorKind, ReportDelivery
from stream.core.detection import Detection, Label, Priority
from stream.core.followup_policy import FollowUps, Policy, PromiseRules, Scope, Step
from stream.core.followups import cancel, follow_up
from stream.core.group_facts import GroupFacts
from stream.core.sending_rules import SendingRules
from stream.core.states import enter
from stream.core.templates import Text
from stream.core.ticket import FollowUpStatus, Ticket, TicketState
from stream.core.ticket_life import TIME_PASSED, keep_time, next_wake, pass_time, record_delivery
from stream.core.windows import BEFORE_PROMISE, follow_up_id

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday
OFFICE = BusinessCalendar(name="office", week=((Hours(start=540, end=1080),),) * 5 + ((), ()))
STEPS = (
    Step(after=15, say="remind"),
    Step(after=45, escalate="alarm"),
    Step(after=120, say="remind"),
    Step(waiting_for="customer", after=240, say="ask"),
    Step(waiting_for="customer", after=480, close=True),
)
RULES = FollowUps(
    sending=SendingRules(quiet_hours=(Hours(start=0, end=480), Hours(start=1200, end=1440)), ops_group="ops@g.us"),
    calendars={"office": OFFICE},
    policies=(
        Policy(id="vip", applies_to=Scope(tags=("vip",)), calendar="office", steps=STEPS[:1]),
        Policy(id="standard", calendar="office", steps=STEPS, promises=PromiseRules(warn_before=30, warn="alarm")),
    ),
    texts={
        "remind": Text(
            one={"en": "still on {{ ticket.id }}"}, several={"en": "all of {{ tickets | map(attribute='id') | join(' ') }}"}
        ),
        "ask": Text(one={"en": "solved, {{ ticket.id }}?", "pt": "resolveu, {{ ticket.id }}?"}),
        "alarm": Text(one={"en": "{{ ticket.id }} waits {{ ticket.waiting_minutes }}"}),
    },
)
GROUP = GroupFacts(mode="tickets+follow-ups", language="en", last_spoken_at=NOON)
SENT = FollowUpStatus.SENT


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def ticket(name: str = "T-1", state: TicketState = TicketState.NEW, since: float = 0, group: GroupFacts = GROUP) -> Ticket:
    fresh = Ticket(
        id=name,
        instance="i",
        group="g@g.us",
        opened_by="ana",
        detected_by=Detection(label=Label.TICKET),
        opened_at=after(since),
        updated_at=after(since),
        last_customer_at=after(since),
    )
    moved = enter(fresh, state, after(since)) if state is not fresh.state else fresh
    return keep_time(None, moved, RULES, group, after(since))


def delivered(ticket: Ticket, outbound_id: str, status: str = "sent") -> Ticket:
    report = ReportDelivery.model_validate(
        {
            "id": "r",
            "group": "g",
            "at": after(1),
            "actor": Actor(kind=ActorKind.SENDER),
            "outbound_id": outbound_id,
            "status": status,
        }
    )
    return record_delivery(ticket, report)


def run(
    ticket: Ticket, minutes: float, group: GroupFacts = GROUP, *, rules: FollowUps = RULES, by_person: bool = False
) -> Ticket:
    return follow_up({ticket.id: ticket}, ticket.id, rules, group, after(minutes), by_person=by_person).tickets[0]


def test_steps_come_one_after_the_other_in_business_time() -> None:
    first = ticket()
    assert first.window is not None
    assert (first.window.step, first.window.due_at) == (0, after(15))
    second = run(first, 15)
    assert second.window is not None
    assert (second.window.step, second.window.due_at) == (1, after(45))
    third = run(second, 45, GROUP.but(said_at=(after(15),)))
    assert third.window is not None
    assert (third.window.step, third.window.due_at) == (2, after(120))
    assert run(third, 120, GROUP.but(said_at=(after(15),))).window is None


def test_what_is_said_carries_what_the_sender_needs() -> None:
    followed = follow_up({"T-1": ticket()}, "T-1", RULES, GROUP, after(15))
    (message,) = followed.outbound
    mark = followed.tickets[0].follow_ups[0]
    assert (message.text, message.group, message.purpose) == ("still on T-1", "g@g.us", "follow_up")
    assert message.id == mark.id == mark.outbound_id == follow_up_id(ticket(), 0)
    assert message.covers == (mark.id,)
    assert message.not_if_spoken_since == NOON
    assert message.expires_at == after(45)
    assert mark.status is FollowUpStatus.PLANNED
    assert followed.has_spoken


def test_an_escalation_goes_to_the_teams_own_group_alone() -> None:
    (message,) = follow_up({"T-1": run(ticket(), 15)}, "T-1", RULES, GROUP, after(45)).outbound
    assert (message.group, message.purpose, message.text) == ("ops@g.us", "escalation", "T-1 waits 45")


def test_the_same_window_gives_the_same_message_again() -> None:
    tickets = {"T-1": ticket()}
    assert follow_up(tickets, "T-1", RULES, GROUP, after(15)) == follow_up(tickets, "T-1", RULES, GROUP, after(15))


def test_tickets_due_together_become_one_message_and_are_all_marked() -> None:
    tickets = {"T-1": ticket(), "T-2": ticket("T-2", since=4), "T-3": ticket("T-3", since=30)}
    followed = follow_up(tickets, "T-1", RULES, GROUP, after(15))
    (message,) = followed.outbound
    assert message.text == "all of T-1 T-2"
    assert message.ticket_ids == ("T-1", "T-2")
    assert message.covers == (follow_up_id(tickets["T-1"], 0), follow_up_id(tickets["T-2"], 0))
    assert [t.follow_ups[0].outbound_id for t in followed.tickets] == [message.id, message.id]
    assert all(t.window and t.window.step == 1 for t in followed.tickets)


def test_texts_of_different_kinds_are_put_together() -> None:
    tickets = {"T-1": ticket(), "T-2": ticket("T-2", TicketState.WAITING_CUSTOMER, -67 * 60)}
    (message,) = follow_up(tickets, "T-1", RULES, GROUP, after(15)).outbound
    assert message.text == "still on T-1\n\nsolved, T-2?"


def test_too_long_a_text_for_all_leaves_the_one_whose_time_has_come() -> None:
    rules = RULES.but(sending=RULES.sending.but(longest_text=13))
    tickets = {"T-1": ticket(), "T-2": ticket("T-2")}
    followed = follow_up(tickets, "T-1", rules, GROUP, after(15))
    assert followed.outbound[0].ticket_ids == ("T-1",)
    assert [t.id for t in followed.tickets] == ["T-1"]


@pytest.mark.parametrize(
    ("group", "rules", "because"),
    [
        (GROUP.but(mode="observe"), RULES, "the group's mode is observe"),
        (GROUP.but(mode="tickets"), RULES, "the group's mode is tickets"),
        (GROUP, RULES.but(sending=RULES.sending.but(enabled=False)), "sending is switched off for all groups"),
        (GROUP, RULES.but(sending=RULES.sending.but(per_ticket=0)), "0 messages were sent for this ticket already"),
        (GROUP, RULES.but(sending=RULES.sending.but(per_group_and_day=0)), "no messages are allowed per group and day"),
        (GROUP.but(said_at=(after(1), after(2), after(3))), RULES, "the last 3 messages in the group were all ours"),
        (GROUP.but(last_spoken_at=NOON - timedelta(days=8)), RULES, "nobody has written in the group for too long"),
        (GROUP.but(last_spoken_at=None), RULES, "nobody has written in the group for too long"),
        (GROUP, RULES.but(texts={}), "there is no text 'remind' in followups.yaml"),
    ],
)
def test_what_must_not_be_said_is_let_go_with_the_reason(group: GroupFacts, rules: FollowUps, because: str) -> None:
    followed = follow_up({"T-1": ticket()}, "T-1", rules, group, after(15))
    mark = followed.tickets[0].follow_ups[0]
    assert followed.outbound == ()
    assert (mark.status, mark.because) == (FollowUpStatus.CANCELLED, because)
    assert followed.tickets[0].window is not None
    assert followed.tickets[0].window.step == 1


@pytest.mark.parametrize(
    ("group", "until", "because"),
    [
        (GROUP.but(last_spoken_at=after(14)), after(17), "people are talking in the group"),
        (GROUP.but(said_at=(after(10),)), after(20), "something was just sent to the group"),
        (
            GROUP.but(last_spoken_at=after(5), said_at=tuple(NOON - timedelta(hours=h) for h in (20, 10, 5))),
            NOON + timedelta(hours=4),
            "3 messages were sent to the group within a day",
        ),
    ],
)
def test_what_comes_at_a_bad_moment_waits(group: GroupFacts, until: datetime, because: str) -> None:
    waiting = run(ticket(), 15, group)
    assert waiting.window is not None
    assert (waiting.window.step, waiting.window.due_at, waiting.window.because) == (0, until, f"waits: {because}")
    assert waiting.follow_ups == ()


def test_quiet_hours_days_off_and_send_now() -> None:
    late = NOON.replace(hour=17, minute=50)
    night = ticket().but(window=ticket().window)
    evening = GROUP.but(last_spoken_at=late)
    quiet = follow_up({"T-1": night}, "T-1", RULES, evening, NOON.replace(hour=22)).tickets[0]
    assert quiet.window is not None
    assert quiet.window.due_at == (NOON + timedelta(days=1)).replace(hour=8)
    weekend = follow_up({"T-1": night}, "T-1", RULES, GROUP, NOON + timedelta(days=5)).tickets[0]
    assert weekend.window is not None
    assert weekend.window.due_at == (NOON + timedelta(days=7)).replace(hour=8)
    by_hand = follow_up({"T-1": night}, "T-1", RULES, evening, NOON.replace(hour=22), by_person=True)
    assert len(by_hand.outbound) == 1


def test_send_now_keeps_the_limits() -> None:
    followed = follow_up({"T-1": ticket()}, "T-1", RULES, GROUP.but(mode="observe"), after(1), by_person=True)
    assert followed.outbound == ()


def test_a_postponed_step_keeps_its_id_and_its_postponement() -> None:
    first = ticket()
    waiting = run(first, 15, GROUP.but(said_at=(after(10),)))
    kept = keep_time(waiting, waiting.but(title="other"), RULES, GROUP, after(16))
    assert kept.window == waiting.window
    assert run(kept, 20).follow_ups[0].id == follow_up_id(first, 0)


def test_after_an_outage_only_the_latest_of_two_reminders_is_said() -> None:
    policy = Policy(id="standard", calendar="office", steps=(Step(after=15, say="remind"), Step(after=30, say="ask")))
    rules = RULES.but(policies=(policy,))
    followed = follow_up({"T-1": ticket()}, "T-1", rules, GROUP, after(200))
    assert [m.text for m in followed.outbound] == ["solved, T-1?"]
    assert [f.status for f in followed.tickets[0].follow_ups] == [FollowUpStatus.CANCELLED, FollowUpStatus.PLANNED]


def test_what_is_learned_late_is_counted_from_then() -> None:
    late = keep_time(None, ticket().but(clocks=ticket().clocks, window=None), RULES, GROUP, after(180))
    assert late.window is not None
    assert late.window.due_at == after(195)


def test_a_stale_ticket_closes_only_after_a_question_that_was_sent() -> None:
    waiting = ticket(state=TicketState.WAITING_CUSTOMER)
    asked = run(waiting, 240)
    assert asked.window is not None
    assert RULES.policies[1].steps[asked.window.step].close
    unsent = follow_up({"T-1": asked}, "T-1", RULES, GROUP, asked.window.due_at).tickets[0]
    assert (unsent.state, unsent.window) == (TicketState.WAITING_CUSTOMER, None)
    sent = delivered(asked, asked.follow_ups[0].outbound_id or "")
    closed = follow_up({"T-1": sent}, "T-1", RULES, GROUP, asked.window.due_at).tickets[0]
    assert (closed.state, closed.window) == (TicketState.CLOSED, None)


def test_where_nobody_may_be_asked_a_ticket_can_close_unasked() -> None:
    closing = Step(waiting_for="customer", after=30 * 1440, time="wall", close=True, unasked=True)
    rules = RULES.but(policies=(Policy(id="standard", calendar="office", steps=(*STEPS, closing)),))
    observed = GROUP.but(mode="observe")
    left = keep_time(None, ticket(state=TicketState.WAITING_CUSTOMER).but(window=None), rules, observed, NOON)
    for _ in range(2):
        left = run(left, 0, observed, rules=rules)
        assert left.state is TicketState.WAITING_CUSTOMER
    assert left.window is not None
    assert left.window.due_at == after(30 * 1440)
    assert run(left, 30 * 1440, observed, rules=rules).state is TicketState.CLOSED


def test_a_promise_moves_the_window_and_the_team_is_warned_before() -> None:
    promised = ticket().but(promised_until=after(180), state=TicketState.WAITING_US)
    kept = keep_time(ticket(), promised, RULES, GROUP, after(5))
    kept = keep_time(kept, kept.but(promised_until=after(180)), RULES, GROUP, after(5))
    assert kept.window is not None
    assert (kept.window.step, kept.window.due_at, kept.window.promised_until) == (BEFORE_PROMISE, after(150), after(180))
    assert kept.window.because == "promised for 2026-03-02 15:00; tell the team before"
    warned = run(kept, 150)
    assert warned.window is not None
    assert (warned.window.step, warned.window.due_at) == (0, after(195))
    assert "promised for 2026-03-02 15:00" in warned.window.because


def test_a_promise_for_soon_needs_no_warning() -> None:
    soon = ticket().but(promised_until=after(20))
    kept = keep_time(ticket(), soon, RULES, GROUP, after(1))
    assert kept.window is not None
    assert (kept.window.step, kept.window.due_at) == (0, after(35))


def test_cancelling_goes_on_to_the_next_step() -> None:
    left = cancel(ticket(), RULES, GROUP, after(3), "cancelled by ana")
    assert left.window is not None
    assert (left.window.step, left.follow_ups[0].because) == (1, "cancelled by ana")


def test_reports_of_the_sender_never_go_back() -> None:
    said = run(ticket(), 15)
    outbound_id = said.follow_ups[0].outbound_id or ""
    sent = delivered(delivered(said, outbound_id, "intent"), outbound_id)
    assert sent.follow_ups[0].status is SENT
    for late in ("intent", "unknown", "cancelled"):
        assert delivered(sent, outbound_id, late).follow_ups[0].status is SENT
    assert delivered(delivered(said, outbound_id, "unknown"), outbound_id).follow_ups[0].status is SENT
    assert delivered(said, "another").follow_ups == said.follow_ups


def test_policies_are_chosen_by_group_then_rule_then_what_fits() -> None:
    plain = ticket()
    assert RULES.policy_of(plain, GROUP).id == "standard"
    assert RULES.policy_of(plain, GROUP.but(tags=("vip",))).id == "vip"
    asked = plain.but(detected_by=plain.detected_by.but(follow_up="vip"))
    assert RULES.policy_of(asked, GROUP).id == "vip"
    assert RULES.policy_of(asked, GROUP.but(policy="standard")).id == "standard"
    assert Scope(priorities=(Priority.URGENT,), categories=("billing",)).fits(plain, ()) is False


def test_timers_look_again_at_windows_snoozes_and_reopening() -> None:
    within = timedelta(hours=48)
    wake = next_wake(ticket(), within)
    assert wake is not None
    assert (wake.at, wake.step) == (after(15), 0)
    asleep = enter(ticket(), TicketState.ON_HOLD, after(1)).but(snoozed_until=after(60), window=None)
    wake = next_wake(keep_time(ticket(), asleep, RULES, GROUP, after(1)), within)
    assert wake is not None
    assert (wake.at, wake.step) == (after(60), TIME_PASSED)
    assert pass_time(asleep, after(60)).state is TicketState.WAITING_US
    resolved = keep_time(ticket(), enter(ticket(), TicketState.RESOLVED, after(1)), RULES, GROUP, after(1))
    assert resolved.window is None
    assert resolved.reopens_until == after(1) + within
    wake = next_wake(resolved, within)
    assert wake is not None
    assert wake.at == after(1) + within + timedelta(seconds=1)
    closed = keep_time(ticket(), enter(ticket(), TicketState.CLOSED, after(1)), RULES, GROUP, after(1))
    assert next_wake(closed, within) is None
