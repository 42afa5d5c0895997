"""Filling gaps from the message store of the stand-in."""

from __future__ import annotations

from datetime import timedelta

from stream.core.inputs import Deletion, Edit, Message, Source
from stream.simulator.shapes import edit, group_key, revoke, text_message, upsert
from stream.translate import translate
from tests.watch.world import ANA, GROUP, World


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


async def test_an_edit_and_a_deletion_that_never_came_are_filled_in_once(world: World) -> None:
    for message_id in ("AC1", "AC2", "AC3", "AC4"):
        await world.arrive(message_id)
    stamp = int(world.now.timestamp())
    await world.happen("messages.edited", edit(GROUP, "AC1", "heard", at=stamp))
    world.mischief.drop = 1.0
    await world.happen("messages.edited", edit(GROUP, "AC2", "new words", at=stamp))
    await world.happen("messages.edited", revoke(GROUP, "AC3"))
    await world.happen("messages.edited", edit(GROUP, "AC1", "heard and unheard", at=stamp + 10))
    world.now += timedelta(minutes=1)
    assert (await world.backfill.fill(world.now)).missing == 3
    told = {event.target_id: event for event in map(translate, world.published) if isinstance(event, Edit | Deletion)}
    assert {name: getattr(event, "text", None) for name, event in told.items()} == {
        "AC1": "heard and unheard",
        "AC2": "new words",
        "AC3": None,
    }
    assert isinstance(told["AC3"], Deletion)
    assert (await world.backfill.fill(world.now + timedelta(minutes=5))).missing == 0


async def test_what_says_nothing_is_not_filled_in_again_and_again(world: World) -> None:
    stamp = int(world.now.timestamp())
    for number, message in enumerate(({"albumMessage": {"expectedImageCount": 2}}, {"messageContextInfo": {}}, {"newKind": {}})):
        key = group_key(GROUP, f"AC{number}", ANA)
        world.instance.keep(upsert(key, "Ana", next(iter(message)), message, at=stamp, instance_id="i"))
    secret = {"secretEncryptedMessage": {"targetMessageKey": {"id": "AC7"}, "secretEncType": "MESSAGE_EDIT"}}
    world.instance.keep(upsert(group_key(GROUP, "AC9", ANA), "Ana", "secretEncryptedMessage", secret, at=stamp, instance_id="i"))
    assert (await world.backfill.fill(world.now + timedelta(minutes=1))).missing == 1
    assert (await world.backfill.fill(world.now + timedelta(minutes=6))).missing == 0


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
