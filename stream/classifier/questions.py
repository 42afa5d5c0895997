"""Which messages are asked about together: those of one author in one group, a suspicious one alone."""

from __future__ import annotations

from collections.abc import Sequence

from stream.core.model_suspicion import is_suspicious
from stream.core.outcome import Undecided


def split(asked: Sequence[Undecided], most: int) -> list[list[Undecided]]:
    """Return the calls to make for messages of one group, in the order of their first messages.

    Nobody's words are ever in a call that labels somebody else's: see `stream.core.model_prompt`.
    """
    calls: list[list[Undecided]] = []
    open_call: dict[str, list[Undecided]] = {}
    for one in asked:
        author = one.message.author
        if is_suspicious(one.message.text):
            calls.append([one])
            open_call.pop(author, None)
            continue
        call = open_call.get(author)
        if call is None or len(call) >= most:
            call = open_call[author] = []
            calls.append(call)
        call.append(one)
    return calls
