"""The review queue: messages that nobody has decided yet, folded from topics `undecided`, `commands` and `ticket-events`.

    undecided      a message is waiting, for the model or for a person
    commands       a judgement: decided, or left to people with a reason; people judge here too (`Judge`, or `Open`)
    ticket-events  a message came onto a ticket in some way; or a judgement was refused, and why

Feed it records in any order between the topics and as often as they come; `items` is the queue, oldest first. A judgement of
the model that is final takes a message off the queue when it is asked, not when the worker has applied it: a refusal that
leaves the message without a decision brings it back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from stream.core.commands import AnyCommand, Judge
from stream.core.detection import Detection, Label, Stage
from stream.core.events import EventKind, TicketEvent
from stream.core.outcome import OpenTicket, Undecided
from stream.core.people import Role
from stream.core.value import Value

Standing = Literal["waiting", "review"]  # for the model; for a person
_FORGOTTEN = "remembered"  # the worker's refusal of a judgement that came too late says so


class ReviewItem(Value):
    """A message without a decision. `thought` is what the model or the local classifier would have said, where they did."""

    group: str
    message_id: str
    standing: Standing
    because: str
    asked: Undecided
    thought: Detection | None = None

    @property
    def open_tickets(self) -> tuple[OpenTicket, ...]:
        """The tickets that an update may belong to."""
        return self.asked.open_tickets


class Review:
    """The fold. Holds what is open, and the ids of what is done, as long as the topics hold it."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, str], Undecided] = {}
        self._judged: dict[tuple[str, str], Judge] = {}
        self._refused: dict[str, str] = {}
        self._on_ticket: set[tuple[str, str]] = set()

    @property
    def items(self) -> list[ReviewItem]:
        """The queue, oldest first."""
        found = [item for key, asked in self._asked.items() if (item := self._item(key, asked)) is not None]
        return sorted(found, key=lambda item: (item.asked.asked_at, item.message_id))

    def feed(self, change: Undecided | AnyCommand | TicketEvent) -> None:
        """Take one record."""
        if isinstance(change, Undecided):
            key = (change.group, change.message.id)
            known = self._asked.get(key)
            if known is None or known.asked_at <= change.asked_at:
                self._asked[key] = change
        elif isinstance(change, Judge):
            self._feed_judge(change)
        elif isinstance(change, TicketEvent):
            self._feed_event(change)

    def _feed_judge(self, judge: Judge) -> None:
        key = (judge.group, judge.message_id)
        known = self._judged.get(key)
        # Of two judgements the one that decides counts, and of two that do the later: a person's comes after the model's.
        if known is None or (_decides(judge), judge.at) >= (_decides(known), known.at):
            self._judged[key] = judge

    def _feed_event(self, event: TicketEvent) -> None:
        if event.kind is EventKind.REFUSED and event.after == "judge" and event.command_id:
            self._refused[event.command_id] = event.because
        elif event.message_id and event.kind in (EventKind.OPENED, EventKind.ATTACHED, EventKind.SPLIT):
            self._on_ticket.add((event.group, event.message_id))

    def _item(self, key: tuple[str, str], asked: Undecided) -> ReviewItem | None:
        if key in self._on_ticket or asked.message.role is not Role.CUSTOMER:
            return None
        judge = self._judged.get(key)
        if judge is not None and judge.at < asked.asked_at:
            judge = None  # edited since: it is asked about anew
        if judge is None:
            return _make(asked, "waiting", asked.detection.reason or "the rules leave it open", None)
        refusal = self._refused.get(judge.id, "")
        if _decides(judge) and _FORGOTTEN not in refusal:
            return None
        thought = judge.detection if judge.detection.stage is not Stage.RULES else None
        return _make(asked, "review", refusal or judge.detection.reason, thought)


def fold(changes: Iterable[Undecided | AnyCommand | TicketEvent]) -> list[ReviewItem]:
    """Return the review queue that these records leave, oldest first."""
    review = Review()
    for change in changes:
        review.feed(change)
    return review.items


def _decides(judge: Judge) -> bool:
    return judge.detection.label is not Label.UNDECIDED


def _make(asked: Undecided, standing: Standing, because: str, thought: Detection | None) -> ReviewItem:
    return ReviewItem(
        group=asked.group, message_id=asked.message.id, standing=standing, because=because, asked=asked, thought=thought
    )
