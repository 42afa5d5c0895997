"""What rules that fit a message say together, which depends on nothing but which rules they are.

Weights of the rules that fit are added up for each label. A label decides with a total of at least `ENOUGH` that leads
the next label by at least `LEAD`; anything weaker is left undecided, for the model or a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter, itemgetter
from typing import NamedTuple, TypeVar

from stream.core.detection import Label, Priority, UpdateStatus
from stream.core.rules import Mode, Rule, TicketThen

ENOUGH = 1.0
LEAD = 0.25
_URGENCY = tuple(Priority)
_LABELS = (Label.TICKET, Label.UPDATE, Label.NOISE)
_UNDECIDED = Label.UNDECIDED
_NOBODY = (_UNDECIDED, 0.0)
_SHADOW = Mode.SHADOW
_weight = attrgetter("then.weight")
_ROUNDING = 1e-9  # 0.6 + 0.4 is enough
_T = TypeVar("_T")


class Weighed(NamedTuple):
    """A label and what goes with it; the rules that counted, those in shadow, those behind a `stop`, and the totals."""

    label: Label = Label.UNDECIDED
    decided_by: str = ""
    confidence: float = 0.0
    reason: str = ""
    category: str | None = None
    priority: Priority | None = None
    follow_up: str | None = None
    status: UpdateStatus | None = None
    counted: Sequence[Rule] = ()
    shadow: Sequence[Rule] = ()
    stopped: Sequence[Rule] = ()
    scores: Sequence[tuple[Label, float]] = ()


def weigh(fitting: Sequence[Rule]) -> Weighed:
    """Return what these rules, in their order, say together."""
    counted, shadow, stopped = _sort_out(fitting)
    ranked = _rank(counted)
    (label, score), (rival, second) = (*ranked, _NOBODY, _NOBODY)[:2]
    supporting = [rule for rule in counted if rule.then.label is label]
    deciding = max(supporting, key=_weight, default=None)
    confidence = _confidence(score - second) if ranked else 0.0
    reason = ""
    if deciding is None:
        reason = "no rule fits"
    elif score + _ROUNDING < ENOUGH:
        reason = f"only hints: {label} {score:.2g} of {ENOUGH:.2g} ({deciding.id})"
    elif score - second + _ROUNDING < LEAD:
        reason = f"rules disagree: {label} {score:.2g}, {rival} {second:.2g}"
    if deciding is None or reason:
        return Weighed(_UNDECIDED, "", confidence, reason, None, None, None, None, counted, shadow, stopped, ranked)
    tickets = [(rule.then.ticket, rule.then.weight) for rule in supporting if rule.then.ticket]
    return Weighed(
        label,
        deciding.id,
        confidence,
        reason,
        _category(tickets),
        max((ticket.priority for ticket, _ in tickets if ticket.priority), key=_URGENCY.index, default=None),
        next((ticket.follow_up for ticket, _ in tickets if ticket.follow_up), None),
        _heaviest([(rule.then.update.status, rule.then.weight) for rule in supporting if rule.then.update]),
        counted,
        shadow,
        stopped,
        ranked,
    )


def _rank(counted: Sequence[Rule]) -> list[tuple[Label, float]]:
    """Return the labels that rules speak for with their weights added up, the heaviest first."""
    totals = [0.0] * len(_LABELS)
    for rule in counted:
        then = rule.then
        totals[0 if then.ticket is not None else 1 if then.update is not None else 2] += then.weight
    return sorted([said for said in zip(_LABELS, totals, strict=True) if said[1]], key=itemgetter(1), reverse=True)


def _sort_out(fitting: Sequence[Rule]) -> tuple[list[Rule], list[Rule], list[Rule]]:
    counted: list[Rule] = []
    shadow: list[Rule] = []
    stopped: list[Rule] = []
    is_stopped = False
    for rule in fitting:
        if is_stopped:
            stopped.append(rule)
        elif rule.mode is _SHADOW:
            shadow.append(rule)
        else:
            counted.append(rule)
            is_stopped = rule.stop
    return counted, shadow, stopped


def _confidence(lead: float) -> float:
    """0.75 for one rule that decides alone, 0.94 for two, towards 1: more agreement is surer, a rival takes away."""
    return round(1 - 4 ** -max(lead, 0.0), 3)


def _category(tickets: Sequence[tuple[TicketThen, float]]) -> str | None:
    """Return the category that rules which decide alone agree on most; hints have a say only where there is no such rule."""
    alone = [said for said in tickets if said[1] >= ENOUGH]
    return _heaviest([(ticket.category, weight) for ticket, weight in alone or tickets])


def _heaviest(said: Sequence[tuple[_T | None, float]]) -> _T | None:
    """Return the value with the greatest total weight; between equals the one that was said first."""
    if len(said) < 2:  # nothing to compare
        return said[0][0] if said else None
    totals: dict[_T, float] = {}
    for value, weight in said:
        if value is not None:
            totals[value] = totals.get(value, 0.0) + weight
    return max(totals, key=totals.__getitem__) if totals else None
