from __future__ import annotations

from datetime import UTC, datetime, timedelta

from stream.core.book import Book, empty_book
from stream.core.calendar import BusinessCalendar, Hours
from stream.core.detection import Detection, Label
from stream.core.due import Expected, due_list, states_of
from stream.core.followup_policy import FollowUps, Policy, Step
from stream.core.group_facts import GroupFacts
from stream.core.groups_config import GroupConfig, GroupMode, GroupsFile
from stream.core.sending_rules import SendingRules
from stream.core.states import enter, snooze
from stream.core.templates import Text
from stream.core.ticket import Ticket, TicketState
from stream.core.ticket_life import keep_time

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
GROUP = "120363000000000001@g.us"
OFFICE = BusinessCalendar(name="office", week=((Hours(start=540, end=1080),),) * 5 + ((), ()))
RULES = FollowUps(
    sending=SendingRules(ops_group="120363000000000009@g.us"),
    calendars={"office": OFFICE},
    policies=(
        Policy(
            id="standard",
            calendar="office",
            steps=(
                Step(after=15, say="text"),
                Step(after=45, escalate="text"),
                Step(waiting_for="customer", after=60, say="text"),
                Step(waiting_for="customer", after=300, close=True),
            ),
        ),
    ),
    texts={"text": Text(one={"en": "about {{ ticket.id }}"})},
)


def book(mode: GroupMode = GroupMode.TICKETS_AND_FOLLOW_UPS) -> Book:
    empty = empty_book()
    groups = GroupsFile(version=1, groups=(GroupConfig(jid=GROUP, mode=mode),))
    return Book(version="v", rules=empty.rules, groups=groups, follow_ups=RULES)


def ticket(name: str, since: float = 0, state: TicketState = TicketState.NEW) -> Ticket:
    at = NOON + timedelta(minutes=since)
    fresh = Ticket(
        id=name,
        instance="i",
        group=GROUP,
        opened_by="ana",
        detected_by=Detection(label=Label.TICKET),
        opened_at=at,
        updated_at=at,
        last_customer_at=at,
    )
    moved = enter(fresh, state, at) if state is not TicketState.NEW else fresh
    return keep_time(None, moved, RULES, GroupFacts(mode="tickets+follow-ups"), at)


def look(
    *tickets: Ticket, minutes: float = 5, hours: float = 24, mode: GroupMode = GroupMode.TICKETS_AND_FOLLOW_UPS
) -> list[tuple[str, Expected, str]]:
    items = due_list(states_of(tickets), book(mode), NOON + timedelta(minutes=minutes), hours)
    return [(item.ticket_id, item.expected, item.at.strftime("%a %H:%M") if item.at else "") for item in items]


def test_everything_that_will_happen_stands_in_order_of_time() -> None:
    assert look(ticket("T-1"), ticket("T-2", state=TicketState.WAITING_CUSTOMER)) == [
        ("T-1", Expected.SAID, "Mon 12:15"),
        ("T-1", Expected.ESCALATED, "Mon 12:45"),
        ("T-2", Expected.SAID, "Mon 13:00"),
        ("T-2", Expected.CLOSED, "Mon 17:00"),
    ]


def test_what_is_only_due_later_or_not_at_all_says_why() -> None:
    asleep = snooze(ticket("T-2"), NOON + timedelta(days=3), NOON).but(window=None)
    resolved = enter(ticket("T-3"), TicketState.RESOLVED, NOON)
    items = due_list(states_of([ticket("T-1"), asleep, resolved]), book(), NOON, hours=0.1)
    assert [(item.ticket_id, item.expected) for item in items] == [("T-1", Expected.NOTHING), ("T-2", Expected.NOTHING)]
    assert items[0].due_at == NOON + timedelta(minutes=15)
    assert items[1].because == "put aside until 2026-03-05T12:00:00+00:00"


def test_what_will_not_be_sent_has_its_reason() -> None:
    items = due_list(states_of([ticket("T-1")]), book(GroupMode.OBSERVE), NOON, 24)
    assert [(item.expected, item.because) for item in items] == [
        (Expected.NOT_SENT, "the group's mode is observe"),
        (Expected.NOT_SENT, "the group's mode is observe"),
    ]


def test_one_message_for_several_tickets_names_the_others() -> None:
    items = due_list(states_of([ticket("T-1"), ticket("T-2", 3)]), book(), NOON, 0.5)
    assert [(item.ticket_id, item.together_with, item.text) for item in items] == [
        ("T-1", ("T-2",), "about T-1\n\nabout T-2"),
        ("T-2", ("T-1",), "about T-1\n\nabout T-2"),
    ]


def test_pauses_are_seen_ahead_and_explained() -> None:
    first = ticket("T-1", 325)  # 17:25, due 17:40
    items = due_list(states_of([first, ticket("T-2", 331)]), book(), NOON + timedelta(minutes=332), 24)
    said = [
        (item.ticket_id, item.at and item.at.strftime("%H:%M"), item.because) for item in items if item.expected is Expected.SAID
    ]
    assert said[0] == ("T-1", "17:40", "waiting for us; say text")
    assert said[1] == ("T-2", "17:50", "waits: something was just sent to the group")


def test_the_list_changes_nothing() -> None:
    states = states_of([ticket("T-1")])
    before = states[0].to_json()
    due_list(states, book(), NOON, 100)
    assert states[0].to_json() == before
