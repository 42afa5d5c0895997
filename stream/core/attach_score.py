"""Weigh the tickets that were lately spoken on against each other and against none, by the cues of `attach_cues`."""

from __future__ import annotations

from math import exp, log, log1p
from typing import NamedTuple

from stream.core import attach_cues as cue
from stream.core.attach_cues import Cue
from stream.core.attach_evidence import Windows
from stream.core.attach_shapes import Shape, shape_of
from stream.core.attach_talk import Talk, Thread
from stream.core.detection import Detection, Label
from stream.core.group import Recent
from stream.core.people import Role

_LN = (0.0, *(log(number) for number in range(1, 128)))
_ASKS_AT_LENGTH = 6  # words: shorter questions of a helper ask back
_LATEST = 2  # tickets that may go on with nothing to show for it

Seen = list[tuple[Cue, float]]


class Option(NamedTuple):
    """One answer to "which ticket?": a ticket, or None for none, with the cues for and against it and their values."""

    ticket_id: str | None
    cues: Seen


def options(message: Recent, talk: Talk, detection: Detection, windows: Windows) -> list[Option]:
    """List the tickets of the talk, lately spoken on first, and then the answer that it is none of them.

    Beyond the latest few, a ticket that nothing ties to the message (not its author, whom it names, nor a word) is left out.
    """
    shape = shape_of(message.text)
    found = [
        Option(thread.ticket_id, _for_ticket(message, shape, thread, talk, detection, windows))
        for place, thread in enumerate(talk.threads)
        if place < _LATEST or talk.is_tied(thread)
    ]
    found.append(Option(None, _for_none(message, shape, talk, detection)))
    return found


def choose(listed: list[Option]) -> tuple[Option, float]:
    """Return the option with the highest score and its probability among those listed."""
    scores = [sum([seen.weight * value for seen, value in option.cues]) for option in listed]
    best = max(scores)
    return listed[scores.index(best)], 1.0 / sum([exp(score - best) for score in scores])


def strongest(option: Option) -> Cue:
    """Return the cue that spoke loudest for a ticket."""
    loudness = [seen.weight * value for seen, value in option.cues]
    return option.cues[loudness.index(max(loudness))][0]


def _for_ticket(message: Recent, shape: Shape, thread: Thread, talk: Talk, detection: Detection, windows: Windows) -> Seen:
    silence = (message.sent_at - thread.last.sent_at) / windows.burst
    seen = [(cue.MESSAGES_AGO, _LN[thread.ago]), (cue.SHARE, thread.share), (cue.QUIET, log1p(silence))]
    if talk.own is thread:
        _see_own(seen, message, shape, thread)
    elif thread.own_ago:
        seen.append((cue.WROTE_BEFORE, 1.0))
    elif not message.mentions:
        _see_stranger(seen, shape)
    if talk.named is not None:
        _see_named(seen, message, talk.named, thread, talk)
    if talk.called_on is thread or thread.last.author != message.author:
        _see_calls(seen, message, thread, talk)
    if thread.shared:
        _see_words(seen, shape, thread, talk)
    if thread.opener == message.author:
        _see_news(seen, shape, detection)
    return seen


def _see_news(seen: Seen, shape: Shape, detection: Detection) -> None:
    if shape.tells_state:
        seen.append((cue.OWN_STATE, 1.0))
    if detection.label is Label.UPDATE:
        seen.append((cue.NEWS_OF_OWN, 1.0))


def _see_own(seen: Seen, message: Recent, shape: Shape, thread: Thread) -> None:
    seen += [(cue.WROTE_LAST, 1.0), (cue.WROTE_AGO, _LN[thread.own_ago]), (cue.SPOKEN_SINCE, _LN[1 + thread.since_own])]
    if thread.own_ago == 1:
        seen.append((cue.GOES_ON, 1.0))
    if shape.leans:
        seen.append((cue.LEANS, 1.0))
    if thread.opener == message.author:
        seen.append((cue.OWN, 1.0))
    elif not message.mentions:
        seen.append((cue.HELPS, 1.0))
        if shape.asks and shape.length >= _ASKS_AT_LENGTH:
            seen.append((cue.HELPER_ASKS, 1.0))


def _see_stranger(seen: Seen, shape: Shape) -> None:
    seen.append((cue.STRANGER, 1.0))
    if shape.asks:
        seen.append((cue.STRANGER_ASKS, 1.0))
    if shape.leans:
        seen.append((cue.STRANGER_LEANS, 1.0))
    if shape.says_you:
        seen.append((cue.STRANGER_SAYS_YOU, 1.0))


def _see_named(seen: Seen, message: Recent, named: str, thread: Thread, talk: Talk) -> None:
    authors = thread.authors()
    if named not in authors:
        seen.append((cue.NAMED_ABSENT, 1.0))
        return
    if talk.named_on is thread:
        seen += [(cue.NAMED_LAST, 1.0), (cue.NAMED_AGO, _LN[talk.named_ago])]
    else:
        seen.append((cue.NAMED_BEFORE, 1.0))
    if named == thread.opener:
        seen.append((cue.NAMED_OPENED, 1.0))
    if len(authors) == 1:
        seen.append((cue.NAMED_ALONE, 1.0))
    if thread.own_ago and thread.names(named, by=message.author):
        seen.append((cue.PAIR, 1.0))


def _see_calls(seen: Seen, message: Recent, thread: Thread, talk: Talk) -> None:
    if talk.called_on is thread:
        if not message.mentions:
            seen.append((cue.CALLED, 1.0))
        if talk.is_call_open:
            seen.append((cue.CALLED_AGO, _LN[talk.called_ago]))
    if thread.last.author != message.author:
        if not thread.last.mentions:
            seen.append((cue.LAST_TO_ALL, 1.0))
        elif message.author in thread.last.mentions:
            seen.append((cue.LAST_TO_AUTHOR, 1.0))


def _see_words(seen: Seen, shape: Shape, thread: Thread, talk: Talk) -> None:
    seen.append((cue.WORDS, len(thread.shared) / (2 + len(shape.stems))))
    if 1 in map(talk.tickets_with.get, thread.shared):
        seen.append((cue.WORDS_ALONE, 1.0))
    if not shape.stems.isdisjoint(shape_of(thread.last.text).stems):
        seen.append((cue.WORDS_OF_LAST, 1.0))
    if not shape.numbers.isdisjoint(thread.shared):
        seen.append((cue.SAME_NUMBER, 1.0))


def _for_none(message: Recent, shape: Shape, talk: Talk, detection: Detection) -> Seen:
    is_newcomer = talk.own_last is None and not message.mentions
    is_after_greeting = talk.own_last is not None and shape_of(talk.own_last.text).is_only_greeting
    flags = (
        (shape.asks, cue.ASKS),
        (shape.greets, cue.GREETS),
        (shape.speaks_of_self, cue.OF_SELF),
        (shape.calls_anyone, cue.CALLS_ANYONE),
        (is_newcomer, cue.NEWCOMER),
        (is_after_greeting, cue.AFTER_GREETING),
        (talk.own is not None and talk.own.opener != message.author, cue.HELPER),
    )
    seen = [(cue.LENGTH, log1p(shape.length)), *[(flag, 1.0) for is_so, flag in flags if is_so]]
    if message.role is not Role.CUSTOMER:
        seen.append((cue.TEAM_SPEAKS, 1.0))
    elif not shape.length and talk.own is None:
        seen.append((cue.WORDLESS, 1.0))
    elif detection.label in _VERDICTS:
        seen.append((_VERDICTS[detection.label], 1.0))
        if detection.label is Label.TICKET and not talk.is_run_on and not _is_asked(message, talk):
            seen.append((cue.REQUEST_APART, 1.0))
    return seen


def _is_asked(message: Recent, talk: Talk) -> bool:
    """Whether somebody waits for the author's answer: named them, or asked something on their ticket after them."""
    if talk.is_call_open:
        return True
    last = talk.own.last if talk.own is not None else message
    return last.author != message.author and shape_of(last.text).asks


_VERDICTS = {Label.TICKET: cue.REQUEST, Label.UPDATE: cue.UPDATE, Label.NOISE: cue.NOISE}
