"""The health pages of a running bridge."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bad_input import GOOD
from payloads import RITA_PHONE, envelope
from running import RunningBridge

from stream.adapters.kafka import Publisher
from stream.adapters.topics import Topic
from stream.core.status import Health, PartStatus

pytestmark = pytest.mark.kafka


async def report_when(bridge: RunningBridge, holds: Any) -> Any:
    found: dict[str, Any] = {}

    async def look() -> None:
        while not (found and holds(found)):
            found.update((await bridge.get("/webhook/cs-tickets"))[1])
            await asyncio.sleep(0.05)

    await asyncio.wait_for(look(), 20)
    return found


async def test_received_and_dead_letters_are_what_kafka_holds_also_after_a_restart(bridge: RunningBridge) -> None:
    for _ in range(7):
        await bridge.post(GOOD)
    await bridge.post(b"broken")

    first = await report_when(bridge, lambda told: told["counts"]["received"] == 7 and told["counts"]["dead_letters"] == 1)
    assert first["status"] == "degraded"
    await bridge.stop()
    again = RunningBridge(bridge.settings)
    await again.start()
    try:
        await report_when(again, lambda told: told["counts"]["received"] == 7 and told["counts"]["dead_letters"] == 1)
    finally:
        await again.stop()
        bridge.http = again.http


async def test_a_heartbeat_is_seen_within_seconds(bridge: RunningBridge) -> None:
    now = datetime.now(UTC)
    beat = PartStatus(
        part="worker", process="w", status=Health.OK, detail="all well", since=now, at=now, counts={"duplicates": 4}
    )
    publisher = Publisher(bridge.settings)
    try:
        await asyncio.to_thread(publisher.publish, Topic.STATUS, "worker/w", beat.to_json())
        told = await report_when(bridge, lambda told: told["parts"]["worker"]["status"] == "ok")
    finally:
        publisher.close()

    assert told["counts"]["duplicates"] == 4


async def test_the_bridge_tells_of_itself_on_the_status_topic(bridge: RunningBridge) -> None:
    records = await bridge.stored(Topic.STATUS, 1)

    assert PartStatus.from_json(records[-1].value or b"").part == "bridge"


async def test_the_report_and_the_metrics_tell_no_names_or_numbers(bridge: RunningBridge) -> None:
    await bridge.post(GOOD)
    await bridge.post(envelope("connection.update", {"state": "open", "wuid": RITA_PHONE, "profileName": "Rita"}))

    told = str(await bridge.get("/webhook/cs-tickets")) + str(await bridge.get("/metrics"))

    assert "is connected" in told
    assert 'groupdesk_webhook_answers_total{outcome="stored",status="200"} 2.0' in (await bridge.get("/metrics"))[1]
    for private in (RITA_PHONE.partition("@")[0], "Rita", "good"):
        assert private not in told


async def test_whatsapp_is_told_as_the_bridge_hears_it(bridge: RunningBridge) -> None:
    async def whatsapp() -> str:
        return str((await bridge.get("/webhook/cs-tickets"))[1]["parts"]["whatsapp"])

    unset = "EVOLUTION_API_URL is not set, nothing is sent"
    assert f"'degraded', 'detail': 'no WhatsApp is connected: {unset}'" in await whatsapp()
    await bridge.post(GOOD)
    assert f"'degraded', 'detail': 'cs-ticket-monitor sends events; {unset}'" in await whatsapp()
    await bridge.post(envelope("status.instance", {"status": "closed", "disconnectionReasonCode": 401}))
    assert f"'down', 'detail': 'cs-ticket-monitor is not connected (close); {unset}'" in await whatsapp()


async def test_the_last_heartbeat_of_a_demo_leaves_whatsapp_as_it_is_without_evolution(bridge: RunningBridge) -> None:
    at = datetime.now(UTC) + timedelta(minutes=5)  # it lives, however slow this machine is
    demo = PartStatus(part="whatsapp", process="demo", status=Health.OK, detail="all well", since=at, at=at)
    publisher = Publisher(bridge.settings)
    try:
        await asyncio.to_thread(publisher.publish, Topic.STATUS, "whatsapp/demo", demo.to_json())
        await report_when(bridge, lambda told: told["parts"]["whatsapp"]["status"] == "ok")
        ended = demo.but(at=datetime.now(UTC) - timedelta(minutes=1))
        await asyncio.to_thread(publisher.publish, Topic.STATUS, "whatsapp/demo", ended.to_json())
        told = await report_when(bridge, lambda told: told["parts"]["whatsapp"]["status"] != "ok")
    finally:
        publisher.close()

    assert told["parts"]["whatsapp"]["status"] == "degraded"
    assert told["parts"]["whatsapp"]["detail"].startswith("no WhatsApp is connected")
    assert set(told["not_set_up"]) >= {"whatsapp"}
