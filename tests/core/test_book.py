from __future__ import annotations

import pytest
from pydantic import ValidationError

from stream.core.book import Book, empty_book
from stream.core.groups_config import GroupConfig, GroupMode, GroupsFile
from stream.core.people import Role
from stream.core.team import Member, Team


def book(team: Team | None = None, groups: GroupsFile | None = None) -> Book:
    empty = empty_book()
    return Book("v", empty.rules, groups or GroupsFile(version=1), team or Team())


def test_a_group_that_nobody_named_is_observed_and_never_written_to() -> None:
    found = empty_book().group("1@g.us")
    assert found.mode is GroupMode.OBSERVE
    assert not found.mode.may_send


def test_an_unlisted_group_can_be_off_but_never_written_to() -> None:
    assert book(groups=GroupsFile.model_validate({"version": 1, "unlisted": "off"})).group("1@g.us").mode is GroupMode.OFF
    with pytest.raises(ValidationError):
        GroupsFile.model_validate({"version": 1, "unlisted": "tickets+follow-ups"})


def test_a_named_group_is_as_it_was_written() -> None:
    written = GroupConfig(jid="1@g.us", mode=GroupMode.TICKETS_AND_FOLLOW_UPS, tags=("shops",))
    assert book(groups=GroupsFile(version=1, groups=(written,))).group("1@g.us") == written


@pytest.mark.parametrize(
    ("phone", "address"),
    [
        ("+55 11 98888-7777", "5511988887777@s.whatsapp.net"),
        ("+55 11 98888-7777", "551188887777@s.whatsapp.net"),  # WhatsApp leaves out the ninth digit of some numbers
        ("+55 11 8888-7777", "5511988887777@s.whatsapp.net"),
        ("+52 55 1234 5678", "5215512345678@s.whatsapp.net"),
        ("+54 9 11 1234 5678", "541112345678@s.whatsapp.net"),
        ("+62 812-3456-789", "62812 3456789:7@s.whatsapp.net"),
    ],
)
def test_staff_are_known_by_phone_however_it_is_written(phone: str, address: str) -> None:
    team = Team(team=(Member(name="Ana", phones=(phone,)),))
    assert book(team).role_of([address]) is Role.STAFF
    assert book(team).role_of(["5599999999999@s.whatsapp.net"]) is Role.CUSTOMER


def test_staff_are_known_by_lid_and_a_lid_is_no_phone() -> None:
    team = Team(team=(Member(name="Budi", lids=("111222333444555@lid",)),))
    found = book(team).member(["628@s.whatsapp.net", "111222333444555:3@lid"])
    assert found is not None
    assert found.name == "Budi"
    assert book(team).role_of(["111222333444555@s.whatsapp.net"]) is Role.CUSTOMER


def test_a_member_that_nobody_can_recognise_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least one of phones and lids"):
        Member(name="Ghost")
