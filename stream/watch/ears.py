"""What was heard, and when: fed with every event of topic `inbound`."""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import UTC, datetime, timedelta

from stream.core.calendar import BusinessCalendar
from stream.core.inputs import (
    AnyInput,
    Connection,
    Deletion,
    Echo,
    Edit,
    Ignored,
    Message,
    NotUnderstood,
    Reaction,
    Receipt,
    Source,
)
from stream.core.silence import LEARNED_FROM, SHORTEST, Silence, measure_silence, silence_after, usual_gap

_IDS_KEPT = 50_000
_FOR_GOOD = datetime.max.replace(tzinfo=UTC)  # nothing comes after a deletion


class Ears:
    """Belongs to one thread. Only what came by webhook proves that webhooks come; what was filled in later does not."""

    def __init__(self, instance: str, listening_since: datetime) -> None:
        self._instance = instance
        self._since = listening_since
        self._heard: deque[datetime] = deque(maxlen=LEARNED_FROM + 1)
        self._by_group: defaultdict[str, deque[datetime]] = defaultdict(lambda: deque(maxlen=LEARNED_FROM + 1))
        self._usual: dict[str, timedelta | None] = {}  # of groups from which nothing came since it was worked out
        self._usual_by: BusinessCalendar | None = None
        self._ids: dict[tuple[str, str], bool] = {}  # whether it came by webhook; the oldest are forgotten
        self._changed: dict[tuple[str, str], datetime] = {}  # up to when its edits were heard; the oldest are forgotten
        self.last_event_at: datetime | None = None
        self.last_live_at: datetime | None = None
        self.connection: Connection | None = None
        self.opened = 0  # how often the connection was told to be open

    def hear(self, event: AnyInput) -> None:
        """Take one event of the topic."""
        if event.instance != self._instance:
            return
        if event.source is Source.WEBHOOK:
            self.last_event_at = max(event.received_at, self.last_event_at or event.received_at)
        match event:
            case Connection():
                self.connection = event
                self.opened += event.state == "open"
            case Message() | Echo() | Reaction():
                self._remember(event.chat, event.id, came_live=event.source is Source.WEBHOOK)
                if event.source is Source.WEBHOOK:
                    self._note(event.chat, event.received_at)
            case Edit():
                self._note_change(event.chat, event.target_id, event.edited_at)
            case Deletion():
                self._note_change(event.chat, event.target_id, _FOR_GOOD)
            case Receipt() | Ignored() | NotUnderstood():
                pass

    def has(self, chat: str, message_id: str) -> bool:
        """Tell whether a message is in the topic already."""
        return (chat, message_id) in self._ids

    def changed_at(self, chat: str, message_id: str) -> datetime | None:
        """Return up to when it is known what became of a message, or None where no edit and no deletion was heard."""
        return self._changed.get((chat, message_id))

    def came_live(self, chat: str, message_id: str) -> bool:
        """Tell whether a message came by webhook, and was not only filled in."""
        return self._ids.get((chat, message_id), False)

    def groups(self) -> list[str]:
        return sorted(self._by_group)

    def silence(self, calendar: BusinessCalendar, now: datetime) -> Silence:
        """Return how quiet the number is."""
        return measure_silence(self._heard, calendar, now, since=self._since)

    def quiet_groups(self, calendar: BusinessCalendar, now: datetime) -> list[str]:
        """Return the groups that are quieter than is usual for them; those with too little history are left out."""
        if calendar is not self._usual_by:
            self._usual_by, self._usual = calendar, {}
        odd = []
        for group, heard in self._by_group.items():
            if now - max(heard[-1], self._since) <= SHORTEST:
                continue  # working hours make a silence shorter, never longer
            if group not in self._usual:
                self._usual[group] = usual_gap(heard, calendar)
            usual = self._usual[group]
            if usual is not None and silence_after(max(heard), usual, calendar, now, since=self._since).is_odd:
                odd.append(group)
        return sorted(odd)

    def listen_anew(self, now: datetime) -> None:
        """Begin a new silence: it was checked, and messages do come."""
        self._since = now

    def _remember(self, chat: str, message_id: str, *, came_live: bool) -> None:
        self._ids[(chat, message_id)] = came_live or self._ids.get((chat, message_id), False)
        if len(self._ids) > _IDS_KEPT:
            del self._ids[next(iter(self._ids))]

    def _note_change(self, chat: str, message_id: str, at: datetime) -> None:
        self._changed[(chat, message_id)] = max(at, self._changed.get((chat, message_id), at))
        if len(self._changed) > _IDS_KEPT:
            del self._changed[next(iter(self._changed))]

    def _note(self, chat: str, at: datetime) -> None:
        self._heard.append(at)
        self._by_group[chat].append(at)
        self._usual.pop(chat, None)
        self.last_live_at = at
