"""Compares what is there with the truth: every difference has a name, and all of them must be empty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from stream.core.outcome import Outbound
from stream.core.sending import DeliveryStatus, standing
from stream.core.sheet_cells import ticket_cells
from stream.core.sheet_columns import BY_NAME, Kind, find_columns
from stream.core.sheet_edits import People
from stream.core.ticket import Ticket
from stream.worker.record import GroupRecord
from tests.proof.logbook import Pages
from tests.proof.oracle import Truth, messages_twice

# Cells that the clock alone changes, and the mark of the last write.
_NOT_COMPARED = {"age", "mark", "notice"}
_MINUTES = len("2026-11-22 14:05")


@dataclass
class Verdict:
    """`problems` by name, each with the first of what was found; `figures` are what was counted on the way."""

    problems: dict[str, list[str]] = field(default_factory=dict)
    figures: dict[str, int] = field(default_factory=dict)

    def check(self, name: str, found: list[str]) -> None:
        self.figures[name] = len(found)
        if found:
            self.problems[name] = sorted(found)

    @property
    def holds(self) -> bool:
        return not self.problems


@dataclass
class Evidence:
    """What a run leaves behind. `rows` are the sheet's lines, the header first; `sent` is (group, what was said)."""

    accepted: Mapping[str, int]
    pages: Pages
    rows: list[list[str]]
    sent: list[tuple[str, str]]
    people: People


def judge(evidence: Evidence, truth: Truth, roles: Collection[str] = ("classifier", "sender", "sheet")) -> Verdict:
    """Return all that differs, as far as it is the work of these roles, and of bridge and worker."""
    verdict = Verdict()
    pages = evidence.pages
    verdict.check("webhooks lost", [token for token in evidence.accepted if token not in pages.stored])
    verdict.check("inputs lost", [f"{one.key} {one.at}" for one in truth.lost])
    verdict.check("inputs not handled at the end", [f"{one.key} {one.at}" for one in truth.waiting])
    verdict.check("inputs handled twice", truth.twice)
    _judge_tables(verdict, pages, truth)
    tickets = _judge_tickets(verdict, pages, truth)
    _judge_outputs(verdict, pages, truth)
    if "classifier" in roles:
        verdict.check("questions never answered", sorted(truth.undecided - set(pages.judged)))
    if "sheet" in roles:
        judge_rows(verdict, evidence.rows, evidence.people, tickets)
    if "sender" in roles:
        _judge_sends(verdict, evidence, truth)
    verdict.figures |= {
        "inputs": truth.inputs,
        "tickets": len(truth.tickets),
        "rows": max(0, len(evidence.rows) - 1),
        "dead letters": len(truth.dead),
        "undecided": len(truth.undecided),
        "sends": len(evidence.sent),
        "outbound": len(truth.outbound),
        "events published again": sum(pages.events.values()) - len(pages.events),
    }
    return verdict


def _judge_tables(verdict: Verdict, pages: Pages, truth: Truth) -> None:
    wrong, unbalanced = [], []
    for group, state in truth.states.items():
        raw = pages.records.get(group)
        if raw is None:
            continue  # all its inputs are told as lost, or not handled
        found = GroupRecord.from_json(raw).state
        if found != state:
            names = [name for name in type(state).model_fields if getattr(found, name, None) != getattr(state, name)]
            wrong.append(f"{group}: {', '.join(names)}")
        ledger = found.ledger
        parts = ledger.duplicates + sum(ledger.ignored.values()) + ledger.dead + ledger.applied
        if ledger.seen != parts:
            unbalanced.append(f"{group}: {ledger.seen} seen, {parts} accounted for")
    verdict.check("groups that differ", wrong)
    verdict.check("ledgers that do not add up", unbalanced)


def _judge_tickets(verdict: Verdict, pages: Pages, truth: Truth) -> dict[str, Ticket]:
    found = {key: Ticket.from_json(value) for key, value in pages.tickets.items() if value is not None}
    verdict.check("tickets lost", [key for key in truth.tickets if key not in found])
    verdict.check("tickets from nowhere", [key for key in found if key not in truth.tickets])
    several = [f"{message}: {sorted(ids)}" for message, ids in pages.opened.items() if len(ids) > 1]
    verdict.check("duplicate tickets", several)
    verdict.check("messages on two tickets", [one for one in messages_twice(found) if one not in messages_twice(truth.tickets)])
    differ = [key for key, ticket in found.items() if truth.tickets.get(key, ticket) != ticket]
    verdict.check("tickets that differ", [_difference(truth.tickets[key], found[key]) for key in differ])
    return found


def _difference(wanted: Ticket, found: Ticket) -> str:
    names = [name for name in Ticket.model_fields if getattr(wanted, name) != getattr(found, name)]
    return f"{wanted.id}: {', '.join(names)} (version {found.version} instead of {wanted.version})"


def _judge_outputs(verdict: Verdict, pages: Pages, truth: Truth) -> None:
    verdict.check("events lost", sorted(truth.events - set(pages.events)))
    verdict.check("events from nowhere", sorted(set(pages.events) - truth.events))
    verdict.check("questions lost", sorted(truth.undecided - set(pages.undecided)))
    letters = {place for place in pages.letters if place[0] in ("inbound", "commands")}
    verdict.check("dead letters lost", [str(place) for place in truth.dead - letters])
    verdict.check("dead letters from nowhere", [str(place) for place in letters - truth.dead])
    verdict.check("messages to send lost", sorted(set(truth.outbound) - set(pages.outbound)))
    verdict.check("messages to send from nowhere", sorted(set(pages.outbound) - set(truth.outbound)))


def judge_rows(verdict: Verdict, rows: list[list[str]], people: People, tickets: dict[str, Ticket]) -> None:
    """Compare the sheet with the tickets: each has one row, and its cells say what the ticket says."""
    header = rows[0] if rows else []
    places = find_columns(header)
    lines = [line for line in rows[1:] if any(line)]
    by_id: dict[str, list[list[str]]] = {}
    for line in lines:
        by_id.setdefault(_cell(line, places.get("id", 0)), []).append(line)
    verdict.check("rows lost", [key for key in tickets if key not in by_id])
    verdict.check("rows from nowhere", [key or "(no id)" for key in by_id if key not in tickets])
    verdict.check("duplicate rows", [key for key, found in by_id.items() if len(found) > 1])
    wrong = []
    for key, ticket in tickets.items():
        wanted = ticket_cells(ticket, datetime.now(UTC), ZoneInfo("UTC"), people.name_of)
        for name, place in places.items():
            if name in _NOT_COMPARED or key not in by_id or name not in wanted:
                continue
            cell = _cell(by_id[key][0], place)
            if BY_NAME[name].kind is Kind.TIME:
                cell = cell[:_MINUTES]  # a file keeps times as such, and says the seconds too
            if cell != wanted[name]:
                wrong.append(f"{key} {name}: {cell!r} instead of {wanted[name]!r}")
    verdict.check("cells that differ", wrong)


def _cell(line: list[str], place: int) -> str:
    return str(line[place]) if place < len(line) and line[place] is not None else ""


def _said(outbound: Outbound) -> tuple[str, str]:
    what = f"{outbound.target_id} {outbound.emoji}" if outbound.kind == "reaction" else outbound.text
    return outbound.group, what


def _judge_sends(verdict: Verdict, evidence: Evidence, truth: Truth) -> None:
    reports = evidence.pages.reports
    last = {key: standing(told).last for key, told in reports.items()}
    wanted = Counter(_said(outbound) for outbound in truth.outbound.values())
    arrived = Counter(evidence.sent)
    ends: dict[tuple[str, str], Counter[DeliveryStatus]] = {}
    unfinished = []
    for key, outbound in truth.outbound.items():
        end = last.get(key)
        if end is None or not end.status.is_final:
            unfinished.append(f"{key} {'nothing' if end is None else end.status}")
        else:
            ends.setdefault(_said(outbound), Counter())[end.status] += 1
    # The same reaction set again shows once, so the sender may try one again when it cannot tell; a text never.
    reactions = {_said(outbound) for outbound in truth.outbound.values() if outbound.kind == "reaction"}
    texts = {said: count for said, count in arrived.items() if said not in reactions}
    verdict.figures["reactions set again"] = sum(arrived[said] - 1 for said in reactions if arrived[said])
    verdict.check("duplicate sends", [f"{said} {count} times" for said, count in texts.items() if count > max(1, wanted[said])])
    verdict.check("sends that nobody asked for", [str(said) for said in arrived if said not in wanted])
    verdict.check("messages without an end", unfinished)
    verdict.check(
        "said sent, and it was not",
        [str(said) for said, told in ends.items() if arrived[said] < told[DeliveryStatus.SENT]],
    )
    verdict.check(
        "said cancelled, and it was sent",
        [
            str(said)
            for said, told in ends.items()
            if texts.get(said, 0) > told[DeliveryStatus.SENT] + told[DeliveryStatus.UNKNOWN]
        ],
    )
    for status in (DeliveryStatus.SENT, DeliveryStatus.CANCELLED, DeliveryStatus.UNKNOWN):
        verdict.figures[f"messages {status}"] = sum(told[status] for told in ends.values())
