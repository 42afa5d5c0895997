from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.core.detection import Detection, Label, Priority
from stream.core.group import GroupState, Recent
from stream.core.people import Role
from stream.core.reattach import Rearranged, attach_to, merge, split
from stream.core.ticket import Entry, Evidence, Ticket, TicketState
from stream.core.undo import forget, remember, undo
from stream.errors import CommandRefused

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOW = AT + timedelta(hours=1)


def a_state(*owners: int | None, authors: str = "") -> GroupState:
    """Build a group in which message m<n> is on ticket T<owner>, or on none."""
    state = GroupState(group="g@g.us", instance="i")
    for number, owner in enumerate(owners):
        author = authors[number] if authors else "a"
        at = AT + timedelta(minutes=number // 2)  # two a minute: times alone do not tell the order
        recent = Recent(id=f"m{number}", author=author, role=Role.CUSTOMER, sent_at=at, text=f"text {number}")
        state = state.but(recent=(*state.recent, recent.but(ticket_id=None if owner is None else f"T{owner}")))
        if owner is not None:
            state = put_on(state, recent, f"T{owner}")
    return state


def put_on(state: GroupState, recent: Recent, on: str) -> GroupState:
    ticket = state.tickets.get(on) or Ticket(
        id=on,
        instance="i",
        group=state.group,
        opened_by=recent.author,
        detected_by=Detection(label=Label.TICKET),
        opened_at=recent.sent_at,
        updated_at=recent.sent_at,
    )
    entry = Entry(
        message_id=recent.id,
        author=recent.author,
        role=recent.role,
        sent_at=recent.sent_at,
        text=recent.text,
        attached_because=Evidence.BURST if ticket.messages else Evidence.OPENED,
    )
    grown = ticket.but(messages=(*ticket.messages, entry), message_count=ticket.message_count + 1)
    return state.but(tickets={**state.tickets, on: grown})


def applied(state: GroupState, change: Rearranged) -> GroupState:
    return state.but(tickets={**state.tickets, **{ticket.id: ticket for ticket in change.tickets}}, recent=change.recent)


def messages_of(state: GroupState, ticket_id: str) -> list[str]:
    return [entry.message_id for entry in state.tickets[ticket_id].messages]


def assert_each_message_is_once(state: GroupState, before: GroupState) -> None:
    def held(some: GroupState) -> Counter[str]:
        return Counter(entry.message_id for ticket in some.tickets.values() for entry in ticket.messages)

    assert set(held(state).values()) <= {1}
    assert set(held(state)) >= set(held(before))
    for ticket in state.tickets.values():
        assert ticket.message_count == len(ticket.messages)
        assert [e.sent_at for e in ticket.messages] == sorted(e.sent_at for e in ticket.messages)
    on = {entry.message_id: ticket.id for ticket in state.tickets.values() for entry in ticket.messages}
    assert all(message.ticket_id == on.get(message.id) for message in state.recent)


def test_merging_moves_everything_and_leaves_a_pointer() -> None:
    state = a_state(1, 2, 1, None, 2)
    state = state.but(
        tickets={
            "T1": state.tickets["T1"].but(state=TicketState.WAITING_CUSTOMER, assignee=None, tags=("shop",)),
            "T2": state.tickets["T2"].but(priority=Priority.HIGH, assignee="dewi", tags=("vip", "shop")),
        }
    )
    after = applied(state, merge(state, "T2", "T1", NOW))
    one, two = after.tickets["T1"], after.tickets["T2"]
    assert messages_of(after, "T1") == ["m0", "m1", "m2", "m4"]
    assert (two.state, two.merged_into, two.messages, two.closed_at) == (TicketState.CLOSED, "T1", (), NOW)
    assert (one.state, one.priority, one.assignee, one.tags) == (TicketState.NEW, Priority.HIGH, "dewi", ("shop", "vip"))
    assert [entry.attached_because for entry in one.messages if entry.message_id == "m1"] == [Evidence.COMMAND]


def test_splitting_takes_the_message_and_what_its_author_wrote_after_it() -> None:
    state = a_state(1, 1, 1, 1, 1, authors="aabab")
    after = applied(state, split(state, "T1", "m1", NOW, by="dewi"))
    (new,) = set(after.tickets) - {"T1"}
    assert messages_of(after, "T1") == ["m0", "m2", "m4"]
    assert messages_of(after, new) == ["m1", "m3"]
    ticket = after.tickets[new]
    assert (ticket.split_from, ticket.title, ticket.detected_by.decided_by) == ("T1", "Text 1", "dewi")
    assert ticket.messages[0].attached_because is Evidence.OPENED


def test_a_message_of_no_ticket_can_be_attached() -> None:
    state = a_state(1, None)
    after = applied(state, attach_to(state, "T1", "m1", NOW))
    assert messages_of(after, "T1") == ["m0", "m1"]
    assert after.recent[1].ticket_id == "T1"


def test_attaching_the_only_message_of_a_ticket_merges_it() -> None:
    state = a_state(1, 2)
    after = applied(state, attach_to(state, "T1", "m1", NOW))
    assert after.tickets["T2"].merged_into == "T1"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: merge(s, "T1", "T1", NOW), "with itself"),
        (lambda s: merge(s, "T9", "T1", NOW), "no ticket T9"),
        (lambda s: merge(s, "T1", "T3", NOW), "T3 is closed"),
        (lambda s: split(s, "T1", "m0", NOW, "dewi"), "began T1"),
        (lambda s: split(s, "T1", "m2", NOW, "dewi"), "not on T1"),
        (lambda s: attach_to(s, "T1", "m1", NOW), "on T1 already"),
        (lambda s: attach_to(s, "T1", "m9", NOW), "not remembered"),
        (lambda s: undo(s, "c9", NOW), "too long ago"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(change: Callable[[GroupState], object], says: str) -> None:
    state = a_state(1, 1, 2, 3)
    state = state.but(tickets={**state.tickets, "T3": state.tickets["T3"].but(state=TicketState.CLOSED)})
    with pytest.raises(CommandRefused, match=says):
        change(state)


OWNERS = st.lists(st.sampled_from([None, 1, 2, 3]), min_size=2, max_size=12)
CHANGES = st.tuples(st.sampled_from(["merge", "split", "attach"]), st.integers(0, 11), st.integers(1, 3), st.integers(1, 3))


def do(state: GroupState, what: tuple[str, int, int, int]) -> GroupState:
    kind, message, one, other = what
    match kind:
        case "merge":
            return applied(state, merge(state, f"T{one}", f"T{other}", NOW))
        case "split":
            return applied(state, split(state, f"T{one}", f"m{message}", NOW, by="dewi"))
        case _:
            return applied(state, attach_to(state, f"T{one}", f"m{message}", NOW))


@given(owners=OWNERS, authors=st.text("abc", min_size=12, max_size=12), changes=st.lists(CHANGES, max_size=6))
def test_whatever_is_moved_every_message_is_on_one_ticket(
    owners: list[int | None], authors: str, changes: list[tuple[str, int, int, int]]
) -> None:
    before = state = a_state(*owners, authors=authors)
    for change in changes:
        try:
            state = do(state, change)
        except CommandRefused:
            continue
        assert_each_message_is_once(state, before)


@given(owners=OWNERS, authors=st.text("ab", min_size=12, max_size=12), message=st.integers(0, 11), one=st.integers(1, 3))
def test_a_split_ticket_merged_back_gives_the_same_messages(
    owners: list[int | None], authors: str, message: int, one: int
) -> None:
    state = a_state(*owners, authors=authors)
    try:
        apart = do(state, ("split", message, one, one))
    except CommandRefused:
        return
    (new,) = set(apart.tickets) - set(state.tickets)
    again = applied(apart, merge(apart, new, f"T{one}", NOW))
    assert sorted(messages_of(again, f"T{one}")) == sorted(messages_of(state, f"T{one}"))
    assert_each_message_is_once(again, state)


@given(owners=OWNERS, authors=st.text("abc", min_size=12, max_size=12), change=CHANGES, has_more=st.booleans())
def test_undo_gives_what_was_there_before_and_keeps_what_came_since(
    owners: list[int | None], authors: str, change: tuple[str, int, int, int], has_more: bool
) -> None:
    before = a_state(*owners, authors=authors)
    try:
        after = do(before, change)
    except CommandRefused:
        return
    after = GroupState.from_json(remember(before, after, "c1", NOW).to_json())
    expected = before
    later_on = next((key for key, ticket in before.tickets.items() if after.tickets[key].state.is_open), None)
    if has_more and later_on is not None:
        later = Recent(id="later", author="b", role=Role.CUSTOMER, sent_at=NOW, text="later", ticket_id=later_on)
        after = put_on(after.but(recent=(*after.recent, later)), later, later_on)
        expected = put_on(before.but(recent=(*before.recent, later)), later, later_on)
    undone = applied(after, undo(after, "c1", NOW + timedelta(minutes=1)))
    opened = set(after.tickets) - set(before.tickets)
    assert {key: ticket for key, ticket in undone.tickets.items() if key not in opened} == expected.tickets
    assert undone.recent == expected.recent
    assert all(not undone.tickets[key].messages and not undone.tickets[key].state.is_open for key in opened)
    with pytest.raises(CommandRefused):
        undo(forget(undone, "c1"), "c1", NOW)


def test_undo_leaves_what_was_changed_again_since() -> None:
    state = a_state(1)
    resolved = state.but(tickets={"T1": state.tickets["T1"].but(state=TicketState.RESOLVED, resolved_at=NOW, note="sent")})
    kept = remember(state, resolved, "c1", NOW)
    renamed = kept.but(tickets={"T1": kept.tickets["T1"].but(note="sent again")})
    ticket = applied(renamed, undo(renamed, "c1", NOW)).tickets["T1"]
    assert (ticket.state, ticket.resolved_at, ticket.note) == (TicketState.NEW, None, "sent again")


def test_a_ticket_made_by_a_command_is_closed_again_and_its_message_is_free() -> None:
    before = a_state(None)
    opened = put_on(before.but(recent=(before.recent[0].but(ticket_id="T1"),)), before.recent[0], "T1")
    state = remember(before, opened, "c1", NOW)
    undone = applied(state, undo(state, "c1", NOW))
    assert (undone.recent, undone.tickets["T1"].state) == (before.recent, TicketState.CLOSED)


def test_a_split_that_was_answered_since_is_not_undone() -> None:
    before = a_state(1, 1, 1, authors="aab")
    state = remember(before, do(before, ("split", 1, 1, 1)), "c1", NOW)
    (new,) = set(state.tickets) - {"T1"}
    answer = Recent(id="later", author="dewi", role=Role.STAFF, sent_at=NOW, text="we look into it", ticket_id=new)
    with pytest.raises(CommandRefused, match="other messages since"):
        undo(put_on(state, answer, new), "c1", NOW)


def test_what_can_be_undone_is_bounded() -> None:
    state = a_state(1)
    for number in range(30):
        noted = state.but(tickets={"T1": state.tickets["T1"].but(note=f"note {number}")})
        state = remember(state, noted, f"c{number}", NOW)
    assert len(state.undoable) == 12
    later = remember(state, state.but(tickets={"T1": state.tickets["T1"].but(note="x")}), "last", NOW + timedelta(hours=2))
    assert [kept.command_id for kept in later.undoable] == ["last"]
