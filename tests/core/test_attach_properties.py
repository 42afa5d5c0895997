from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stream.core.attach import Attachment, attach
from stream.core.attach_evidence import DEFAULT_WINDOWS, takes_messages
from stream.core.detection import Detection, Label
from stream.core.group import GroupState, Recent
from stream.core.people import Role
from stream.core.ticket import Entry, Evidence, Ticket, TicketState

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PEOPLE = ["ana", "ben", "carla", "dewi"]
WORDS = ["hola", "hi", "and", "4471", "order", "masih", "@ana", "k7m3", "T-2024", "?", "gracias", "ainda", "you", "parcel"]
TICKETS = ["T-K7M3-9QXZ", "T-K7M4-0000", "T-2024-0102"]

texts = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join),
)
messages = st.builds(
    lambda number, author, text, mentions, quoted, on, minutes: Recent(
        id=f"m{number}",
        author=author,
        role=Role.STAFF if author == "dewi" else Role.CUSTOMER,
        sent_at=AT + timedelta(minutes=minutes),
        text=text,
        mentions=tuple(mentions),
        quoted_id=f"m{quoted}" if quoted is not None else None,
        ticket_id=on,
    ),
    st.integers(0, 90),
    st.sampled_from(PEOPLE),
    texts,
    st.lists(st.sampled_from(PEOPLE), max_size=2),
    st.none() | st.integers(0, 95),
    st.sampled_from([None, *TICKETS, "T-GONE-GONE"]),
    st.integers(0, 5000),
)


@st.composite
def states(draw: st.DrawFn) -> GroupState:
    recent = sorted(draw(st.lists(messages, max_size=20, unique_by=lambda m: m.id)), key=lambda m: m.sent_at)
    tickets = {}
    for ticket_id in draw(st.lists(st.sampled_from(TICKETS), unique=True)):
        state = draw(st.sampled_from(TicketState))
        entries = tuple(
            Entry(message_id=m.id, author=m.author, role=m.role, sent_at=m.sent_at, attached_because=Evidence.BURST)
            for m in recent
            if m.ticket_id == ticket_id
        )
        tickets[ticket_id] = Ticket(
            id=ticket_id,
            instance="i",
            group="g",
            state=state,
            opened_by=draw(st.sampled_from(PEOPLE)),
            detected_by=Detection(label=Label.TICKET),
            opened_at=AT,
            updated_at=AT,
            resolved_at=AT + timedelta(minutes=draw(st.integers(0, 3000))) if state is TicketState.RESOLVED else None,
            merged_into=draw(st.sampled_from([None, *TICKETS])) if state is TicketState.CLOSED else None,
            messages=entries,
        )
    return GroupState(group="g", tickets=tickets, recent=tuple(recent))


@given(state=states(), message=messages, label=st.sampled_from(Label), hours=st.integers(0, 100))
def test_whatever_is_said_goes_to_a_ticket_that_takes_messages_or_to_none(
    state: GroupState, message: Recent, label: Label, hours: int
) -> None:
    now = message.sent_at + timedelta(hours=hours)
    found = attach(message, state, Detection(label=label), now)
    assert 0 <= found.confidence <= 1
    assert (found.ticket_id is None) == (found.because is None)
    if found.ticket_id is not None:
        assert takes_messages(state.tickets[found.ticket_id], now, DEFAULT_WINDOWS)
        assert found.follows is None
    if found.follows is not None:
        assert not takes_messages(state.tickets[found.follows], now, DEFAULT_WINDOWS)


@given(state=states(), message=messages, label=st.sampled_from(Label))
def test_a_replay_from_stored_state_decides_the_same(state: GroupState, message: Recent, label: Label) -> None:
    def decide(known: GroupState) -> Attachment:
        return attach(message, known, Detection(label=label), message.sent_at)

    assert decide(GroupState.from_json(state.to_json())) == decide(state) == decide(state)
