"""Ticket ids as people write them in a chat: `t-k7m3`, `K7M3 9QXZ`, lower case, with the phone's own dash."""

from __future__ import annotations

import re
from collections.abc import Mapping

from stream.core.ticket import Ticket

_READ = 4_000  # an id stands near the start; a pasted log is not searched to its end
_DASH = "[-\u2010-\u2015\u2212 _]?"  # what phones and people put between the parts
_ID = re.compile(
    rf"(?<![0-9a-z])(?P<t>t{_DASH}|ticket[ #]*)?(?P<head>[0-9a-z]{{3,4}})(?:{_DASH}(?P<tail>[0-9a-z]{{1,4}}))?(?![0-9a-z])",
    re.IGNORECASE,
)
_ALIKE = str.maketrans("OILU", "011V")  # read aloud or copied by hand: letters that no id has
_DIGIT = re.compile(r"\d")
_TICKET_WORD = re.compile(r"\bt[-\u2010-\u2015\u2212_#]|ticket", re.IGNORECASE)


def named_ticket(text: str, tickets: Mapping[str, Ticket]) -> str | None:
    """Return the id of the first ticket that `text` names, in full or by a prefix that only one ticket has.

    A bare word is read as an id only when it mixes letters and digits, as nearly every id does: `HELP` and `2024`
    never name a ticket, `T-HELP` and `k7m3` may. Three characters after `T-`, else four, are the least.
    """
    text = text[:_READ]
    if not tickets:
        return None
    if not _DIGIT.search(text) and not _TICKET_WORD.search(text):
        return None
    found = _ID.search(text)
    while found:
        for written in _readings(found):
            ticket_id = _only_match(written, tickets)
            if ticket_id is not None:
                return ticket_id
        found = _ID.search(text, found.end("head"))  # the second word of a pair may be an id of its own
    return None


def _readings(found: re.Match[str]) -> list[str]:
    """List the ids that this piece of text may stand for, longest first, as `T-XXXX-YYYY` or a prefix of it."""
    head, tail, has_t = found["head"], found["tail"], found["t"] is not None
    readings = []
    is_glued = tail is not None and found.end("head") == found.start("tail")
    if tail and len(head) == 4 and (has_t or len(tail) == 4) and (has_t or _is_mixed(head + tail)):
        readings.append(f"T-{_plain(head)}-{_plain(tail)}")
    if not is_glued and (has_t or (len(head) == 4 and _is_mixed(head))):
        readings.append(f"T-{_plain(head)}")
    return readings


def _is_mixed(word: str) -> bool:
    return any(letter.isdigit() for letter in word) and any(letter.isalpha() for letter in word)


def _plain(word: str) -> str:
    return word.upper().translate(_ALIKE)


def _only_match(written: str, tickets: Mapping[str, Ticket]) -> str | None:
    if written in tickets:
        return written
    matches = [ticket_id for ticket_id in tickets if ticket_id.startswith(written)]
    return matches[0] if len(matches) == 1 else None
