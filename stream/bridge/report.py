"""The health report of `GET /webhook/cs-tickets`: pure, from what was seen, at a moment. It holds no personal data.

`status` says in one word whether everything that the team has set up works: `ok`, `degraded`, or `down` when no webhook can
be taken in. Model, sender and WhatsApp may be left unset: such a part is shown as degraded with a sentence, is named in
`not_set_up`, and leaves the whole `ok`. A part that is set up and ails, or that ended, does not.

The counts add up. Of the records that came to the worker, `seen` = `applied` + `duplicates` + `ignored` +
`dead_letters_by_stage.worker`. `dead_letters` are all letters that the topic ever took: those of the worker and, as
`dead_letters_by_stage.bridge`, the rest, which is what the bridge refused before it was `received` (and the rare record that
classifier or sheet could not read). The worker's are counted once each; a letter that a restart wrote again is in the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from stream.core.status import Health, PartStatus

STALE_AFTER = timedelta(seconds=10)
# After this, a part that nobody needs was switched off for good: a dashboard, or the watch over a WhatsApp long gone.
FORGOTTEN_AFTER = timedelta(minutes=10)
# The parts that users know, by the name under which each reports. Others are added as they report.
_EXPECTED = {
    "worker": "worker",
    "rules": "rules",
    "model": "classifier",
    "sheet": "sheet",
    "sender": "sender",
    "whatsapp": "whatsapp",
}
_WORST_FIRST = (Health.DOWN, Health.DEGRADED, Health.OK)


class Part(NamedTuple):
    """One part as the report shows it: `detail` is a sentence for a person."""

    status: Health
    detail: str
    since: datetime

    def to_json(self) -> dict[str, str]:
        return {"status": self.status.value, "detail": self.detail, "since": self.since.isoformat()}


class Fleet:
    """All heartbeats of one part. Processes that are gone count for nothing while another one lives."""

    def __init__(self, beats: Iterable[PartStatus], now: datetime) -> None:
        known = sorted(beats, key=lambda beat: beat.at)
        self.alive = [beat for beat in known if now - beat.at <= STALE_AFTER and beat.status is not Health.DOWN]
        self.last = known[-1] if known else None
        # Of those that are gone, the last one's figures still hold.
        self.counted = self.alive or known[-1:]

    def part(self, name: str, now: datetime) -> Part:
        """Return how the part is: as its worst living process says, else gone, else never seen."""
        if self.alive:
            worst = min(self.alive, key=lambda beat: _WORST_FIRST.index(beat.status))
            return Part(worst.status, worst.detail, worst.since)
        if self.last is None:
            return Part(Health.DEGRADED, f"{name} is not running: no sign of life yet", now)
        if self.last.status is Health.DOWN:
            return Part(Health.DOWN, self.last.detail, self.last.since)
        return Part(Health.DOWN, f"no sign of life since {self.last.at.isoformat(timespec='seconds')}", self.last.at)

    def counts(self) -> dict[str, int]:
        """Return the sums over the processes."""
        sums: dict[str, int] = {}
        for beat in self.counted:
            for name, count in beat.counts.items():
                sums[name] = sums.get(name, 0) + count
        return sums

    def gauges(self) -> dict[str, float]:
        """Return the sums over the processes that live, such as open tickets over the partitions of all workers."""
        sums: dict[str, float] = {}
        for beat in self.counted:
            for name, value in beat.gauges.items():
                sums[name] = sums.get(name, 0.0) + value
        return sums


def build_report(
    *,
    own_parts: Mapping[str, Part],
    beats: Iterable[PartStatus],
    received: int,
    dead_letters: int,
    rates: Mapping[str, float],
    versions: Mapping[str, str],
    now: datetime,
    not_set_up: Collection[str] = (),
) -> dict[str, Any]:
    """Return the report. `own_parts` are those that the bridge itself knows, broker among them; they go before heartbeats.

    `not_set_up` are the parts that the bridge's settings leave unset. Where a living process shows that it has the settings
    which the bridge lacks, the process is believed.
    """
    by_part: dict[str, list[PartStatus]] = {}
    for beat in beats:
        by_part.setdefault(beat.part, []).append(beat)
    fleets = {part: Fleet(reports, now) for part, reports in by_part.items()}
    fleets = {part: fleet for part, fleet in fleets.items() if not _is_forgotten(part, fleet, not_set_up, now)}
    parts = dict(own_parts)
    for name, reporter in _EXPECTED.items():
        if reporter in fleets or name not in parts:
            parts[name] = fleets.get(reporter, Fleet([], now)).part(name, now)
    for reporter in sorted(set(fleets) - set(_EXPECTED.values()) - set(parts)):
        parts[reporter] = fleets[reporter].part(reporter, now)
    if "rules" not in fleets and "worker" in fleets:
        parts["rules"] = _rules_as_the_worker_tells(fleets["worker"], now)
    worker = fleets.get("worker", Fleet([], now))
    unset = [name for name in not_set_up if _is_left_unset(name, parts[name], fleets)]
    return {
        "status": _overall({name: part for name, part in parts.items() if name not in unset}).value,
        "at": now.isoformat(),
        "not_set_up": sorted(unset),
        "parts": {name: part.to_json() for name, part in parts.items()},
        "counts": _counts(worker, received, dead_letters),
        "rates": dict(rates),
        "gauges": {name: fleet.gauges() for name, fleet in sorted(fleets.items()) if fleet.alive and fleet.gauges()},
        "versions": dict(versions) | _versions(fleets.values()),
    }


def _is_forgotten(reporter: str, fleet: Fleet, not_set_up: Collection[str], now: datetime) -> bool:
    """Tell whether this is an old trace of a part that is not needed."""
    if fleet.alive or fleet.last is None:
        return False
    if reporter == "whatsapp":  # unset, the bridge itself tells how it is: nothing is there that could have gone away
        return "whatsapp" in not_set_up
    return reporter not in _EXPECTED.values() and now - fleet.last.at > FORGOTTEN_AFTER


def _is_left_unset(name: str, part: Part, fleets: Mapping[str, Fleet]) -> bool:
    """Tell whether a part is degraded only because the team has not set it up."""
    if part.status is not Health.DEGRADED:
        return False
    if name == "whatsapp":
        return "whatsapp" not in fleets
    fleet = fleets.get(_EXPECTED[name])
    if fleet is None:  # its process is needed, also to do without
        return False
    if name == "sender":
        return "whatsapp" not in fleets  # the watch over Evolution lives in the sender
    return not any(beat.versions.get("model") for beat in fleet.alive)


def _overall(parts: Mapping[str, Part]) -> Health:
    """Return `down` only when nothing can be taken in; whatever else is missing leaves a degraded whole."""
    takes_in = [parts[name].status for name in ("broker", "spool") if name in parts]
    if all(status is Health.DOWN for status in takes_in):
        return Health.DOWN
    return Health.OK if all(part.status is Health.OK for part in parts.values()) else Health.DEGRADED


def _rules_as_the_worker_tells(worker: Fleet, now: datetime) -> Part:
    told = worker.part("rules", now)
    versions = sorted({beat.versions["rules"] for beat in worker.alive if beat.versions.get("rules")})
    if not versions:
        return Part(Health.DEGRADED, "no worker tells which rules are in force", told.since)
    if len(versions) > 1:
        return Part(Health.DEGRADED, f"the workers do not agree on the rules: {', '.join(versions)}", told.since)
    troubles = sorted({beat.troubles["rules"] for beat in worker.alive if beat.troubles.get("rules")})
    if troubles:
        return Part(Health.DEGRADED, f"{troubles[0]}; version {versions[0]} is in force", told.since)
    return Part(Health.OK, f"version {versions[0]} is in force", told.since)


def _counts(worker: Fleet, received: int, dead_letters: int) -> dict[str, Any]:
    told = worker.counts()
    of_worker = told.get("dead", 0)
    return {
        "received": received,
        "seen": told.get("seen", 0),
        "duplicates": told.get("duplicates", 0),
        "ignored": told.get("ignored", 0),
        "ignored_by_reason": _named(told, "ignored."),
        "applied": told.get("applied", 0),
        "late": told.get("late", 0),
        "dead_letters": dead_letters,
        # The two were looked at a moment apart: a letter may be counted that the topic was not yet seen to hold.
        "dead_letters_by_stage": {"bridge": max(0, dead_letters - of_worker), "worker": of_worker},
        "tickets_opened": told.get("tickets_opened", 0),
        "tickets_open": told.get("tickets_open", int(worker.gauges().get("tickets_open", 0))),
        "follow_ups": _named(told, "follow_ups."),
    }


def _named(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): count for name, count in sorted(counts.items()) if name.startswith(prefix)}


def _versions(fleets: Iterable[Fleet]) -> dict[str, str]:
    told: dict[str, set[str]] = {}
    for fleet in fleets:
        for beat in fleet.alive:
            for name, version in beat.versions.items():
                told.setdefault(name, set()).add(version)
    return {name: ", ".join(sorted(versions)) for name, versions in sorted(told.items())}
