"""Who writes: WhatsApp identities, and the aliases that join the two forms of one person.

A person in a group is known by a LID (`111222333444555@lid`), by a phone address
(`5511988887777@s.whatsapp.net`), or by both; WhatsApp tells which it likes, message by message.
"""

from __future__ import annotations

from enum import StrEnum

from stream.core.value import Value


class Role(StrEnum):
    """What the author of a message is to the team."""

    CUSTOMER = "customer"
    STAFF = "staff"
    SELF = "self"  # our own number: the bot, or an attendant typing on the same phone


class Sender(Value):
    """The author of one message as the transport named them. At least one of `lid` and `phone` is set, or neither is known."""

    lid: str | None = None
    phone: str | None = None
    name: str | None = None
    is_self: bool = False

    @property
    def address(self) -> str:
        """The identity as far as this one message tells: the LID first, else the phone, else `unknown`."""
        return self.lid or self.phone or "unknown"


class Person(Value):
    """One person of a group under their key; `lid` and `phone` are filled as they are learned."""

    key: str
    lid: str | None = None
    phone: str | None = None
    name: str | None = None
