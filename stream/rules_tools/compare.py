"""What other rules would have made of the same messages: tickets gained, lost and changed, and by which rules. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from stream.core.book import Book
from stream.core.detect import detect
from stream.core.detection import Detection, Label
from stream.core.value import Value
from stream.rules_tools.replay import Replayed

Change = Literal["gained", "lost", "changed", "other"]


class Difference(Value):
    """One message on which the two books differ. `other`: no ticket in either, but another label or status."""

    change: Change
    group: str
    message_id: str
    sent_at: str
    text: str
    before: Detection
    after: Detection

    @property
    def blamed(self) -> str:
        """The rule that did it: the new one, or the old one where nothing decides any more."""
        return self.after.decided_by or self.before.decided_by or "no rule"


class Comparison(Value):
    """Both books over the same messages."""

    messages: int
    tickets_before: int
    tickets_after: int
    differences: tuple[Difference, ...]

    def by_rule(self, change: Change) -> list[tuple[str, int]]:
        """Return how many differences of this kind each rule is to blame for, the most first."""
        return Counter(one.blamed for one in self.differences if one.change == change).most_common()


def compare(messages: Iterable[Replayed], before: Book, after: Book) -> Comparison:
    """Run both books over the messages, each with its own team, groups and tags."""
    seen = tickets_before = tickets_after = 0
    differences = []
    for replayed in messages:
        seen += 1
        old, new = _detect(replayed, before), _detect(replayed, after)
        tickets_before += old.label is Label.TICKET
        tickets_after += new.label is Label.TICKET
        change = _change(old, new)
        if change is not None:
            message = replayed.message
            differences.append(
                Difference(
                    change=change,
                    group=message.chat,
                    message_id=message.id,
                    sent_at=message.sent_at.isoformat(timespec="seconds"),
                    text=message.text,
                    before=old,
                    after=new,
                )
            )
    return Comparison(messages=seen, tickets_before=tickets_before, tickets_after=tickets_after, differences=tuple(differences))


def _detect(replayed: Replayed, book: Book) -> Detection:
    if not replayed.is_watched(book):
        return Detection(label=Label.NOISE, reason="the group is off")
    return detect(replayed.facts(book), book.rules)


def _change(old: Detection, new: Detection) -> Change | None:
    if old.label is Label.TICKET or new.label is Label.TICKET:
        if old.label is not new.label:
            return "gained" if new.label is Label.TICKET else "lost"
        same = (old.category, old.priority, old.follow_up) == (new.category, new.priority, new.follow_up)
        return None if same else "changed"
    return None if (old.label, old.status) == (new.label, new.status) else "other"
