"""Plays a scripted chat as genuine Evolution webhooks into the real bridge."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import aiohttp

from stream.simulator.chat_file import Chat
from stream.simulator.evolution_server import OWNER, EvolutionServer
from stream.simulator.script import Happening, happenings
from stream.simulator.stage import LocalStage, RemoteStage, Stage
from stream.simulator.webhooks import Receipt, Retries


@dataclass(frozen=True)
class Target:
    """Where the webhooks go: the bridge's address and its secret.

    `stand_in_url` plays through a stand-in that already runs (and keeps the chat, so that answers can quote it); without it
    one is started for the time of the play.
    """

    url: str
    secret: str
    stand_in_url: str | None = None


@dataclass(frozen=True)
class Played:
    """What the play brought about: webhooks `sent`, those answered 2xx (`accepted`), and what the last refusal was."""

    sent: int
    accepted: int
    tries: int
    seconds: float
    refused_status: int | None = None

    @property
    def was_taken_whole(self) -> bool:
        return self.sent == self.accepted


def play(
    chat: Chat,
    target: Target,
    *,
    speed: float = 0.0,
    seed: str | None = None,
    retries: Retries | None = None,
    on_happening: Callable[[Happening, Receipt], None] | None = None,
) -> Played:
    """Play `chat` and return when its last webhook was answered; when already the first one is refused, that is the last.

    `speed` 1 takes as long as the chat says, 60 a sixtieth of it, and 0 goes as fast as the bridge answers. The messages
    are dated so that the last one is written at the moment it is played: nothing lies in the future, nothing is old.
    The same `seed` gives the same message ids; without one every play is new.
    """
    return asyncio.run(perform(chat, target, speed=speed, seed=seed, retries=retries, on_happening=on_happening))


async def perform(
    chat: Chat,
    target: Target,
    *,
    speed: float = 0.0,
    seed: str | None = None,
    retries: Retries | None = None,
    on_happening: Callable[[Happening, Receipt], None] | None = None,
) -> Played:
    """Do what `play` says, inside a running event loop."""
    async with AsyncExitStack() as stack:
        stage, instance_id = await _stage(stack, chat, target, retries or Retries(attempts=3, initial=1.0))
        for group in chat.groups.values():
            await stage.put_group(group.group(chat.people))
        started = time.time()
        takes = chat.duration / speed if speed else 0.0
        dated_from = started + takes - chat.duration
        sent, accepted, tries, refused = 0, 0, 0, None
        for happening in happenings(chat, seed=seed or f"{started:.6f}", starts_at=dated_from, instance_id=instance_id):
            if speed:
                await asyncio.sleep(max(0.0, started + happening.offset / speed - time.time()))
            receipt = await stage.happen(happening.event, happening.data)
            sent, accepted, tries = sent + 1, accepted + receipt.is_accepted, tries + receipt.tries
            refused = refused if receipt.is_accepted else receipt.status
            if on_happening is not None:
                on_happening(happening, receipt)
            if not accepted:  # nobody is there who would take the rest
                break
        return Played(sent, accepted, tries, time.time() - started, refused)


async def _stage(stack: AsyncExitStack, chat: Chat, target: Target, retries: Retries) -> tuple[Stage, str]:
    if target.stand_in_url:
        session = await stack.enter_async_context(aiohttp.ClientSession(trust_env=False))
        return RemoteStage(session, target.stand_in_url, chat.instance), "00000000-0000-4000-8000-000000000001"
    server = await stack.enter_async_context(EvolutionServer(retries=retries))
    instance = server.add_instance(chat.instance, webhook_url=target.url, secret=target.secret, owner=chat.owner or OWNER)
    return LocalStage(server, instance), instance.id
