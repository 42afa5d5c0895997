"""A webhook address to look into, and what is told in the group of these tests."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from stream.simulator.shapes import Person, group_key, text_message, upsert

GROUP = "120363000000000009@g.us"
ANA = Person("Ana", lid="81000000000001@lid", phone="551100000001@s.whatsapp.net")


class Inbox:
    """A webhook address: keeps what it got, and answers with the statuses it was given (200 when they are used up)."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.answers: list[int] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((request.raw_path, dict(request.headers), await request.json()))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    def events(self) -> list[str]:
        return [body["event"] for _, _, body in self.got]


def message(text: str, message_id: str = "AC01", at: int = 1_790_000_000, instance_id: str = "i") -> dict[str, Any]:
    return upsert(
        group_key(GROUP, message_id, ANA), "Ana", "conversation", text_message(text, at=at), at=at, instance_id=instance_id
    )
