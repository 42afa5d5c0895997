"""A clock, a stand-in for Evolution over real HTTP, and the webhook's way into topic inbound played in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from stream.core.calendar import ALWAYS_OPEN, BusinessCalendar
from stream.core.delivery import Delivery
from stream.simulator.evolution_server import EvolutionServer
from stream.simulator.instance import Instance
from stream.simulator.mischief import Mischief
from stream.simulator.shapes import Person, group_key, text_message, upsert
from stream.simulator.webhooks import Retries
from stream.translate import Rejected, read_webhook, translate
from stream.watch.backfill import Backfill
from stream.watch.ears import Ears
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

    async def happen(self, event: str, data: dict[str, Any]) -> None:
        task = self.evolution.happen(self.instance, event, data)
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
