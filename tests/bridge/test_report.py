"""The health report: what each state of the parts makes of the whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stream.bridge.report import Part, build_report
from stream.core.status import Health, PartStatus

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
NAMES = ("worker", "classifier", "sheet", "sender", "whatsapp")


def beat(part: str, status: Health = Health.OK, *, age: float = 1, process: str = "p1", **fields: Any) -> PartStatus:
    at = NOW - timedelta(seconds=age)
    told = {"detail": f"{part} says {status}", "versions": {"rules": "r1"} if part == "worker" else {}} | fields
    return PartStatus(part=part, process=process, status=status, since=NOW - timedelta(hours=1), at=at, **told)


def report(*beats: PartStatus, broker: Health = Health.OK) -> dict[str, Any]:
    own = {"broker": Part(broker, "b", NOW), "bridge": Part(Health.OK, "receives", NOW), "whatsapp": Part(Health.OK, "open", NOW)}
    return build_report(own_parts=own, beats=beats, received=12, dead_letters=3, rates={}, versions={"groupdesk": "1"}, now=NOW)


ALL = [beat(name) for name in NAMES]


def test_all_well_is_ok() -> None:
    told = report(*ALL)

    assert told["status"] == "ok"
    assert set(told["parts"]) == {"broker", "bridge", "worker", "rules", "model", "sheet", "sender", "whatsapp"}
    for part in told["parts"].values():
        assert set(part) == {"status", "detail", "since"}


@pytest.mark.parametrize("missing", NAMES)
def test_a_part_that_was_never_seen_or_went_away_leaves_a_degraded_whole(missing: str) -> None:
    others = [one for one in ALL if one.part != missing]
    shown = "model" if missing == "classifier" else missing

    if missing != "whatsapp":  # the bridge itself hears of the connection
        assert report(*others)["parts"][shown]["status"] == "degraded"
    gone = report(*others, beat(missing, age=11))
    assert gone["status"] == "degraded"
    assert gone["parts"][shown]["status"] == "down"
    assert gone["parts"][shown]["detail"].startswith("no sign of life since 2026-11-22T14:59:49")


def test_only_a_broker_that_is_away_is_down() -> None:
    assert report(*ALL, broker=Health.DOWN)["status"] == "down"
    assert report()["status"] == "degraded"


def test_the_worst_living_process_speaks_for_its_part_and_dead_ones_are_forgotten() -> None:
    told = report(*ALL, beat("worker", Health.DEGRADED, process="p2"), beat("worker", Health.DOWN, process="p3", age=900))

    assert told["parts"]["worker"]["detail"] == "worker says degraded"


def test_a_part_that_stopped_on_purpose_says_so() -> None:
    told = report(beat("sheet", Health.DOWN, detail="stopped", age=500))

    assert told["parts"]["sheet"] == {"status": "down", "detail": "stopped", "since": "2026-11-22T14:00:00+00:00"}


def test_counts_are_summed_over_living_workers() -> None:
    counts = {"duplicates": 2, "ignored": 5, "ignored.direct_chat": 4, "tickets_opened": 7, "follow_ups.sent": 1, "seen": 9}
    told = report(
        beat("worker", counts=counts, gauges={"tickets_open": 3}),
        beat("worker", process="p2", counts={"duplicates": 1, "ignored.contacts": 1}, gauges={"tickets_open": 1}),
        beat("worker", process="dead", age=60, counts={"duplicates": 1_000}),
    )["counts"]

    assert (told["received"], told["dead_letters"], told["duplicates"], told["ignored"]) == (12, 3, 3, 5)
    assert told["ignored_by_reason"] == {"contacts": 1, "direct_chat": 4}
    assert (told["tickets_opened"], told["tickets_open"], told["follow_ups"]) == (7, 4, {"sent": 1})


def test_the_last_counts_hold_while_the_worker_is_away() -> None:
    assert report(beat("worker", age=60, counts={"tickets_opened": 7}))["counts"]["tickets_opened"] == 7


def test_workers_that_disagree_on_the_rules_are_told_of() -> None:
    told = report(*ALL, beat("worker", process="p2", versions={"rules": "r2"}))["parts"]["rules"]

    assert (told["status"], "r1, r2" in told["detail"]) == ("degraded", True)
