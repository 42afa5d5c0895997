"""What a failed call means: whether it may be tried again, or the message may have left all the same.

Evolution has no idempotency key, and its status codes mislead: a 400 can come after the message left, a 500 before. So the
text decides, by the table below. It holds what was seen on 2.3.7 and in reports of its users; what is not in it is
uncertain, because a message too late is better than one too many.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from stream.errors import TransportError


class Retry(StrEnum):
    """What the sender may do after a failure."""

    SAFE = "safe"  # it never left; another try is worth it
    UNCERTAIN = "uncertain"  # it may have left; look for it, never send it again blindly
    NEVER = "never"  # it never left, and another try cannot help


@dataclass(frozen=True)
class Verdict:
    """`needs_person`: somebody must act first. `concerns_all`: it is not about this message, so the others would fail as well."""

    retry: Retry
    because: str
    needs_person: bool = False
    concerns_all: bool = False


class CallFailed(TransportError):
    """A call to the transport failed. `status` is None when there was no answer."""

    def __init__(self, verdict: Verdict, *, call: str, status: int | None = None, text: str = "") -> None:
        super().__init__(f"{call} failed: {verdict.because}" + (f" (it said: {text[:200]})" if text else ""))
        self.verdict = verdict
        self.call = call
        self.status = status
        self.text = text


LICENCE = Verdict(
    Retry.SAFE,
    "Evolution asks for a licence activation (2.4 and later); activate it or run 2.3.7",
    needs_person=True,
    concerns_all=True,
)
NOT_REACHED = Verdict(Retry.SAFE, "nothing answers at EVOLUTION_API_URL", concerns_all=True)
NO_ANSWER = Verdict(Retry.UNCERTAIN, "the connection was made, but no answer came in time")
BROKEN_ANSWER = Verdict(Retry.UNCERTAIN, "the answer was not what Evolution sends; something else may stand in between")
ERROR_INSIDE = Verdict(Retry.UNCERTAIN, "the answer was 200 with an error inside")
REDIRECTED = Verdict(
    Retry.NEVER,
    "the address redirects, which is not followed; set EVOLUTION_API_URL to the final one",
    needs_person=True,
    concerns_all=True,
)
UNKNOWN_TEXT = Verdict(Retry.UNCERTAIN, "Evolution reported an error that is not known here")

_DATABASE = Verdict(Retry.UNCERTAIN, "Evolution could not reach its database; the message may have left before")
_SLOW = Verdict(Retry.UNCERTAIN, "WhatsApp did not answer Evolution in time")
CLOSED = Verdict(Retry.SAFE, "the WhatsApp connection is closed", concerns_all=True)
_TOO_FAST = Verdict(Retry.SAFE, "WhatsApp asks to slow down", concerns_all=True)
_KEYS = Verdict(Retry.UNCERTAIN, "WhatsApp did not accept the group's encryption keys")
_FORBIDDEN = Verdict(Retry.NEVER, "WhatsApp forbids this number to write there", needs_person=True, concerns_all=True)
_NO_SUCH_PATH = Verdict(
    Retry.SAFE,
    "the server knows no such path; EVOLUTION_API_URL is Evolution's address and nothing behind it",
    needs_person=True,
    concerns_all=True,
)
_STARTING = Verdict(Retry.SAFE, "Evolution has not loaded the instance yet; it is still starting", concerns_all=True)
_NAME_IN_USE = Verdict(
    Retry.SAFE,
    "Evolution has the instance in its database and has not loaded it: it is still starting, or "
    "its DATABASE_CONNECTION_CLIENT_NAME is not the one with which the instance was made; try again in a minute",
)
EMPTY_QUOTE = Verdict(Retry.SAFE, "the message that should be quoted was deleted")
_MALFORMED = Verdict(Retry.NEVER, "Evolution does not accept the request")
_NO_ACCOUNT = Verdict(Retry.NEVER, "the number is not on WhatsApp")
_NO_GROUP = Verdict(Retry.SAFE, "Evolution could not find the group; our number may have left it")

# (status or None for any, pattern in the flattened text, verdict): the first that fits counts.
_BY_TEXT: tuple[tuple[int | None, str, Verdict], ...] = (
    (None, r"prisma|database", _DATABASE),
    (None, r"cannot read properties of undefined \(reading '(text|reaction|fetch|find)\w*'\)", _STARTING),
    (400, r"cannot read properties of undefined \(reading 'undefined'\)", EMPTY_QUOTE),
    (403, r"is already in use", _NAME_IN_USE),
    (None, r"timed out", _SLOW),
    (None, r"connection closed|connection was lost|socket.*(closed|not open)", CLOSED),
    (None, r"rate-overlimit|too many requests", _TOO_FAST),
    (None, r"no sessions|not-acceptable", _KEYS),
    (None, r"account.*(restricted|banned)|forbidden|\b463\b", _FORBIDDEN),
    (400, r"requires property|is not of a type|is not one of|does not (match|meet)|duplicate item|text is required", _MALFORMED),
    (400, r"invalid format|enter a value in|must be an? (single emoji|array)|cannot be empty", _MALFORMED),
    (400, r'"?exists"?: ?false', _NO_ACCOUNT),
    (400, r"group not found|item-not-found|^\[object object\]$", _NO_GROUP),
    (404, r"item-not-found|not-authorized", _NO_GROUP),
)
# Whatever fails when a group is asked for is told as 404, with the reason behind these words.
_OF_A_GROUP = re.compile(r"(error fetching group|no participants); ", re.IGNORECASE)
_BY_STATUS: dict[int, Verdict] = {
    401: Verdict(Retry.SAFE, "Evolution does not accept EVOLUTION_API_KEY", needs_person=True, concerns_all=True),
    403: Verdict(Retry.NEVER, "Evolution forbids the call", needs_person=True, concerns_all=True),
    404: Verdict(
        Retry.SAFE, "the instance does not exist on this server; pair it at /qr-cs", needs_person=True, concerns_all=True
    ),
    413: Verdict(Retry.NEVER, "the message is too long for the server"),
    429: Verdict(Retry.SAFE, "the server asks to slow down", concerns_all=True),
}


def classify(status: int, answer: Any) -> Verdict:
    """Return what an error answer means. `answer` is its parsed body, or its text when it is no JSON."""
    if status in {402, 403, 503} and "LICENSE_REQUIRED" in str(answer):
        return LICENCE
    if 300 <= status < 400:
        return REDIRECTED
    text = flatten(answer)
    if status == 404 and re.match(r"cannot (get|post|delete) /", text, re.IGNORECASE):
        return _NO_SUCH_PATH
    if status not in {401, 404} or _OF_A_GROUP.match(text):  # told before anything is done, whatever the text
        for wanted, pattern, verdict in _BY_TEXT:
            if wanted in (None, status) and re.search(pattern, text, re.IGNORECASE):
                return verdict
    return _BY_STATUS.get(status, UNKNOWN_TEXT)


def flatten(answer: Any, limit: int = 500) -> str:
    """Return the message of an error answer as one line: it may be a string, a list, lists in lists, or objects."""
    if isinstance(answer, dict):
        response = answer.get("response")
        inner = response.get("message") if isinstance(response, dict) else answer.get("message", response)
        answer = inner if inner is not None else answer.get("error", answer)
    return " ".join("; ".join(_leaves(answer)).split())[:limit]


def _leaves(value: Any, depth: int = 0) -> list[str]:
    if isinstance(value, list | tuple) and depth < 8:
        return [leaf for item in value[:20] for leaf in _leaves(item, depth + 1)]
    if isinstance(value, dict) and depth < 8:
        return [
            ", ".join(f"{key}: {str(item).lower() if isinstance(item, bool) else item}" for key, item in list(value.items())[:10])
        ]
    return [] if value is None else [str(value)]
