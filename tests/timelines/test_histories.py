"""Random histories on the step: whatever people and the clock do, nothing is said twice, stale or at night."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import event as note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from stream.adapters.rule_files import load_book
from stream.core.book import Book
from stream.core.calendar import BusinessCalendar, Hours
from stream.core.clocks import next_due
from stream.core.commands import (
    Actor,
    ActorKind,
    AnyCommand,
    CancelFollowUp,
    Merge,
    NotATicket,
    SetPriority,
    SetState,
    Snooze,
    Undo,
)
from stream.core.detection import Priority
from stream.core.followup_policy import FollowUps, Policy, Step, Targets
from stream.core.groups_config import GroupConfig, GroupMode, GroupsFile
from stream.core.inputs import AnyInput, Message
from stream.core.outcome import Outbound
from stream.core.people import Sender
from stream.core.sending_rules import SendingRules
from stream.core.step import step
from stream.core.team import Member, Team
from stream.core.templates import Text
from stream.core.ticket import TicketState
from stream.core.windows import party_of
from stream.timelines.clockwork import Clockwork

RULES_DIR = Path(__file__).parents[2] / "rules"
GROUP = "120363000000000001@g.us"
BERLIN = ZoneInfo("Europe/Berlin")
STAFF = Actor(kind=ActorKind.DASHBOARD, name="ana")
TEXTS = (
    "Hi, my order 4512 has not arrived yet, can you check?",
    "I was charged twice on my invoice, please refund",
    "minha conta não entra, deu erro no login",
    "pesanan saya belum sampai kak",
    "thanks!",
    "ok gracias",
    "still not working",
    "any update?",
    "it works now, problem solved",
    "We are checking",
    "I will send it tomorrow at 10",
    "it is fixed now",
    "could you send me the order number?",
    "lunch?",
)
FOLLOW_UPS = FollowUps(
    sending=SendingRules(ops_group="120363000000000009@g.us"),
    calendars={
        "office": BusinessCalendar(
            name="office",
            time_zone="Europe/Berlin",
            week=((Hours(start=540, end=750), Hours(start=810, end=1080)),) * 5 + ((Hours(start=120, end=200),), ()),
        )
    },
    policies=(
        Policy(
            id="urgent",
            applies_to={"priorities": (Priority.URGENT,)},  # type: ignore[arg-type] # pydantic reads it as a Scope
            calendar="office",
            targets=Targets(first_response=5, next_response=5, resolution=60),
            steps=(Step(after=5, say="text"), Step(after=6, time="wall", say="text"), Step(after=20, escalate="text")),
        ),
        Policy(
            id="standard",
            calendar="office",
            targets=Targets(first_response=30, next_response=60, resolution=480),
            steps=(
                Step(after=15, say="text"),
                Step(after=45, escalate="text"),
                Step(after=90, say="text"),
                Step(waiting_for="customer", after=60, say="text"),
                Step(waiting_for="customer", after=300, time="wall", say="text"),
                Step(waiting_for="customer", after=600, time="wall", close=True),
            ),
            promises={"warn_before": 30, "warn": "text"},  # type: ignore[arg-type] # pydantic reads it as PromiseRules
        ),
    ),
    texts={"text": Text(one={"en": "about {{ ticket.id }}"})},
)


@lru_cache
def book(mode: GroupMode = GroupMode.TICKETS_AND_FOLLOW_UPS, *, enabled: bool = True) -> Book:
    follow_ups = FOLLOW_UPS.but(sending=FOLLOW_UPS.sending.but(enabled=enabled))
    groups = GroupsFile(version=1, groups=(GroupConfig(jid=GROUP, mode=mode),))
    return replace(
        load_book(RULES_DIR), follow_ups=follow_ups, groups=groups, team=Team(team=(Member(name="Ana", lids=("900000",)),))
    )


class Histories(RuleBasedStateMachine):
    @initialize(start=st.sampled_from(["2026-03-02 09:00", "2026-03-27 17:40", "2026-10-24 12:00", "2026-12-31 23:00"]))
    def begin(self, start: str) -> None:
        self.now = datetime.fromisoformat(start).replace(tzinfo=BERLIN).astimezone(UTC)
        self.clockwork = Clockwork(book(), GROUP)
        self.log: list[tuple[AnyInput | AnyCommand, datetime, Book]] = []
        self.said: list[tuple[datetime, Outbound, Book]] = []
        self.closed: set[str] = set()
        self.sent: list[Message] = []
        self.commands: list[str] = []
        feed = self.clockwork.feed

        def recording(event: AnyInput | AnyCommand, now: datetime) -> object:
            self.log.append((event, now, self.clockwork.book))
            at = len(self.clockwork.outcomes)
            outcome = feed(event, now)
            for message in self.clockwork.outcomes[at].outbound:
                self.check(message, now)
                self.said.append((now, message, self.clockwork.book))
            return outcome

        self.clockwork.feed = recording  # type: ignore[assignment,method-assign] # watches without changing anything

        self.somebody_writes("100001", TEXTS[0], None, 0)

    def check(self, message: Outbound, now: datetime) -> None:
        """At the very moment of saying: the group may be spoken in, nobody was faster, and it is no time to be quiet."""
        if message.purpose == "receipt":
            return
        assert self.clockwork.book.follow_ups.sending.enabled
        mode = self.clockwork.book.group(GROUP).mode
        assert mode is GroupMode.TICKETS_AND_FOLLOW_UPS or (mode is GroupMode.TICKETS and message.purpose == "escalation")
        for ticket_id in message.ticket_ids:
            assert party_of(self.clockwork.state.tickets[ticket_id]) is not None
        if message.purpose == "follow_up":
            local = now.astimezone(BERLIN)
            assert 8 <= local.hour < 20
            assert local.weekday() < 6
            spoken = self.clockwork.state.last_message_at
            assert spoken is not None
            assert now - spoken >= timedelta(minutes=3)
            earlier = [at for at, other, _ in self.said if other.purpose == "follow_up" and at <= now]
            assert all(now - at >= timedelta(minutes=10) for at in earlier)
            assert sum(now - at < timedelta(days=1) for at in earlier) < 3

    @rule(minutes=st.sampled_from([0, 1, 5, 14, 15, 30, 60, 240, 900, 2000]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.clockwork.run_until(self.now)

    @rule(
        who=st.sampled_from(["100001", "100002", "900000"]),
        text=st.sampled_from(TEXTS),
        quoted=st.none() | st.integers(0, 30),
        late=st.sampled_from([0, 0, 0, 1, 7, 20]),
    )
    def somebody_writes(self, who: str, text: str, quoted: int | None, late: int) -> None:
        self.now += timedelta(seconds=20)
        self.clockwork.run_until(self.now)
        message = Message(
            instance="i",
            chat=GROUP,
            received_at=self.now,
            id=f"m{len(self.sent)}",
            sender=Sender(lid=f"{who}@lid", name=f"P{who}", is_self=False),
            sent_at=self.now - timedelta(minutes=late),
            text=text,
            quoted_id=self.sent[quoted % len(self.sent)].id if quoted is not None and self.sent else None,
        )
        self.sent.append(message)
        self.clockwork.feed(message, self.now)

    @rule(which=st.integers(0, 30))
    def a_message_comes_again(self, which: int) -> None:
        if self.sent:
            before = self.clockwork.state.tickets
            again = self.sent[which % len(self.sent)]
            self.clockwork.feed(again.but(received_at=self.now), self.now)
            kept = self.clockwork.state.tickets
            assert {key: t.messages for key, t in kept.items()} == {key: before[key].messages for key in kept}

    @rule(
        which=st.integers(0, 9), what=st.sampled_from([*TicketState, "snooze", "cancel", "urgent", "no ticket", "merge", "undo"])
    )
    def somebody_commands(self, which: int, what: TicketState | str) -> None:
        tickets = sorted(self.clockwork.state.tickets)
        if not tickets:
            return
        common = {
            "id": f"c{len(self.log)}",
            "group": GROUP,
            "at": self.now,
            "actor": STAFF,
            "ticket_id": tickets[which % len(tickets)],
        }
        command: AnyCommand
        if what == "snooze":
            command = Snooze.model_validate({**common, "until": self.now + timedelta(hours=3)})
        elif what == "cancel":
            command = CancelFollowUp.model_validate(common)
        elif what == "urgent":
            command = SetPriority.model_validate({**common, "priority": Priority.URGENT})
        elif what == "merge":
            command = Merge.model_validate({**common, "into": tickets[-1]})
        elif what == "undo":
            command = Undo.model_validate({**common, "command_id": self.commands[-1] if self.commands else "none"})
            self.closed.clear()  # taking back a closing opens the ticket again
        elif what == "no ticket":
            command = NotATicket.model_validate(common)
        else:
            command = SetState.model_validate({**common, "state": what})
        if what != "undo":
            self.commands.append(command.id)
        self.clockwork.feed(command, self.now)

    @rule(
        mode=st.sampled_from([GroupMode.OBSERVE, GroupMode.TICKETS, *[GroupMode.TICKETS_AND_FOLLOW_UPS] * 4]),
        enabled=st.sampled_from([True, True, True, False]),
    )
    def the_team_changes_its_mind(self, mode: GroupMode, enabled: bool) -> None:
        self.clockwork.book = book(mode, enabled=enabled)

    @rule()
    def the_worker_restarts(self) -> None:
        self.clockwork.restart()

    @rule(minutes=st.sampled_from([1, 60, 1440]))
    def the_clock_is_set_back(self, minutes: int) -> None:
        self.now -= timedelta(minutes=minutes)

    @invariant()
    def nothing_is_said_twice(self) -> None:
        covered = [each for _, message, _ in getattr(self, "said", []) for each in message.covers]
        assert len(covered) == len(set(covered))

    @invariant()
    def windows_and_clocks_fit_the_state(self) -> None:
        for ticket in self.clockwork.state.tickets.values() if hasattr(self, "clockwork") else ():
            if party_of(ticket) is None:
                assert ticket.window is None
            if ticket.state not in (TicketState.NEW, TicketState.WAITING_US):
                assert next_due(ticket.clocks) is None
            for clock in (ticket.clocks.first_response, ticket.clocks.next_response, ticket.clocks.resolution):
                if clock is not None:
                    assert clock.paused_left is None or 0 <= clock.paused_left <= clock.target_minutes * 60

    @invariant()
    def closed_is_final(self) -> None:
        if not hasattr(self, "clockwork"):
            return
        for ticket in self.clockwork.state.tickets.values():
            if ticket.state is TicketState.CLOSED and ticket.messages:
                self.closed.add(ticket.id)
            elif ticket.state is not TicketState.CLOSED:  # one left empty when the talk was told again may get its request back
                assert ticket.id not in self.closed

    def teardown(self) -> None:
        """In the end nothing is left undone, and the same inputs give the same again."""
        if not hasattr(self, "clockwork"):
            return
        self.clockwork.run_until(self.now + timedelta(days=20))
        note(f"said {len([1 for _, message, _ in self.said if message.purpose == 'follow_up'])}")
        note(f"tickets {len(self.clockwork.state.tickets)}")
        note(f"closed {len(self.closed)}")
        for ticket in self.clockwork.state.tickets.values():
            assert ticket.window is None or ticket.window.due_at > self.now
        replayed = Clockwork(book(), GROUP).state
        for event, now, used in self.log:
            replayed = step(replayed, event, used, now).state
        assert replayed.to_json() == self.clockwork.state.to_json()


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
