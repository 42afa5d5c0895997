"""What the tables of the system pages show: parts, follow-ups, rules, differences. Pure: snapshot in, plain rows out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dashboard import frames, safe
from dashboard.desk import Snapshot, is_alive
from dashboard.words import say
from stream.core.status import Health, PartStatus
from stream.core.ticket import FollowUpStatus

Row = dict[str, Any]
TONES = {Health.OK: "good", Health.DEGRADED: "warn", Health.DOWN: "bad"}
# The parts of a whole installation, in the order a message takes them.
PARTS = ("bridge", "worker", "classifier", "sender", "sheet", "dashboard")

# After this, a part that no installation needs was switched off for good.
FORGOTTEN_AFTER = timedelta(minutes=10)


def chip(text: str, tone: str) -> dict[str, str]:
    """Return a chip: a word and its tone, which is good, warn, bad or none."""
    return {"text": text, "tone": tone}


def parts(snapshot: Snapshot, now: datetime, language: str, not_set_up: Collection[str] = ()) -> list[Row]:
    """Return a row for each process that matters, and one for each part that was never heard of.

    `not_set_up` are parts that the settings leave out: an old trace of one is no alarm.
    """
    heard = sorted(snapshot.parts.values(), key=lambda status: (_place(status.part), status.process))
    newest = {status.part: max(one.at for one in heard if one.part == status.part) for status in heard}
    rows = [
        _part_row(status, now, language)
        for status in heard
        # Of those that are gone only the last one matters, and not for long where nobody needs the part.
        if is_alive(status, now) or (status.at == newest[status.part] and not _is_forgotten(status, now, not_set_up))
    ]
    silent = [part for part in PARTS if part not in newest]
    never = chip(say(language, "health.never"), "none")
    return rows + [{"part": part, "state": never, "detail": say(language, "health.never_hint")} for part in silent]


def _place(part: str) -> int:
    return PARTS.index(part) if part in PARTS else len(PARTS)


def _is_forgotten(status: PartStatus, now: datetime, not_set_up: Collection[str]) -> bool:
    """Tell whether this is the trace of something that was tried and put away, such as a demo's stand-in for WhatsApp."""
    if status.part in not_set_up:
        return True
    return status.part not in PARTS and now - status.at > FORGOTTEN_AFTER


def _part_row(status: PartStatus, now: datetime, language: str) -> Row:
    alive = is_alive(status, now)
    state = status.status if alive else Health.DOWN
    words = say(language, f"health.{state.value}") if alive else say(language, "health.gone")
    return {
        "part": status.part,
        "state": chip(words, TONES[state]),
        "detail": safe.show(status.detail),
        "since": status.since.isoformat(),
        "seen": status.at.isoformat(),
        "process": safe.show(status.process),
        "version": safe.show(status.versions.get("groupdesk", "")),
    }


def numbers(snapshot: Snapshot, now: datetime) -> dict[str, list[Row]]:
    """Return what the living processes count and measure, by part: name and value; counts are summed over processes."""
    found: dict[tuple[str, str], float] = {}
    for status in snapshot.parts.values():
        if is_alive(status, now):
            for name, value in (*status.counts.items(), *status.gauges.items()):
                found[status.part, name] = found.get((status.part, name), 0) + value
    ordered = sorted(found.items(), key=lambda one: (_place(one[0][0]), one[0][1]))
    told: dict[str, list[Row]] = {}
    for (part, name), value in ordered:
        told.setdefault(part, []).append({"name": safe.show(name).replace("_", " "), "value": f"{round(value, 1):,.12g}"})
    return told


def planned(snapshot: Snapshot, language: str, *, reveal: bool = False, name_of: frames.NameOf = str) -> list[Row]:
    """Return the follow-ups that come if nobody acts, the next one first."""
    waiting = [card for card in snapshot.open_by_due if card.next_step_at is not None]
    waiting.sort(key=lambda card: (card.next_step_at or card.opened_at, card.id))
    return [
        {
            "title": safe.title(card.title, reveal=reveal),
            "id": card.id,
            "group": safe.group(card.group_name, card.group),
            "state": chip(say(language, f"state.{card.state.value}"), "none"),
            "step": None if card.next_step is None else frames.step_words(card.next_step, language),
            "due": card.next_step_at.isoformat() if card.next_step_at else None,
            "assignee": frames.assignee(card.assignee, name_of, reveal=reveal),
        }
        for card in waiting
    ]


def follow_up_counts(snapshot: Snapshot, language: str) -> list[Row]:
    """Return how many follow-ups of each step were sent, cancelled or are unclear."""
    found: dict[int, dict[str, int]] = {}
    for card in snapshot.cards.values():
        for step, status in card.follow_ups:
            one = found.setdefault(step, {})
            one[status] = one.get(status, 0) + 1
    shown = (FollowUpStatus.SENT, FollowUpStatus.CANCELLED, FollowUpStatus.INTENT, FollowUpStatus.UNKNOWN)
    return [
        {"step": frames.step_words(step, language)} | {status.value: counts.get(status.value, 0) for status in shown}
        for step, counts in sorted(found.items())
    ]


def columns(
    language: str, page: str, kinds: Mapping[str, str | tuple[str, str]], *, only_wide: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Return the columns of a table: their kind, or kind and width; labels are the strings `page.column_NAME`.

    `only_wide` are those that a phone can do without.
    """
    told = []
    for name, kind in kinds.items():
        what, width = (kind, "") if isinstance(kind, str) else kind
        label = say(language, f"{page}.column_{name}")
        told.append({"name": name, "label": label, "kind": what, "width": width, "wide": name in only_wide})
    return told


def as_csv(rows: Sequence[Row]) -> str:
    """Return rows as CSV that no spreadsheet takes for a formula."""
    if not rows:
        return ""
    names = list(rows[0])
    lines = [",".join(map(_csv_cell, names)), *(",".join(_csv_cell(row.get(name)) for name in names) for row in rows)]
    return "\r\n".join(lines) + "\r\n"


def _csv_cell(value: object) -> str:
    text = "" if value is None else str(value)
    if text[:1] in "=+-@\t\r" and not _is_number(text):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\r\n;') else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
