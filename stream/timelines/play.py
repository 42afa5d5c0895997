"""Playing a timeline: its lines become inputs of the step, and what it expects is looked for among what happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from stream.core.book import Book
from stream.core.calendar import BusinessCalendar
from stream.core.chat_commands import read_text
from stream.core.commands import Judge
from stream.core.detection import Detection, Label, Stage
from stream.core.groups_config import GroupConfig, GroupMode, GroupsFile
from stream.core.outcome import Outcome
from stream.core.team import Member, Team
from stream.core.ticket import Ticket
from stream.core.timeline import Line, Moment, Timeline
from stream.core.value import Value
from stream.timelines.acts import GROUP, STAFF, change_of, command_of, lid_of, message_of
from stream.timelines.clockwork import Clockwork, Happening

_SECOND, _MINUTE = timedelta(seconds=1), timedelta(seconds=59)


class Failure(Value):
    """Something that a timeline expects and that did not come true, or that happened unexpectedly."""

    timeline: str
    line: str
    message: str

    def __str__(self) -> str:
        return f"{self.timeline}: {self.line}: {self.message}"


def run_timelines(book: Book) -> list[Failure]:
    """Play every timeline of followups.yaml on the rules and policies of this book; nothing is returned when all come true."""
    return [failure for timeline in book.follow_ups.timelines for failure in play(book, timeline)]


def play(book: Book, timeline: Timeline) -> list[Failure]:
    """Play one timeline and return what did not come true."""
    return _Player(book, timeline).play()


class _Player:
    def __init__(self, book: Book, timeline: Timeline) -> None:
        self.timeline = timeline
        self.clockwork = Clockwork(_stage(book, timeline), GROUP)
        self.calendar = _calendar_of(book, timeline)
        self.now = datetime.combine(timeline.on, time(), self.calendar.zone).astimezone(UTC)
        self.failures: list[Failure] = []
        self.consumed = 0
        self.messages: list[str] = []
        self.tickets: dict[str, Ticket] = {}
        self.looked_at = 0
        self.last_command = "none"
        self.unattached: list[str] = []

    def play(self) -> list[Failure]:
        for line in self.timeline.story:
            at = self._resolve(line.at)
            if at < self.now:
                self._fail(line, "this time is before that of the line above")
                break
            self._do(line, at)
        self._expect_no_more(self.timeline.story[-1], None)
        return self.failures

    def _do(self, line: Line, at: datetime) -> None:
        if line.does == "expect":
            self._expect(line, at)
        elif line.does == "expect_nothing":
            self._go(at - _SECOND)
            self._expect_no_more(line, None)
        else:
            self._go(at if line.does == "expect_state" else at - _SECOND)
            self._expect_no_more(line, None)
            self._act(line, at)
        self.now = max(self.now, at)

    def _act(self, line: Line, at: datetime) -> None:
        match line.does:
            case "restart":
                self.clockwork.restart()
            case "switch" | "set_mode":
                self.clockwork.book = _changed(self.clockwork.book, line)
            case "say":
                self._say(line, at)
            case "edit" | "delete" | "react":
                if (target_id := self._message(line, line.message)) is not None:
                    self.clockwork.feed(change_of(line, target_id, len(self.clockwork.outcomes), at), at)
            case "expect_state":
                ticket = self._ticket(line, line.about)
                if ticket is not None and ticket.state is not line.state:
                    self._fail(line, f"{ticket.id} is {ticket.state}")
            case _:
                self._command(line, at)

    def _command(self, line: Line, at: datetime) -> None:
        message_id = self._message(line, line.message) if line.message else ""
        if line.does == "split" and message_id is not None:
            ticket_id = next((t.id for t in self._tickets() if any(e.message_id == message_id for e in t.messages)), None)
            if ticket_id is None:
                self._fail(line, f"message {line.message} is on no ticket")
        else:
            ticket_id = self._id_of(line, None if line.does == "undo" else line.about)
        into = self._id_of(line, line.into) if line.into else ""
        if ticket_id is None or into is None or message_id is None:
            return
        command_id = f"command-{len(self.clockwork.outcomes)}"
        until = self._resolve(line.until or line.at, at)
        command = command_of(
            line, command_id, at, ticket_id=ticket_id, into=into, message_id=message_id, last=self.last_command, until=until
        )
        outcome = self.clockwork.feed(command, at)
        self.last_command = command_id
        for event in outcome.events:
            if event.kind == "refused":
                self._fail(line, f"it was refused: {event.because}")

    def _say(self, line: Line, at: datetime) -> None:
        message_id = f"message-{len(self.messages) + 1}"
        quoted = self.messages[line.quoting - 1] if line.quoting and line.quoting <= len(self.messages) else None
        self.messages.append(message_id)
        outcome = self.clockwork.feed(message_of(line, message_id, quoted, at), at)
        if read_text(line.says) is not None and line.is_staff:
            self.last_command = f"chat:{message_id}"
        self._judge(line, message_id, outcome, at)

    def _judge(self, line: Line, message_id: str, outcome: Outcome, at: datetime) -> None:
        recent = next((each for each in outcome.state.recent if each.id == message_id), None)
        label = recent.label if recent else Label.UNDECIDED
        if line.reading is None:
            if recent is None or recent.ticket_id is None:
                self.unattached.append(f"{line.says!r} is read as {label}, and is on no ticket")
            return
        wanted, status = line.reading
        if label is not Label.UNDECIDED:
            if label is not wanted:
                self._fail(line, f"the rules read this as {label}")
            return
        detection = Detection(label=wanted, status=status, stage=Stage.PERSON, decided_by="timeline", confidence=1.0)
        ticket = self._only_open() if wanted is Label.UPDATE else None
        judge = Judge(
            id=f"judge-{message_id}",
            group=GROUP,
            at=at,
            actor=STAFF,
            message_id=message_id,
            detection=detection,
            ticket_id=ticket.id if ticket else None,
        )
        self.clockwork.feed(judge, at)

    def _expect(self, line: Line, at: datetime) -> None:
        self._go(at + _MINUTE)
        early = sum(happening.at < at for happening in self.clockwork.happenings)
        self._expect_no_more(line, early)
        wanted = self._ticket(line, line.about) if line.about else None
        for place, happening in enumerate(self.clockwork.happenings[self.consumed :], self.consumed):
            if _fits(line, happening, wanted):
                self._expect_no_more(line, place)
                self.consumed = place + 1
                return
        self._fail(line, f"it did not happen; {self._tell_planned()}")

    def _expect_no_more(self, line: Line, before: int | None) -> None:
        """Fail for everything that has happened and that no line has expected."""
        end = len(self.clockwork.happenings) if before is None else before
        end = max(end, self.consumed)
        for happening in self.clockwork.happenings[self.consumed : end]:
            self._fail(line, f"not expected: {happening.what} at {self._local(happening.at)}: {happening.text or 'closed'}")
        self.consumed = end

    def _go(self, until: datetime) -> None:
        if until > self.now:
            self.clockwork.run_until(until)
            self.now = until

    def _ticket(self, line: Line, number: int | None) -> Ticket | None:
        tickets = self._tickets()
        number = number or 1
        if number > len(tickets):
            self._fail(line, f"there is no ticket {number}; {self._tell_planned()}")
            return None
        return tickets[number - 1]

    def _tickets(self) -> list[Ticket]:
        """Return all tickets of the story as they were last, in order of opening: also those that have left the group's state."""
        for outcome in self.clockwork.outcomes[self.looked_at :]:
            self.tickets |= {ticket.id: ticket for ticket in outcome.tickets}
        self.looked_at = len(self.clockwork.outcomes)
        return sorted(self.tickets.values(), key=lambda ticket: ticket.opened_at)

    def _id_of(self, line: Line, number: int | None) -> str | None:
        ticket = self._ticket(line, number)
        return ticket.id if ticket else None

    def _message(self, line: Line, number: int | None) -> str | None:
        if number is None or not 0 < number <= len(self.messages):
            self._fail(line, f"there is no message {number}")
            return None
        return self.messages[number - 1]

    def _only_open(self) -> Ticket | None:
        tickets = [ticket for ticket in self.clockwork.state.tickets.values() if ticket.state is not ticket.state.CLOSED]
        return tickets[0] if len(tickets) == 1 else None

    def _resolve(self, moment: Moment, after: datetime | None = None) -> datetime:
        local = (after or self.now).astimezone(self.calendar.zone)
        if moment.clock is None:
            return (after or self.now) + timedelta(minutes=moment.later_minutes)
        return datetime.combine(_day_of(moment, local.date()), time(*moment.clock), self.calendar.zone).astimezone(UTC)

    def _fail(self, line: Line, message: str) -> None:
        self.failures.append(Failure(timeline=self.timeline.name, line=line.text, message=message))

    def _tell_planned(self) -> str:
        windows = [(t.window.due_at, t.id, t.window.because) for t in self.clockwork.state.tickets.values() if t.window]
        if windows:
            due_at, ticket_id, because = min(windows)
            return f"planned next is {ticket_id} at {self._local(due_at)} ({because})"
        if self.unattached:
            return f"{self.unattached[0]} (where it is undecided, add `as ticket` to the line)"
        return "nothing is planned"

    def _local(self, at: datetime) -> str:
        return at.astimezone(self.calendar.zone).strftime("%a %H:%M")


def _fits(line: Line, happening: Happening, ticket: Ticket | None) -> bool:
    if ticket is not None and ticket.id not in happening.numbers:
        return False
    if line.what == "message":
        return line.says in happening.text
    if line.what != happening.what:
        return False
    numbers = [happening.numbers[ticket.id]] if ticket else happening.numbers.values()
    return line.number is None or line.number in numbers


def _day_of(moment: Moment, today: date) -> date:
    if moment.day is not None:
        return moment.day
    if moment.is_next_day:
        return today + timedelta(days=1)
    if moment.weekday is not None:
        return today + timedelta(days=(moment.weekday - today.weekday()) % 7)
    return today


def _stage(book: Book, timeline: Timeline) -> Book:
    """Return the book with the group and the staff of the story."""
    names = sorted({line.who for line in timeline.story if line.is_staff} | {"staff"})
    group = GroupConfig(
        jid=GROUP,
        name="Timeline",
        mode=GroupMode(timeline.mode),
        language=timeline.language,
        policy=timeline.policy,
        tags=timeline.tags,
    )
    team = Team(team=tuple(Member(name=name.title(), lids=(lid_of(name).removesuffix("@lid"),)) for name in names))
    sending = book.follow_ups.sending
    follow_ups = book.follow_ups.but(sending=sending.but(ops_group=sending.ops_group or "120363000000000002@g.us"))
    return replace(book, groups=GroupsFile(version=1, groups=(group,)), team=team, follow_ups=follow_ups)


def _calendar_of(book: Book, timeline: Timeline) -> BusinessCalendar:
    policies = {policy.id: policy for policy in book.follow_ups.policies}
    policy = policies.get(timeline.policy or "", book.follow_ups.policies[-1])
    return book.follow_ups.calendar_of(policy)


def _changed(book: Book, line: Line) -> Book:
    """Return the book with the kill switch, or the mode of the group, as the line says."""
    if line.does == "switch":
        sending = book.follow_ups.sending.but(enabled=line.is_on)
        return replace(book, follow_ups=book.follow_ups.but(sending=sending))
    group = book.group(GROUP).model_copy(update={"mode": GroupMode(line.mode or "")})
    return replace(book, groups=GroupsFile(version=1, groups=(group,)))
