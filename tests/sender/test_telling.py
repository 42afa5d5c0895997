"""Every end of a follow-up reaches its ticket, whatever the broker and the sender go through."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from stream.adapters.topics import Topic
from stream.core.detection import Detection, Label, Stage
from stream.core.sending import standing
from stream.core.ticket import FollowUp, FollowUpStatus, Ticket
from tests.sender.small_world import GROUP, NOW, Process, World, play, reports, say


async def test_what_a_broker_away_kept_from_the_tickets_is_told_when_it_is_back(tmp_path: Any) -> None:
    for seed in range(40):
        world = World(seed, crash_rate=0.0, fault_rate=0.1, broker_rate=0.1)
        process = await play(world, tmp_path)
        assert len(world.arrived) == len(set(world.arrived))
        world.broker_rate = 0.0
        if process is not None:
            process.catch_up()
            process.reporter.tell_rest()
        for outbound_id, told in reports(world).items():
            last = standing(told).last
            assert last is not None
            assert last.status.value in world.heard()[outbound_id], (seed, last)


async def test_a_ticket_that_tells_something_else_is_told_again_at_a_start(tmp_path: Any) -> None:
    world = World(1, crash_rate=0.0, fault_rate=0.0)
    for number in range(3):
        say(world, number)
    process = Process(world, tmp_path)
    for _ in range(40):
        process.catch_up()
        await process.sender.step()
        world.now += timedelta(seconds=1)
    assert len(world.arrived) == 3
    mark = FollowUp(id="f0", step=0, status=FollowUpStatus.INTENT, due_at=NOW, changed_at=NOW, outbound_id="o0")
    ticket = Ticket(
        id="T-1",
        instance="desk",
        group=GROUP,
        opened_by="p",
        detected_by=Detection(label=Label.TICKET, stage=Stage.RULES, decided_by="r"),
        opened_at=NOW,
        updated_at=NOW,
        follow_ups=(mark,),
    )
    world.log = [kept for kept in world.log if kept[0] is not Topic.COMMANDS]  # none of it was heard
    world.publish(Topic.TICKETS, GROUP, ticket.to_json())
    Process(world, tmp_path)
    assert world.heard() == {"o0": {"sent"}, "o2": {"sent"}}  # what the ticket shows, and what that sender did last
