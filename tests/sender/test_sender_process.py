"""The real sender, a real broker, the stand-in over HTTP: killed between every two steps, and still each message once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stream.adapters.kafka import Publisher, Tail
from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic
from stream.core.commands import COMMAND
from stream.core.delivery import Delivery
from stream.core.outcome import Outbound
from stream.core.sending import DeliveryReport, DeliveryStatus, standing
from stream.settings import Settings
from stream.simulator.evolution_server import DEFAULT_KEY, EvolutionServer
from stream.simulator.instance import Group
from stream.simulator.mischief import Mischief, SendFault

pytestmark = pytest.mark.kafka
GROUP = "120363000000000009@g.us"
CHILD = Path(__file__).with_name("crashing_sender.py")
STEPS = ["before_intent", "after_intent", "after_intent_told", "after_calling", "after_call", "after_result", "after_told"]


@pytest.fixture
async def evolution() -> AsyncIterator[EvolutionServer]:
    async with EvolutionServer(mischief=Mischief(hold_seconds=2)) as server:
        server.add_instance("desk").groups[GROUP] = Group(GROUP, "Desk", [])
        yield server


class Desk:
    """Topics of one test, and the senders that it starts."""

    def __init__(self, settings: Settings, evolution: EvolutionServer) -> None:
        self.settings = settings
        self.evolution = evolution
        self.publisher = Publisher(settings)
        self.tail = Tail(settings, [Topic.DELIVERIES, Topic.COMMANDS])
        self.reports: dict[str, list[DeliveryReport]] = {}
        self.told: list[Any] = []
        self.children: list[subprocess.Popen[bytes]] = []

    def say(self, message_id: str, **changes: Any) -> Outbound:
        base = Outbound(id=message_id, purpose="reply", instance="desk", group=GROUP, decided_at=datetime.now(UTC))
        message = base.but(**{"text": f"text of {message_id}"} | changes)
        self.publisher.publish(Topic.OUTBOUND, GROUP, message.to_json())
        return message

    def start(self, dies_at: str = "never") -> subprocess.Popen[bytes]:
        kept = {"kafka_bootstrap_servers", "topic_prefix", "topic_partitions", "data_dir"}
        told = self.settings.model_dump(mode="json", include=kept) | {"evolution_api_key": DEFAULT_KEY}
        child = subprocess.Popen([sys.executable, str(CHILD), json.dumps(told), self.evolution.url, dies_at])
        self.children.append(child)
        return child

    async def until(self, is_so: Callable[[], bool], what: str, within_s: float = 40) -> None:
        deadline = time.monotonic() + within_s
        while not is_so():
            assert time.monotonic() < deadline, f"{what}: {self.reports}"
            for record in await asyncio.to_thread(self.tail.poll, 0.1):
                assert record.value is not None
                if record.topic is Topic.DELIVERIES:
                    report = DeliveryReport.from_json(record.value)
                    self.reports.setdefault(report.outbound_id, []).append(report)
                else:
                    self.told.append(COMMAND.validate_json(record.value))

    def end_of(self, message_id: str) -> DeliveryStatus | None:
        found = standing(self.reports.get(message_id, ()))
        return found.last.status if found.last is not None and found.is_final else None

    def arrived(self) -> list[str]:
        return [data["message"].get("conversation", "") for data in self.evolution.instances["desk"].sent]

    def close(self) -> None:
        for child in self.children:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            child.wait()
        self.publisher.close()
        self.tail.close()


@pytest.fixture
def desk(settings: Settings, evolution: EvolutionServer) -> Iterator[Desk]:
    ensure_topics(settings)
    desk = Desk(settings, evolution)
    yield desk
    desk.close()


async def wait_for_end(child: subprocess.Popen[bytes]) -> int:
    return await asyncio.to_thread(child.wait, 40)


@pytest.mark.parametrize("step", STEPS)
async def test_killed_after_any_step_a_message_arrives_at_most_once_and_its_end_is_told(desk: Desk, step: str) -> None:
    desk.say("o1")
    assert await wait_for_end(desk.start(dies_at=step)) == -9
    desk.start()
    await desk.until(lambda: desk.end_of("o1") is not None, "an end")
    ended = desk.end_of("o1")
    await desk.until(lambda: any(c.outbound_id == "o1" and c.status == ended for c in desk.told), "the ticket is told")
    # Only a crash at the very moment of the call leaves something that a person must look at.
    assert ended is (DeliveryStatus.UNKNOWN if step == "after_calling" else DeliveryStatus.SENT)
    assert desk.arrived() == ([] if step == "after_calling" else ["text of o1"])


async def test_two_senders_share_the_work_and_send_each_message_once(desk: Desk) -> None:
    desk.start()
    desk.start()
    wanted = [desk.say(f"o{n}").id for n in range(12)]
    await desk.until(lambda: all(desk.end_of(i) is DeliveryStatus.SENT for i in wanted), "all sent", within_s=60)
    assert sorted(desk.arrived()) == sorted(f"text of {i}" for i in wanted)


async def test_faults_of_evolution_double_nothing_and_leave_nothing_pending(desk: Desk) -> None:
    faults = [fault for fault in SendFault if fault not in (SendFault.FORBIDDEN_BY_WHATSAPP, SendFault.TIMEOUT_BEFORE_SEND)]
    desk.evolution.mischief.next_sends.extend(faults)
    wanted = [desk.say(f"o{n}").id for n in range(len(faults))]
    desk.start()
    await desk.until(lambda: all(desk.end_of(i) is not None for i in wanted), "ends", within_s=100)
    arrived = desk.arrived()
    assert len(arrived) == len(set(arrived))
    for i in wanted:
        if desk.end_of(i) is DeliveryStatus.SENT:
            assert f"text of {i}" in arrived
        if desk.end_of(i) is DeliveryStatus.CANCELLED:
            assert f"text of {i}" not in arrived


async def test_when_whatsapp_forbids_nothing_more_leaves_until_a_person_says_so(desk: Desk) -> None:
    desk.evolution.mischief.next_sends.append(SendFault.FORBIDDEN_BY_WHATSAPP)
    desk.say("o1")
    desk.start()
    await desk.until(lambda: desk.end_of("o1") is DeliveryStatus.CANCELLED, "the first is given up")
    stopped = desk.settings.data_dir / "sending-stopped"
    assert "forbids" in stopped.read_text()
    desk.say("o2")
    calls = len(desk.evolution.calls)
    await asyncio.sleep(1.5)  # nothing can be waited for when nothing must happen
    assert len(desk.evolution.calls) == calls
    stopped.unlink()
    await desk.until(lambda: desk.end_of("o2") is DeliveryStatus.SENT, "the second leaves")


async def test_an_echo_settles_a_doubt_before_the_store_is_asked(desk: Desk) -> None:
    desk.evolution.mischief.next_sends.append(SendFault.DATABASE_ERROR_AFTER_SEND)
    message = desk.say("o1")
    desk.start()
    await desk.until(lambda: any(r.status is DeliveryStatus.UNCERTAIN for r in desk.reports.get("o1", ())), "doubt")
    now = datetime.now(UTC)
    data = {"key": {"remoteJid": GROUP, "fromMe": True, "id": "3EB0ECHO"}, "message": {"conversation": message.text}}
    data |= {"messageType": "conversation", "messageTimestamp": int(now.timestamp())}
    echo = Delivery(event="SEND_MESSAGE", instance="desk", chat=GROUP, received_at=now, data=data)
    desk.publisher.publish(Topic.INBOUND, GROUP, echo.to_json())
    await desk.until(lambda: desk.end_of("o1") is DeliveryStatus.SENT, "sent")
    assert desk.reports["o1"][-1].message_id == "3EB0ECHO"
    assert len(desk.arrived()) == 1


async def test_somebody_who_answers_in_the_last_second_is_not_talked_over(desk: Desk) -> None:
    now = datetime.now(UTC)
    key = {"remoteJid": GROUP, "fromMe": False, "id": "AC1", "participant": "81@lid"}
    data = {
        "key": key,
        "message": {"conversation": "solved!"},
        "messageType": "conversation",
        "messageTimestamp": int(now.timestamp()) + 1,
    }
    spoken = Delivery(event="MESSAGES_UPSERT", instance="desk", chat=GROUP, received_at=now, data=data)
    desk.publisher.publish(Topic.INBOUND, GROUP, spoken.to_json())
    desk.say("o1", purpose="follow_up", not_if_spoken_since=now)
    desk.start()
    await desk.until(lambda: desk.end_of("o1") is DeliveryStatus.CANCELLED, "cancelled")
    assert desk.arrived() == []


async def test_a_reaction_names_its_target(desk: Desk) -> None:
    desk.say("o1", kind="reaction", purpose="receipt", text="", target_id="AC9", emoji="👀")
    desk.start()
    await desk.until(lambda: desk.end_of("o1") is DeliveryStatus.SENT, "sent")
    reaction = desk.evolution.instances["desk"].sent[0]["message"]["reactionMessage"]
    assert (reaction["key"]["id"], reaction["text"]) == ("AC9", "👀")
