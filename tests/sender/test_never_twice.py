"""Thousands of crashes and faults in a world of memory: nothing is sent twice, and nothing is left without an end.

It is run once with the intents left out, to show that it would see a message sent twice.
"""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any

import pytest

from stream.core.outcome import Outbound
from stream.core.sending import DeliveryStatus, standing
from stream.sender.sender import Sender
from stream.transport import failures
from stream.transport.failures import CallFailed
from stream.transport.interface import OutgoingText, OwnMessage, Sent
from tests.sender.small_world import NOW, Process, WhatsApp, World, play, reports, say


@pytest.mark.parametrize("seed", range(60))
async def test_nothing_is_sent_twice_and_everything_ends(tmp_path: Any, seed: int) -> None:
    world = World(seed, crash_rate=0.15, fault_rate=0.25)
    await play(world, tmp_path)
    assert len(world.arrived) == len(set(world.arrived)), f"twice: {world.arrived}"
    for outbound_id, told in reports(world).items():
        last = standing(told).last
        assert last is not None
        has_arrived = f"text {outbound_id[1:]}" in world.arrived
        assert not (last.status is DeliveryStatus.SENT and not has_arrived), "said sent, and it was not"
        assert not (last.status is DeliveryStatus.CANCELLED and has_arrived), "said cancelled, and it was sent"


async def test_after_crashes_alone_what_is_not_sent_is_shown_to_a_person(tmp_path: Any) -> None:
    for seed in range(30):
        world = World(seed, crash_rate=0.1, fault_rate=0.0)
        await play(world, tmp_path)
        ends = {outbound_id: standing(told).last for outbound_id, told in reports(world).items()}
        sent = {f"text {outbound_id[1:]}" for outbound_id, last in ends.items() if last and last.status is DeliveryStatus.SENT}
        assert sorted(world.arrived) == sorted(sent)
        assert {last.status for last in ends.values() if last} <= {DeliveryStatus.SENT, DeliveryStatus.UNKNOWN}


async def test_two_senders_that_run_into_each_other_send_once(tmp_path: Any) -> None:
    for seed in range(40):
        world = World(seed, crash_rate=0.0, fault_rate=0.0)
        pair: list[Process] = []
        waiting: list[Any] = []

        def other_reads(world: World = world, pair: list[Process] = pair, waiting: list[Any] = waiting) -> None:
            # In the middle of the first sender's attempt the second one begins its own for the same message.
            if len(pair) == 2 and not waiting and world.dice.random() < 0.7:
                waiting.append(1)
                coroutine = pair[1].sender.step()
                try:
                    coroutine.send(None)
                except StopIteration:
                    pass
                finally:
                    coroutine.close()

        pair.append(Process(world, tmp_path, other_reads))
        pair.append(Process(world, tmp_path))
        say(world, 0)
        for _ in range(60):
            for process in pair:
                process.catch_up()
                await process.sender.step()
                waiting.clear()
            world.now += timedelta(seconds=1)
        assert world.arrived == ["text 0"]


async def test_a_sender_that_was_frozen_after_its_claim_does_not_send_what_another_has_sent(tmp_path: Any) -> None:
    world = World(1, crash_rate=0.0, fault_rate=0.0)
    frozen, other = Process(world, tmp_path), Process(world, tmp_path)

    def freeze(step: str) -> None:
        if step != "after_intent_told":
            return
        for _ in range(10):
            world.now += timedelta(seconds=5)  # its claim runs out
            other.catch_up()
            run_now(other.sender.step())
        assert world.arrived == ["text 0"]

    frozen.reporter.checkpoint = freeze
    say(world, 0)
    for _ in range(20):
        frozen.catch_up()
        await frozen.sender.step()
        world.now += timedelta(seconds=5)
    assert world.arrived == ["text 0"]


def run_now(coroutine: Coroutine[Any, Any, object]) -> None:
    """Run a step in the middle of another one: in a world of memory it waits for nothing."""
    with pytest.raises(StopIteration):
        coroutine.send(None)


async def test_a_sender_that_sends_first_and_writes_later_is_seen_to_send_twice(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def send_then_write(self: Sender, outbound: Outbound, attempt: int) -> bool:
        try:
            sent = await self._call(outbound)
        except CallFailed:
            return True
        self._reporter.checkpoint("after_call")
        self._reporter.finish(outbound, attempt, DeliveryStatus.SENT, message_id=sent.message_id)
        return True

    monkeypatch.setattr(Sender, "_attempt", send_then_write)
    twice = 0
    for seed in range(20):
        world = World(seed, crash_rate=0.15, fault_rate=0.1)
        await play(world, tmp_path)
        twice += len(world.arrived) - len(set(world.arrived))
    assert twice > 0


async def test_every_end_is_told_to_the_group_of_the_ticket(tmp_path: Any) -> None:
    for seed in range(20):
        world = World(seed, crash_rate=0.2, fault_rate=0.2)
        await play(world, tmp_path)
        world.crash_rate = 0.0
        Process(world, tmp_path)  # the next start tells again what was written and not told
        heard = world.heard()
        for outbound_id, told in reports(world).items():
            last = standing(told).last
            assert last is not None
            assert last.status.value in heard[outbound_id]


async def test_a_doubt_that_nobody_can_settle_is_shown_within_ten_minutes(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_answer(self: WhatsApp, message: OutgoingText) -> Sent:
        self.world.arrive(message.text)
        raise CallFailed(failures.NO_ANSWER, call="send")

    async def away(self: WhatsApp, chat: str, since: datetime, until: datetime) -> list[OwnMessage] | None:  # noqa: ARG001
        raise CallFailed(failures.NOT_REACHED, call="find")

    monkeypatch.setattr(WhatsApp, "send_text", no_answer)
    monkeypatch.setattr(WhatsApp, "find_own", away)
    world = World(1, crash_rate=0.0, fault_rate=0.0)
    say(world, 0)
    process = Process(world, tmp_path)
    while world.now < NOW + timedelta(minutes=10):
        process.catch_up()
        await process.sender.step()
        world.now += timedelta(seconds=5)
    last = standing(reports(world)["o0"]).last
    assert last is not None
    assert last.status is DeliveryStatus.UNKNOWN
    assert world.arrived == ["text 0"]
