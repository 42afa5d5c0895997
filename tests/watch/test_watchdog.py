"""The watchdog against the stand-in over real HTTP, with the webhook's way into topic inbound played in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from stream.core.calendar import ALWAYS_OPEN, BusinessCalendar, Hours
from stream.core.delivery import Delivery
from stream.core.inputs import Message, Roster, Source
from stream.core.status import Health
from stream.simulator.evolution_server import DEFAULT_KEY, EvolutionServer
from stream.simulator.instance import Group, Instance
from stream.simulator.mischief import Mischief
from stream.simulator.shapes import Person, group_key, text_message, upsert
from stream.simulator.webhooks import Retries
from stream.translate import Rejected, read_webhook, translate
from stream.transport.evolution import EvolutionTransport
from stream.transport.evolution_client import EvolutionClient
from stream.watch.backfill import Backfill
from stream.watch.ears import Ears
from stream.watch.groups import Groups
from stream.watch.watchdog import Times, Watchdog

GROUP, OPS = "120363000000000009@g.us", "120363000000000008@g.us"
ANA = Person("Ana", lid="81000000000001@lid", phone="551100000001@s.whatsapp.net")
SECRET = SecretStr("s3")
TIMES = Times(round_s=0.02, state_s=0, fill_s=0, webhook_s=0, silence_s=0, echo_s=1.0, reopen_s=2.0, connecting_s=300)


class World:
    """A clock, a stand-in, and the way from its webhook to the ears."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.mischief = Mischief(hold_seconds=0.3)
        self.evolution = EvolutionServer(mischief=self.mischief, retries=Retries(scale=0.001), restart_seconds=0.05)
        self.ears = Ears("desk", self.now)
        self.published: list[Delivery] = []
        self.ops: str | None = OPS
        self.speaks = True
        self.hours = ALWAYS_OPEN
        self.url = ""
        self.instance: Instance
        self.backfill: Backfill
        self.watchdog: Watchdog

    def calendar(self) -> BusinessCalendar:
        return self.hours

    def ops_group(self) -> str | None:
        return self.ops

    def watched_groups(self) -> list[str]:
        return [GROUP]

    def may_speak(self) -> bool:
        return self.speaks

    def publish(self, delivery: Delivery) -> None:
        self.published.append(delivery)
        self.ears.hear(translate(delivery))

    async def take(self, request: web.Request) -> web.Response:
        found = read_webhook(await request.json(), self.now)
        assert not isinstance(found, Rejected)
        for delivery in found:
            self.ears.hear(translate(delivery))
        return web.json_response({"ok": True})

    def message(self, message_id: str, *, at: datetime | None = None, chat: str = GROUP) -> dict[str, Any]:
        stamp = int((at or self.now).timestamp())
        key = group_key(chat, message_id, ANA)
        return upsert(key, "Ana", "conversation", text_message(f"text {message_id}", at=stamp), at=stamp, instance_id="i")

    async def arrive(self, message_id: str, **where: Any) -> None:
        task = self.evolution.receive(self.instance, self.message(message_id, **where))
        if task is not None:
            await task

    async def chatter(self, count: int = 40) -> None:
        """Let messages come every minute, so that it is known what is usual."""
        for number in range(count):
            self.now += timedelta(minutes=1)
            await self.arrive(f"CH{number}")

    def filled(self) -> list[str]:
        inputs = [translate(delivery) for delivery in self.published if delivery.event != "GROUPS_UPSERT"]
        return [event.id for event in inputs if hasattr(event, "id")]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    app = web.Application()
    app.router.add_post("/hook", world.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    world.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    async with world.evolution as evolution:
        world.instance = evolution.add_instance("desk", webhook_url=world.url, secret=SECRET.get_secret_value())
        world.instance.groups = {jid: Group(jid, name, [ANA]) for jid, name in ((GROUP, "Desk"), (OPS, "Ops"))}
        client = EvolutionClient(evolution.url, SecretStr(DEFAULT_KEY), "desk")
        transport = EvolutionTransport(client, send_timeout_s=0.2, typing_ms=0)
        world.backfill = Backfill(transport, "desk", world.ears, world.publish)
        world.watchdog = Watchdog(
            client=client,
            transport=transport,
            ears=world.ears,
            backfill=world.backfill,
            groups=Groups(client, world.publish),
            office=world,
            webhook_url=world.url,
            webhook_secret=SECRET,
            clock=lambda: world.now,
            times=TIMES,
        )
        yield world
        await client.close()
    await runner.cleanup()


async def test_what_never_came_is_filled_in_once_and_marked(world: World) -> None:
    await world.arrive("AC1")
    world.mischief.drop = 1.0
    await world.arrive("AC2")
    await world.arrive("AC3")
    world.mischief.drop = 0.0
    await world.arrive("AC4")
    world.now += timedelta(minutes=1)
    assert (await world.backfill.fill(world.now)).missing == 2
    assert world.filled() == ["AC2", "AC3"]
    assert {delivery.source for delivery in world.published} == {Source.BACKFILL}
    event = translate(world.published[0])
    assert isinstance(event, Message)
    assert (event.text, event.sender.lid) == ("text AC2", ANA.lid)
    assert (await world.backfill.fill(world.now + timedelta(minutes=5))).missing == 0


async def test_a_message_just_kept_has_its_webhook_on_the_way(world: World) -> None:
    world.mischief.drop = 1.0
    await world.arrive("AC1")
    assert (await world.backfill.fill(world.now + timedelta(seconds=5))).missing == 0
    assert (await world.backfill.fill(world.now + timedelta(seconds=30))).missing == 1


async def test_what_the_api_sent_is_filled_in_as_an_echo_and_private_chats_never(world: World) -> None:
    stamp = int(world.now.timestamp())
    ours = {"remoteJid": GROUP, "fromMe": True, "id": "3EB01"}
    world.instance.keep(upsert(ours, "Você", "conversation", text_message("sent", at=stamp), at=stamp, instance_id="i"))
    typed = group_key(GROUP, "3EB02", world.instance.owner, from_me=True)
    world.instance.keep(upsert(typed, "Us", "conversation", text_message("typed", at=stamp), at=stamp, instance_id="i"))
    private = {"remoteJid": "551100000001@s.whatsapp.net", "fromMe": False, "id": "AC1", "participant": ""}
    world.instance.keep(upsert(private, "Ana", "conversation", text_message("private", at=stamp), at=stamp, instance_id="i"))
    await world.backfill.fill(world.now + timedelta(minutes=1))
    assert sorted((d.event, d.data["message"]["conversation"]) for d in world.published) == [
        ("MESSAGES_UPSERT", "typed"),
        ("SEND_MESSAGE", "sent"),
    ]


async def test_a_lossy_late_doubling_transport_loses_nothing_after_filling(world: World) -> None:
    world.mischief.duplicate, world.mischief.drop, world.mischief.late, world.mischief.swap = 0.02, 0.05, 0.02, 0.1
    wanted = []
    for number in range(300):
        world.now += timedelta(seconds=1)
        wanted.append(f"AC{number:03}")
        await world.arrive(wanted[-1])
    await world.evolution.webhooks.drain()
    world.now += timedelta(minutes=1)
    await world.backfill.fill(world.now)
    assert world.filled()
    assert all(world.ears.has(GROUP, message_id) for message_id in wanted)


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
