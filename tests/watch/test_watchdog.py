"""The watchdog against the stand-in over real HTTP, with the webhook's way into topic inbound played in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stream.core.calendar import BusinessCalendar, Hours
from stream.core.inputs import Roster
from stream.core.status import Health
from stream.simulator.instance import Group
from stream.translate import translate
from stream.watch.ears import Ears
from tests.watch.world import ANA, GROUP, OPS, World


async def test_a_quiet_day_is_checked_by_our_own_message_and_is_no_alarm(world: World) -> None:
    await world.chatter()
    world.now += timedelta(hours=3)
    await world.watchdog.look()
    assert world.watchdog.health()[0] is Health.OK
    assert [data["key"]["remoteJid"] for data in world.instance.sent] == [OPS]
    assert world.watchdog.restarts == 0
    await world.watchdog.look()
    assert len(world.instance.sent) == 1


async def test_a_dead_socket_that_says_open_is_restarted_once_and_heard_again(world: World) -> None:
    await world.chatter()
    world.mischief.is_socket_dead = True
    world.now += timedelta(hours=1)
    await world.watchdog.look()
    assert world.watchdog.restarts == 1
    assert world.watchdog.health()[0] is Health.OK


async def test_webhooks_that_never_come_again_are_an_alarm_after_one_restart(world: World) -> None:
    await world.chatter()
    world.mischief.drop = 1.0
    world.now += timedelta(hours=1)
    for _ in range(3):
        await world.watchdog.look()
    health, sentence = world.watchdog.health()
    assert (health, world.watchdog.restarts) == (Health.DOWN, 1)
    assert "nothing was heard" in sentence
    world.mischief.drop = 0.0
    world.now += timedelta(minutes=2)
    await world.arrive("AC1")
    await world.watchdog.look()
    assert world.watchdog.health()[0] is Health.OK


@pytest.mark.parametrize(("ops", "speaks"), [(None, True), (OPS, False)])
async def test_without_somewhere_to_speak_the_silence_is_only_told(world: World, ops: str | None, speaks: bool) -> None:
    world.ops, world.speaks = ops, speaks
    await world.chatter()
    world.now += timedelta(hours=1)
    await world.watchdog.look()
    health, sentence = world.watchdog.health()
    assert (health, world.watchdog.restarts, world.instance.sent) == (Health.DEGRADED, 0, [])
    assert "ops_group" in sentence


async def test_a_logged_out_number_is_down_with_what_to_do(world: World) -> None:
    await world.watchdog.look()
    await world.evolution.log_out(world.instance, code=401)
    await world.watchdog.look()
    health, sentence = world.watchdog.health()
    assert health is Health.DOWN
    assert "logged out on the phone" in sentence
    assert "/qr-cs" in sentence
    await world.evolution.scan(world.instance)
    await world.watchdog.look()
    assert world.watchdog.health()[0] is Health.OK


async def test_the_end_of_a_session_is_told_at_once(world: World) -> None:
    await world.watchdog.look()
    world.watchdog._due["state"] = world.now + timedelta(hours=1)
    await world.evolution.log_out(world.instance, 403)
    await world.watchdog.look()
    health, told = world.watchdog.health()
    assert (health, "banned or restricted" in told) == (Health.DOWN, True)


async def test_an_instance_that_is_being_loaded_asks_for_nobody(world: World) -> None:
    world.instance.is_loading = True
    await world.watchdog.look()
    health, told = world.watchdog.health()
    assert (health, "not loaded the instance yet" in told) == (Health.DEGRADED, True)


async def test_an_absent_instance_an_unlicensed_server_and_nobody_there(world: World) -> None:
    del world.evolution.instances["desk"]
    await world.watchdog.look()
    assert "does not exist yet" in world.watchdog.health()[1]
    world.mischief.is_unlicensed = True
    await world.watchdog.look()
    assert "licence" in world.watchdog.health()[1]
    await world.evolution.stop()
    await world.watchdog.look()
    assert world.watchdog.health()[0] is Health.DOWN


async def test_the_webhook_is_set_right_unless_it_points_elsewhere(world: World) -> None:
    row = world.instance.webhook
    assert row is not None
    row["enabled"], row["events"] = False, []
    await world.watchdog.look()
    assert (row["enabled"], "MESSAGES_UPSERT" in row["events"]) == (True, True)
    row["url"] = "http://other/hook"
    await world.watchdog.look()
    assert row["url"] == "http://other/hook"
    assert "points elsewhere" in world.watchdog.health()[1]
    row["url"], world.instance.settings = world.url, {"groupsIgnore": True}
    await world.watchdog.look()
    assert "groupsIgnore" in world.watchdog.health()[1]


async def test_coming_back_open_fills_at_once(world: World) -> None:
    await world.watchdog.look()
    world.mischief.drop = 1.0
    await world.arrive("AC1", at=world.now - timedelta(minutes=1))
    world.mischief.drop = 0.0
    world.watchdog._due["fill"] = world.now + timedelta(hours=1)
    await world.watchdog.look()
    assert world.filled() == []
    await world.evolution.scan(world.instance)
    await world.watchdog.look()
    assert world.filled() == ["AC1"]


async def test_names_and_people_come_slowly_and_only_when_they_change(world: World) -> None:
    def rosters() -> list[Roster]:
        inputs = [translate(d) for d in world.published if d.event == "GROUPS_UPSERT"]
        return [event for event in inputs if isinstance(event, Roster)]

    await world.watchdog.look()
    await world.watchdog.look()
    assert [(r.subject, [p.lid for p in r.people], [p.phone for p in r.people]) for r in rosters()] == [
        ("Desk", [ANA.lid], [ANA.phone])
    ]
    world.instance.groups[GROUP].subject = "New name"
    await world.watchdog.look()
    assert len(rosters()) == 1
    world.now += timedelta(hours=7)
    await world.watchdog.look()
    assert [r.subject for r in rosters()] == ["Desk", "New name"]


async def test_groups_that_fell_silent_are_counted(world: World) -> None:
    await world.chatter()
    for number in range(40):
        world.now += timedelta(minutes=1)
        await world.arrive(f"OP{number}", chat=OPS)
    assert world.watchdog.gauges()["quiet_groups"] == 1.0
    await world.watchdog.look()
    assert f"quieter than usual: {GROUP}" in world.watchdog.health()[1]


async def test_a_group_that_we_were_taken_out_of_is_named(world: World) -> None:
    del world.instance.groups[GROUP]
    await world.watchdog.look()
    health, sentence = world.watchdog.health()
    assert (health, f"our number is not in {GROUP}, which rules/groups.yaml names" in sentence) == (Health.OK, True)
    world.instance.groups[GROUP] = Group(GROUP, "Desk", [ANA])
    world.now += timedelta(hours=7)
    await world.watchdog.look()
    assert "not in" not in world.watchdog.health()[1]


async def test_a_night_is_no_silence_and_the_morning_after_is(world: World) -> None:
    world.hours = BusinessCalendar(name="office", week=((Hours(start=9 * 60, end=18 * 60),),) * 7)
    world.now = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
    world.ears = world.backfill._ears = world.watchdog._ears = Ears("desk", world.now)
    await world.chatter()  # until 17:40
    world.now = datetime(2026, 3, 3, 8, 59, tzinfo=UTC)
    await world.watchdog.look()
    assert (world.instance.sent, world.watchdog.health()[0]) == ([], Health.OK)
    world.now = datetime(2026, 3, 3, 9, 5, tzinfo=UTC)
    await world.watchdog.look()
    assert world.instance.sent == []  # 25 minutes of working time
    world.now = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
    await world.watchdog.look()
    assert [data["key"]["remoteJid"] for data in world.instance.sent] == [OPS]
