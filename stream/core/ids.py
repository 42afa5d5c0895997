"""Ids that are the same on every replay: made from what they stand for, never from a clock or a random source."""

from __future__ import annotations

import hashlib

# Crockford's base 32: no I, L, O, U, so that an id can be read aloud and typed on a phone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ticket_id(group: str, message_id: str) -> str:
    """Return an id such as `T-K7M3-9QXZ` for the ticket opened by this message (40 bits: 1 in 5,500 at 20,000 tickets)."""
    number = int.from_bytes(hashlib.sha256(f"{group}\x00{message_id}".encode()).digest()[:5], "big")
    letters = "".join(_ALPHABET[(number >> shift) & 31] for shift in range(35, -5, -5))
    return f"T-{letters[:4]}-{letters[4:]}"


def derived_id(*parts: object) -> str:
    """Return a stable id of 20 hex digits for something named by these parts, such as a follow-up of a ticket's step."""
    return hashlib.sha256("\x00".join(map(str, parts)).encode()).hexdigest()[:20]


def seen_hash(message_id: str) -> str:
    """Return the short form in which a handled message id is remembered (60 bits)."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:15]
