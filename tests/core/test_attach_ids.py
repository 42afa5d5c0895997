from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stream.core.attach_ids import named_ticket
from stream.core.detection import Detection, Label
from stream.core.ticket import Ticket

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def a_ticket(ticket_id: str) -> Ticket:
    return Ticket(
        id=ticket_id,
        instance="i",
        group="g@g.us",
        opened_by="ana",
        detected_by=Detection(label=Label.TICKET),
        opened_at=AT,
        updated_at=AT,
    )


TICKETS = {ticket_id: a_ticket(ticket_id) for ticket_id in ("T-K7M3-9QXZ", "T-K7M4-0000", "T-2024-0102", "T-HE1P-AAAA")}


@pytest.mark.parametrize(
    ("text", "ticket_id"),
    [
        ("T-K7M3-9QXZ", "T-K7M3-9QXZ"),
        ("please look at t-k7m3", "T-K7M3-9QXZ"),
        ("K7M3 9QXZ sudah beres?", "T-K7M3-9QXZ"),
        ("k7m39qxz", "T-K7M3-9QXZ"),
        ("T–K7M3–9QXZ e o outro?", "T-K7M3-9QXZ"),  # noqa: RUF001 - the dash that a phone puts there
        ("t k7m4", "T-K7M4-0000"),
        ("ticket #k7m4 ya está", "T-K7M4-0000"),
        ("it is done k7m3", "T-K7M3-9QXZ"),
        ("k7m3 is done", "T-K7M3-9QXZ"),
        ("T-K7M3 9q", "T-K7M3-9QXZ"),
        ("resolve T-HELP", "T-HE1P-AAAA"),
        ("t-2024", "T-2024-0102"),
        ("K7M3, then K7M4", "T-K7M3-9QXZ"),
    ],
)
def test_an_id_is_read_as_people_write_it(text: str, ticket_id: str) -> None:
    assert named_ticket(text, TICKETS) == ticket_id


@pytest.mark.parametrize(
    "text",
    ["", "help me", "in the year 2024", "pedido 2024 0102", "t-k7m", "k7m", "a t-shirt", "xk7m3", "k7m35", "T-ZZZZ-0000"],
)
def test_what_is_no_id_or_fits_two_tickets_names_none(text: str) -> None:
    assert named_ticket(text, TICKETS) is None
