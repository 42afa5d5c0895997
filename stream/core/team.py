"""Who is staff, as the team writes it in `rules/team.yaml`: everybody else in a group is a customer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from stream.core.rules import Strict

_NOT_DIGIT = re.compile(r"\D")


def _digits(value: object) -> object:
    return _NOT_DIGIT.sub("", value) if isinstance(value, str) else str(value) if isinstance(value, int) else value


Phone = Annotated[
    str,
    BeforeValidator(_digits),
    StringConstraints(pattern=r"^[1-9][0-9]{6,14}$"),
    Field(description="With the country code, written as you like: +55 11 98888-7777"),
]
Lid = Annotated[
    str,
    BeforeValidator(_digits),
    StringConstraints(pattern=r"^[0-9]{5,20}$"),
    Field(description="WhatsApp's other name of a person: 111222333444555@lid"),
]


class Member(Strict):
    """One person of the team; at least one of phone and LID is known."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    phones: tuple[Phone, ...] = ()
    lids: tuple[Lid, ...] = ()

    @model_validator(mode="after")
    def _can_be_recognised(self) -> Self:
        if not self.phones and not self.lids:
            raise ValueError("give at least one of phones and lids, or nobody can recognise this person")
        return self


class Team(Strict):
    version: Literal[1] = 1
    team: tuple[Member, ...] = ()

    def addresses(self) -> dict[str, Member]:
        """Return every address under which a member may write, as `known_as` gives them."""
        phones = {form: member for member in self.team for phone in member.phones for form in phone_forms(phone)}
        return phones | {f"{lid}@lid": member for member in self.team for lid in member.lids}


def known_as(addresses: Iterable[str]) -> Iterable[str]:
    """Return the keys under which these WhatsApp addresses may stand in `Team.addresses`."""
    for address in addresses:
        user, _, server = address.partition("@")
        user = user.partition(":")[0]  # the device of a person writes as 5511...:12@...
        if server == "lid":
            yield f"{user}@lid"
        else:
            yield _NOT_DIGIT.sub("", user)


def phone_forms(digits: str) -> set[str]:
    """Return the ways WhatsApp may write a number: Brazil without its ninth digit, Mexico with 1, Argentina with 9."""
    forms = {digits}
    if digits.startswith("55") and len(digits) == 13 and digits[4] == "9":
        forms.add(digits[:4] + digits[5:])
    elif digits.startswith("55") and len(digits) == 12 and digits[4] in "6789":
        forms.add(digits[:4] + "9" + digits[4:])
    for country, extra, length in (("52", "1", 12), ("54", "9", 12)):
        if digits.startswith(country + extra) and len(digits) == length + 1:
            forms.add(country + digits[3:])
        elif digits.startswith(country) and len(digits) == length:
            forms.add(country + extra + digits[2:])
    return forms
