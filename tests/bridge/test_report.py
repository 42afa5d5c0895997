"""The health report: what each state of the parts makes of the whole."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stream.adapters.rule_files import load_book
from stream.adapters.topics import Topic
from stream.bridge.report import Part, build_report
from stream.core.delivery import Delivery
from stream.core.status import Health, PartStatus
from stream.worker.encoding import summarise
from stream.worker.handle import Arrival, handle

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
BOOK = load_book(Path(__file__).parents[2] / "rules")
NAMES = ("worker", "classifier", "sheet", "sender", "whatsapp")


def beat(part: str, status: Health = Health.OK, *, age: float = 1, process: str = "p1", **fields: Any) -> PartStatus:
    at = NOW - timedelta(seconds=age)
    told = {"detail": f"{part} says {status}", "versions": {"rules": "r1"} if part == "worker" else {}} | fields
    return PartStatus(part=part, process=process, status=status, since=NOW - timedelta(hours=1), at=at, **told)


def report(
    *beats: PartStatus, broker: Health = Health.OK, whatsapp: Health = Health.OK, not_set_up: Collection[str] = ()
) -> dict[str, Any]:
    own = {"broker": Part(broker, "b", NOW), "bridge": Part(Health.OK, "receives", NOW), "whatsapp": Part(whatsapp, "heard", NOW)}
    return build_report(
        own_parts=own,
        beats=beats,
        received=12,
        dead_letters=3,
        rates={},
        versions={"groupdesk": "1"},
        now=NOW,
        not_set_up=not_set_up,
    )


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


UNSET = ("model", "sender", "whatsapp")


def untouched(*more: PartStatus, without: str = "") -> list[PartStatus]:
    """What is heard of an install with neither a key for the model nor an Evolution: it has no watch over WhatsApp."""
    dry = [beat("classifier", Health.DEGRADED), beat("sender", Health.DEGRADED)]
    return [one for one in (beat("worker"), beat("sheet"), *dry) if one.part != without] + list(more)


@pytest.mark.parametrize("age", [11, 599, 601])
@pytest.mark.parametrize("last", list(Health))
def test_a_watch_over_whatsapp_that_ended_is_nothing_to_an_install_without_evolution(age: int, last: Health) -> None:
    old = beat("whatsapp", last, age=age)

    told = report(*untouched(old), whatsapp=Health.DEGRADED, not_set_up=UNSET)
    assert (told["status"], told["parts"]["whatsapp"]["detail"]) == ("ok", "heard")
    assert report(*ALL[:-1], old)["parts"]["whatsapp"]["status"] == "down"


def test_an_untouched_install_is_ok_and_says_what_is_not_set_up() -> None:
    told = report(*untouched(), whatsapp=Health.DEGRADED, not_set_up=UNSET)

    assert (told["status"], told["not_set_up"]) == ("ok", ["model", "sender", "whatsapp"])
    assert {name for name, part in told["parts"].items() if part["status"] == "degraded"} == set(UNSET)
    assert report(*untouched(), whatsapp=Health.DEGRADED)["status"] == "degraded"


@pytest.mark.parametrize("missing", ["worker", "classifier", "sender", "sheet"])
def test_a_process_that_is_missing_counts_also_where_its_service_is_not_set_up(missing: str) -> None:
    gone = untouched(beat(missing, age=7200), without=missing)

    assert report(*untouched(without=missing), not_set_up=UNSET)["status"] == "degraded"
    assert report(*gone, not_set_up=UNSET)["status"] == "degraded"


@pytest.mark.parametrize(
    "proof",
    [
        beat("classifier", Health.DEGRADED, process="p2", versions={"model": "m"}),
        beat("whatsapp", Health.DEGRADED),
    ],
)
def test_a_process_with_the_settings_that_the_bridge_lacks_is_believed(proof: PartStatus) -> None:
    told = report(*untouched(proof), not_set_up=UNSET)

    assert told["status"] == "degraded"
    assert ("model" if proof.part == "classifier" else "sender") not in told["not_set_up"]


def test_whatsapp_that_told_of_its_end_counts_also_without_the_address_of_evolution() -> None:
    assert report(*untouched(), whatsapp=Health.DOWN, not_set_up=UNSET)["status"] == "degraded"


@pytest.mark.parametrize(("age", "known"), [(599, True), (601, False)])
def test_a_part_that_nobody_needs_is_forgotten_after_ten_minutes(*, age: int, known: bool) -> None:
    told = report(*ALL, beat("dashboard", Health.DOWN, age=age))

    assert ("dashboard" in told["parts"], told["status"] == "degraded") == (known, known)


def test_the_counts_add_up_with_the_worker_s_letters_apart_from_the_bridge_s() -> None:
    at = NOW - timedelta(minutes=1)
    body = {"key": {"remoteJid": "120363041234567890@g.us", "fromMe": False, "id": "A", "participant": "18001111222233@lid"}}
    body |= {"message": {"conversation": "where is my parcel?"}, "messageTimestamp": int(at.timestamp())}
    shape = {"instance": "cs", "chat": "120363041234567890@g.us", "received_at": at}
    message = Delivery(event="MESSAGES_UPSERT", data=body, **shape).to_json()
    contacts = Delivery(event="CONTACTS_UPDATE", data=[], **shape).to_json()
    record = None
    for offset, value in enumerate([message, message, contacts, b"broken"]):
        arrival = Arrival(Topic.INBOUND, 0, offset, str(shape["chat"]), value)
        record = handle(arrival, record, BOOK, lambda _ref: False).record
    assert record is not None

    told = report(beat("worker", counts=dict(summarise(record).counts)))["counts"]

    assert told["dead_letters_by_stage"] == {"bridge": 2, "worker": 1}
    assert sum(told["dead_letters_by_stage"].values()) == told["dead_letters"]
    parts = (told["applied"], told["duplicates"], told["ignored"], told["dead_letters_by_stage"]["worker"])
    assert (told["seen"], parts) == (4, (1, 1, 1, 1))


def test_rules_that_cannot_be_used_are_told_with_file_and_line() -> None:
    troubles = {"rules": "1 problem: rules/detect/en.yaml:3: not YAML"}
    told = report(*ALL, beat("worker", process="p2", versions={"rules": "r1"}, troubles=troubles))

    assert told["status"] == "degraded"
    assert told["parts"]["rules"]["status"] == "degraded"
    assert told["parts"]["rules"]["detail"] == "1 problem: rules/detect/en.yaml:3: not YAML; version r1 is in force"
