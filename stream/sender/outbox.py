"""What the topics tell the sender: messages to send, reports on them, tickets, and who spoke when. A fold in memory."""

from __future__ import annotations

from bisect import insort
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from stream import logs
from stream.adapters.kafka import Record
from stream.adapters.topics import Topic
from stream.core.delivery import Delivery
from stream.core.inputs import AnyInput, Echo, Message, Receipt
from stream.core.outcome import Outbound
from stream.core.sending import DeliveryReport, DeliveryStatus, Standing, advance, is_same_text
from stream.core.ticket import FollowUpStatus, Ticket
from stream.translate import translate
from stream.transport.interface import OwnMessage

log = logs.get(__name__)

TOPICS = (Topic.OUTBOUND, Topic.DELIVERIES, Topic.TICKETS, Topic.INBOUND)
# Messages older than this cannot be the echo of anything still in doubt; only that somebody spoke is taken from them.
_ECHOES_KEPT = timedelta(hours=26)
_OWN_KEPT = 2_000
# A message older than that is no longer to be sent, and who answers for it is written in the log.
FORGET_AFTER = timedelta(days=8)
_UNREAD_MOST = 5_000
_HEARD_WITHIN = timedelta(days=1)  # a ticket that has not heard of it by then has left its group's value

_Said = defaultdict[str, dict[str, datetime]]  # by name, the outbound messages that bear on it, and when


class Outbox:
    """Feed it every record of `TOPICS` in the order they come; it belongs to one thread."""

    def __init__(self, hear: Callable[[AnyInput], None] = lambda _event: None) -> None:
        self._hear = hear  # gets every recent event of topic inbound
        self.messages: dict[str, Outbound] = {}
        self.reports: defaultdict[str, list[DeliveryReport]] = defaultdict(list)
        self._standings: dict[str, Standing] = {}
        self._open: set[str] = set()  # without an end, and with an outbound message that is known
        self._queue: list[tuple[datetime, str]] = []  # the same in order of decision; what has ended is left out when it is read
        self._unknown: set[str] = set()
        self.own: deque[OwnMessage] = deque(maxlen=_OWN_KEPT)
        self.claimed: dict[str, str] = {}  # WhatsApp's id of a message of ours -> outbound id
        self.refused_at: deque[datetime] = deque(maxlen=20)  # WhatsApp took a message of ours and then refused it
        self.unreadable = 0
        self._spoken: dict[str, datetime] = {}
        self._unread: dict[str, bytes] = {}  # ticket id -> its latest snapshot: of many that come at once only the last is read
        self._tickets: dict[str, tuple[str, bool]] = {}  # ticket id -> its group, and whether it is open
        self._marks: dict[str, dict[str, FollowUpStatus]] = {}  # ticket id -> what it has heard of its messages, by their ids
        self._intents: defaultdict[str, deque[datetime]] = defaultdict(lambda: deque(maxlen=60))
        self._covered: _Said = defaultdict(dict)  # follow-up -> messages that carried it out, or may have
        self._said_in: _Said = defaultdict(dict)  # group -> follow-ups that left, or may have
        self._said_of: _Said = defaultdict(dict)  # the same by ticket

    def feed(self, record: Record, now: datetime) -> None:
        """Take one record; what cannot be read is counted and passed over, for it has its place among the dead letters."""
        if record.value is None:
            if record.topic is Topic.TICKETS and record.key:
                self._unread.pop(record.key, None)
                self._tickets.pop(record.key, None)
                self._marks.pop(record.key, None)
            return
        try:
            match record.topic:
                case Topic.OUTBOUND:
                    self._take_outbound(Outbound.from_json(record.value))
                case Topic.DELIVERIES:
                    self._take_report(DeliveryReport.from_json(record.value))
                case Topic.TICKETS:
                    self._unread[record.key or ""] = record.value
                    if len(self._unread) >= _UNREAD_MOST:
                        self._read_tickets()
                case Topic.INBOUND:
                    self._take_inbound(record, now)
        except ValidationError:
            self.unreadable += 1
            log.warning("record not readable", topic=record.topic.value, partition=record.partition, offset=record.offset)

    def pending(self) -> list[Outbound]:
        """Return what has no final report yet, oldest decision first."""
        self._queue = [place for place in self._queue if place[1] in self._open]
        return [self.messages[key] for _, key in self._queue]

    def standing(self, outbound_id: str) -> Standing:
        return self._standings.get(outbound_id, _NOTHING)

    def text_of(self, outbound: Outbound) -> str:
        """Return the words that are sent, or were: those of the message, or those that an attempt of it wrote down."""
        return self.standing(outbound.id).text or outbound.text

    def unknown(self) -> list[Outbound]:
        """Return the messages of which nobody could tell whether they left."""
        return [self.messages[key] for key in sorted(self._unknown) if key in self.messages]

    def last_spoken_at(self, group: str) -> datetime | None:
        """Return when a person last wrote in a group, on whichever phone; our own messages by the API do not count."""
        return self._spoken.get(group)

    def groups_of(self, outbound: Outbound) -> set[str]:
        """Return the groups of the message's tickets; for an escalation they differ from the one it goes to."""
        self._read_tickets()
        known = {self._tickets[ticket][0] for ticket in outbound.ticket_ids if ticket in self._tickets}
        return known or {outbound.group}

    def unheard(self, now: datetime) -> list[DeliveryReport]:
        """Return the ends of follow-ups, not older than a day, of which a ticket tells something else."""
        self._read_tickets()
        found = {}
        for marks in self._marks.values():
            for key, status in marks.items():
                last = self.standing(key).last
                if last is not None and last.status.is_final and last.status.value != status.value:
                    found[key] = last
        return [last for last in found.values() if now - last.at < _HEARD_WITHIN]

    def has_open_ticket(self, outbound: Outbound) -> bool | None:
        """Tell whether one of the message's tickets is open; None when no ticket of it is known yet."""
        self._read_tickets()
        known = [self._tickets[ticket][1] for ticket in outbound.ticket_ids if ticket in self._tickets]
        return any(known) if known else None

    def intents(self, instance: str) -> list[datetime]:
        """Return the times of the latest attempts of an instance, in order, by whichever sender."""
        return sorted(self._intents[instance])

    def sent_at(self, *, but: str, group: str | None = None, tickets: tuple[str, ...] = ()) -> tuple[datetime, ...]:
        """Return when other follow-ups than `but` left (or may have) for a group, or for any of these tickets."""
        said = dict(self._said_in.get(group or "", {}))
        for ticket in tickets:
            said |= self._said_of.get(ticket, {})
        return tuple(sorted(at for key, at in said.items() if key != but))

    def is_covered(self, outbound: Outbound) -> bool:
        """Tell whether a follow-up that this message carries has gone out (or may have) in another one."""
        return any(self._covered.get(covered, {}).keys() - {outbound.id} for covered in outbound.covers)

    def find_own(self, outbound: Outbound, since: datetime, found: list[OwnMessage] | None = None) -> OwnMessage | None:
        """Return the message of ours that is this outbound one: among `found`, or else among the echoes that came."""
        for message in self.own if found is None else found:
            if message.chat != outbound.group or message.sent_at < since:
                continue
            if self.claimed.get(message.message_id, outbound.id) == outbound.id and self._is_same(outbound, message):
                return message
        return None

    def forget(self, now: datetime) -> None:
        """Let go of messages that are settled and old, and of reports on messages that the topic has let go of."""
        for key in self.messages.keys() | self.reports.keys():
            message, reports = self.messages.get(key), self.reports.get(key, ())
            last_at = message.decided_at if message is not None else max(report.at for report in reports)
            if now - last_at > FORGET_AFTER and (message is None or self.standing(key).is_final):
                self._forget(key)

    def _forget(self, key: str) -> None:
        for report in self.reports.pop(key, ()):
            self.claimed.pop(report.message_id or "", None)
            named = ((self._covered, report.covers), (self._said_of, report.ticket_ids), (self._said_in, (report.group,)))
            for index, names in named:
                for name in names:
                    if name in index:
                        index[name].pop(key, None)
                        if not index[name]:
                            del index[name]
        self.messages.pop(key, None)
        self._standings.pop(key, None)
        self._unknown.discard(key)

    def _read_tickets(self) -> None:
        for key, raw in self._unread.items():
            try:
                ticket = Ticket.from_json(raw)
            except ValidationError:
                self.unreadable += 1
                log.warning("ticket not readable", ticket_id=key)
                continue
            self._tickets[ticket.id] = (ticket.group, ticket.state.is_open)
            self._marks[ticket.id] = {mark.outbound_id: mark.status for mark in ticket.follow_ups if mark.outbound_id}
        self._unread.clear()

    def _take_outbound(self, outbound: Outbound) -> None:
        if outbound.id in self.messages:
            return
        self.messages[outbound.id] = outbound
        if not self.standing(outbound.id).is_final:
            self._open.add(outbound.id)
            insort(self._queue, (outbound.decided_at, outbound.id))

    def _take_report(self, report: DeliveryReport) -> None:
        key = report.outbound_id
        self.reports[key].append(report)
        found = self._standings[key] = advance(self.standing(key), report)
        if found.is_final:
            self._open.discard(key)
        is_unknown = found.last is not None and found.last.status is DeliveryStatus.UNKNOWN
        (self._unknown.add if is_unknown else self._unknown.discard)(key)
        if report.purpose == "follow_up":
            self._note_said(key, found)
        if report.status is DeliveryStatus.INTENT:
            self._intents[report.instance].append(report.at)
        if report.status in (DeliveryStatus.INTENT, DeliveryStatus.SENT):
            for covered in report.covers:
                self._covered[covered][report.outbound_id] = report.at
        elif report.status in (DeliveryStatus.NOT_SENT, DeliveryStatus.CANCELLED):
            for covered in report.covers:
                self._covered[covered].pop(report.outbound_id, None)
        if report.message_id is not None:
            self.claimed[report.message_id] = report.outbound_id

    def _note_said(self, key: str, found: Standing) -> None:
        assert found.last is not None
        has_left = found.last.status not in (DeliveryStatus.NOT_SENT, DeliveryStatus.CANCELLED)
        for said in (self._said_in[found.last.group], *(self._said_of[ticket] for ticket in found.last.ticket_ids)):
            if has_left and found.intent_at is not None:
                said[key] = found.intent_at
            else:
                said.pop(key, None)

    def _take_inbound(self, record: Record, now: datetime) -> None:
        assert record.value is not None
        if now - record.timestamp > _ECHOES_KEPT:
            self._note_old(record)
            return
        event = translate(Delivery.from_json(record.value))
        self._hear(event)
        match event:
            case Message():
                self._take_message(event)
            case Echo():
                self.own.append(OwnMessage(message_id=event.id, chat=event.chat, sent_at=event.sent_at, text=event.text))
            case Receipt(status="ERROR") if event.target_id in self.claimed:
                self.refused_at.append(event.received_at)

    def _note_old(self, record: Record) -> None:
        """Note that somebody spoke without reading who: two weeks of messages must not slow a start."""
        if record.key and b'"MESSAGES_UPSERT"' in (record.value or b"") and b'"fromMe":false' in (record.value or b""):
            self._spoken[record.key] = max(record.timestamp, self._spoken.get(record.key, _EVER))

    def _take_message(self, message: Message) -> None:
        if message.sender.is_self:
            self.own.append(OwnMessage(message_id=message.id, chat=message.chat, sent_at=message.sent_at, text=message.text))
            if message.id in self.claimed or self._is_expected(message):
                return
        self._spoken[message.chat] = max(message.sent_at, self._spoken.get(message.chat, _EVER))

    def _is_expected(self, message: Message) -> bool:
        """Tell whether a message typed with our number is one that the sender is trying to send just now."""
        return any(
            self.messages[key].group == message.chat
            and self.standing(key).is_in_doubt
            and is_same_text(self.text_of(self.messages[key]), message.text)
            for key in self._open
        )

    def _is_same(self, outbound: Outbound, message: OwnMessage) -> bool:
        if outbound.kind == "reaction":
            return message.target_id == outbound.target_id and message.emoji == outbound.emoji
        return message.target_id is None and is_same_text(self.text_of(outbound), message.text)


_NOTHING = Standing()
_EVER = datetime.min.replace(tzinfo=UTC)
