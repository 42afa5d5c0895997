"""What a team has promised itself: response targets, follow-up steps, and which policy holds for which ticket.

These are the shapes of rules/followups.yaml; unknown keys are refused, so that a misspelt one is not silently without effect.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Self

from pydantic import PrivateAttr, model_validator

from stream.core.calendar import ALWAYS_OPEN, BusinessCalendar
from stream.core.detection import Priority
from stream.core.durations import Minutes
from stream.core.group_facts import GroupFacts
from stream.core.sending_rules import SendingRules, talking_hours
from stream.core.templates import Text
from stream.core.ticket import Ticket, TicketState
from stream.core.timeline import Timeline
from stream.core.value import Value, kept_by
from stream.core.written import Written

_FITTING_KEPT = 10_000  # answers to "which policy?" that are kept; there are as many as kinds of tickets in groups


class Scope(Written):
    """Which tickets a policy is for: all the kinds given must fit, and a kind that is left out fits every ticket."""

    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    priorities: tuple[Priority, ...] = ()

    @property
    def is_everything(self) -> bool:
        return not (self.groups or self.tags or self.categories or self.priorities)

    def fits(self, ticket: Ticket, group_tags: tuple[str, ...]) -> bool:
        tags = {*ticket.tags, *group_tags}
        return (
            (not self.groups or ticket.group in self.groups)
            and (not self.tags or bool(tags.intersection(self.tags)))
            and (not self.categories or ticket.category in self.categories)
            and (not self.priorities or ticket.priority in self.priorities)
        )


class Targets(Written):
    """How soon, in business minutes. None: that clock does not run."""

    first_response: Minutes | None = None
    next_response: Minutes | None = None
    resolution: Minutes | None = None


class Step(Written):
    """One follow-up: what happens when it has been a party's turn for so long.

    `after` counts from the beginning of the turn, in business time unless `time` is wall. `say` and `escalate` name a text: the
    one is said in the customer's group, the other in the team's own. `close` ends a ticket that the customer left alone after
    our question; with `unasked` also where no question could be put, as in groups that are only observed.
    """

    waiting_for: Literal["us", "customer"] = "us"
    after: Minutes
    time: Literal["business", "wall"] = "business"
    say: str | None = None
    escalate: str | None = None
    close: bool = False
    unasked: bool = False
    wording: Literal["template", "model"] = "template"

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        if self.close and self.waiting_for != "customer":
            raise ValueError("a ticket is closed for staleness only while it waits for the customer: add waiting_for: customer")
        if self.unasked and not self.close:
            raise ValueError("unasked belongs to close")
        if sum((self.say is not None, self.escalate is not None, self.close)) != 1:
            raise ValueError("a step does one thing: give it either say, escalate or close")
        if self.wording == "model" and self.say is None:
            raise ValueError("only a text that is said to the customer can be worded by the model")
        return self

    @property
    def does(self) -> str:
        if self.close:
            return "close"
        return f"say {self.say}" if self.say else f"escalate {self.escalate}"


class PromiseRules(Written):
    """How a promise ("tomorrow at 10") moves the window. `warn_before` tells the team's own group ahead of its time."""

    enabled: bool = True
    warn_before: Minutes | None = None
    warn: str | None = None
    longest: Minutes = 14 * 1440

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.warn_before is None) != (self.warn is None):
            raise ValueError("warn_before and warn (the name of a text) go together")
        return self


class Policy(Written):
    """The clocks and steps of a kind of ticket. `pause_in` are the states in which the resolution clock stands still."""

    id: str
    applies_to: Scope = Scope()
    calendar: str = "always"
    targets: Targets = Targets()
    pause_in: frozenset[TicketState] = frozenset({TicketState.WAITING_CUSTOMER, TicketState.ON_HOLD})
    steps: tuple[Step, ...] = ()
    promises: PromiseRules = PromiseRules()
    reopen_within: Minutes = 2 * 1440  # the window that helpdesks publish most often
    customer_may_resolve: bool = True
    wake_on_reply: bool = True

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        for party in ("us", "customer"):
            delays = [step.after for step in self.steps if step.waiting_for == party]
            if delays != sorted(set(delays)):
                raise ValueError(f"the steps of waiting_for: {party} must come in order, each later than the last")
            closing = [step.close for step in self.steps if step.waiting_for == party and not step.unasked]
            if True in closing[:-1]:
                raise ValueError("close must be the last step, or stand before close with unasked")
        nudges = [step for step in self.steps if step.waiting_for == "customer" and step.say]
        if any(step.close and not step.unasked for step in self.steps) and not nudges:
            raise ValueError("a ticket is closed only after the customer was asked: add a step with say before close")
        return self


class FollowUps(Value):
    """All of rules/followups.yaml. The first policy that fits a ticket is its policy; the last must fit every ticket."""

    language: str = "en"
    sending: SendingRules = SendingRules()
    calendars: dict[str, BusinessCalendar] = {}
    policies: tuple[Policy, ...] = (Policy(id="none"),)
    texts: dict[str, Text] = {}
    timelines: tuple[Timeline, ...] = ()
    _talking: dict[str, BusinessCalendar] = PrivateAttr(default_factory=dict)
    _fitting: dict[tuple[object, ...], Policy] = PrivateAttr(default_factory=dict)

    def policy_of(self, ticket: Ticket, group: GroupFacts) -> Policy:
        """Return the policy of a ticket: its group's own, else the one its rule asked for, else the first that fits."""
        asked_for = ticket.detected_by.follow_up
        key = (group.policy, asked_for, ticket.group, ticket.category, ticket.priority, ticket.tags, group.tags)
        fitting: dict[object, Policy] = kept_by(self)["_fitting"]
        found = fitting.get(key)
        if found is None:
            if len(fitting) >= _FITTING_KEPT:
                fitting.clear()
            found = fitting[key] = self._find_policy(ticket, group)
        return found

    def _find_policy(self, ticket: Ticket, group: GroupFacts) -> Policy:
        for wanted in (group.policy, ticket.detected_by.follow_up):
            named = next((policy for policy in self.policies if policy.id == wanted), None)
            if named is not None:
                return named
        return next((policy for policy in self.policies if policy.applies_to.fits(ticket, group.tags)), self.policies[-1])

    def policies_named(self, names: Iterable[str]) -> tuple[Policy, ...]:
        """Return the policies with these ids; where none of them is there any more, the one that fits everybody."""
        wanted = set(names)
        return tuple(policy for policy in self.policies if policy.id in wanted) or self.policies[-1:]

    def calendar_of(self, policy: Policy) -> BusinessCalendar:
        return self.calendars.get(policy.calendar, ALWAYS_OPEN)

    def talking_hours_of(self, policy: Policy) -> BusinessCalendar:
        """Return when something may be said to this policy's customers: all but quiet hours and days off."""
        talking: dict[str, BusinessCalendar] = kept_by(self)["_talking"]
        found = talking.get(policy.calendar)
        if found is None:
            found = talking[policy.calendar] = talking_hours(self.sending, self.calendar_of(policy))
        return found
