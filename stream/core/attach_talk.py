"""What the recent messages of a group tell, seen from a new one: which tickets were spoken on, by whom, to whom."""

from __future__ import annotations

from datetime import datetime

from stream.core.attach_evidence import Windows, takes_messages
from stream.core.attach_shapes import shape_of
from stream.core.group import GroupState, Recent

_LOOK_BACK = 30  # messages: in the chat that the cues were fitted on, 99 % of what goes on was spoken of within them
_WORDS_OF = 12  # messages of a ticket whose words are compared
_SHARE_OF = 6  # messages of the group
_NO_WORDS: frozenset[str] = frozenset()


class Thread:
    """One ticket in the talk and its recent messages, latest first. `ago` counts messages back: 1 is the one just before."""

    __slots__ = ("ago", "last", "messages", "opener", "own_ago", "share", "shared", "since_own", "ticket_id")

    def __init__(self, ticket_id: str, opener: str, last: Recent, ago: int) -> None:
        self.ticket_id = ticket_id
        self.opener = opener
        self.last = last
        self.ago = ago
        self.messages: list[Recent] = []
        self.own_ago = 0  # of the author's latest message on it; 0 for never
        self.since_own = 0  # messages on it since then
        self.share = 0.0  # of the group's last few messages
        self.shared: frozenset[str] = _NO_WORDS  # words of the new message that it has

    def authors(self) -> set[str]:
        return {message.author for message in self.messages}

    def names(self, person: str, by: str) -> bool:
        """Whether `by` named that person on it."""
        return any(person in message.mentions for message in self.messages if message.author == by)


class Talk:
    """The recent messages in order of closeness. It lives for one look and is seen by nobody else.

    `own` is the ticket of the author's latest message; `is_run_on` tells that the message extends a run of theirs. `named`
    is the first person named who has written lately, `named_on` the ticket they wrote on last. `called_on` is the ticket on
    which somebody last named the author; a call is open when the author has not written since. `tickets_with` counts the
    threads that share a word of the message.
    """

    def __init__(self, message: Recent, state: GroupState, now: datetime, windows: Windows) -> None:
        self.threads: list[Thread] = []
        self.own: Thread | None = None
        self.own_last: Recent | None = None
        self.is_run_on = False
        self._run_began = message.sent_at
        self.called_on: Thread | None = None
        self.called_ago = 0
        self.is_call_open = False
        self.named: str | None = None
        self.named_on: Thread | None = None
        self.named_ago = 0
        self.tickets_with: dict[str, int] = {}

        latest = self._gather(message, state, now, windows)
        self.is_run_on = self.is_run_on and message.sent_at - self._run_began <= windows.burst_cap
        for person in message.mentions:
            if person in latest and person != message.author:
                self.named = person
                self.named_ago, self.named_on = latest[person]
                break
        self._compare_words(message)

    def is_tied(self, thread: Thread) -> bool:
        """Whether the author, whoever is named, or a word of the message is found on a ticket."""
        if thread.own_ago or thread.shared or self.called_on is thread:
            return True
        return self.named is not None and self.named in thread.authors()

    def _gather(self, message: Recent, state: GroupState, now: datetime, windows: Windows) -> dict[str, tuple[int, Thread]]:
        """Sort the recent messages by ticket; returns where each person wrote last."""
        me = message.author
        found: dict[str | None, Thread | None] = {None: None}
        latest: dict[str, tuple[int, Thread]] = {}
        for ago, before in enumerate(messages_before(message, state), 1):
            author, on = before.author, before.ticket_id
            if on not in found:
                found[on] = self._begin(state, before, ago, now, windows)
            thread = found[on]
            if author == me:
                self._hear_own(before, thread, ago, windows)
            if thread is None:
                continue
            if author not in latest:
                latest[author] = (ago, thread)
            if self.called_on is None and me in before.mentions and author != me:
                self.called_on, self.called_ago, self.is_call_open = thread, ago, self.own is None
            thread.messages.append(before)
            if ago <= _SHARE_OF:
                thread.share += 1 / _SHARE_OF
        return latest

    def _begin(self, state: GroupState, last: Recent, ago: int, now: datetime, windows: Windows) -> Thread | None:
        ticket = state.tickets.get(last.ticket_id or "")
        if ticket is None or not takes_messages(ticket, now, windows):
            return None
        thread = Thread(ticket.id, ticket.opened_by, last, ago)
        self.threads.append(thread)
        return thread

    def _hear_own(self, before: Recent, thread: Thread | None, ago: int, windows: Windows) -> None:
        is_in_run = self._run_began - before.sent_at <= windows.burst
        if self.own_last is None:
            self.own_last, self.is_run_on = before, is_in_run
        if self.is_run_on and is_in_run:
            self._run_began = before.sent_at
        if thread is not None and not thread.own_ago:
            thread.own_ago, thread.since_own = ago, len(thread.messages)
            self.own = self.own or thread

    def _compare_words(self, message: Recent) -> None:
        stems = shape_of(message.text).stems
        if not stems:
            return
        for thread in self.threads:
            for before in thread.messages[:_WORDS_OF]:
                heard = shape_of(before.text).stems
                if not stems.isdisjoint(heard):
                    thread.shared |= stems & heard
            for stem in thread.shared:
                self.tickets_with[stem] = self.tickets_with.get(stem, 0) + 1


def messages_before(message: Recent, state: GroupState) -> list[Recent]:
    """Return the messages before this one, latest first. One that came late, or is read again, stands where it was written."""
    recent = state.recent
    end = len(recent)
    while end and recent[end - 1].sent_at > message.sent_at:
        end -= 1
    place = end
    while place and recent[place - 1].sent_at == message.sent_at:
        place -= 1
        if recent[place].id == message.id:
            end = place
    return list(reversed(recent[max(0, end - _LOOK_BACK) : end]))
