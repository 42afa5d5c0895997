"""Where a scripted chat is played: a stand-in in this process, or one that runs elsewhere and is spoken to over HTTP."""

from __future__ import annotations

from typing import Protocol

import aiohttp
import yarl

from stream.errors import TransportError
from stream.simulator.evolution_server import EvolutionServer
from stream.simulator.instance import Group, Instance
from stream.simulator.shapes import JSON
from stream.simulator.webhooks import Receipt


class Stage(Protocol):
    """What the player needs: make a group known, and let something happen and hear what became of its webhook."""

    async def put_group(self, group: Group) -> None: ...
    async def happen(self, event: str, data: JSON | list[JSON]) -> Receipt: ...


class LocalStage:
    def __init__(self, server: EvolutionServer, instance: Instance) -> None:
        self._server = server
        self._instance = instance

    async def put_group(self, group: Group) -> None:
        self._instance.groups[group.jid] = group

    async def happen(self, event: str, data: JSON | list[JSON]) -> Receipt:
        task = self._server.happen(self._instance, event, data)
        return Receipt(event, 0, 0) if task is None else await task


class RemoteStage:
    """Speaks to the `/simulator/` routes of a stand-in in another process; raises `TransportError` when it is not there."""

    def __init__(self, session: aiohttp.ClientSession, url: str, instance: str) -> None:
        self._session = session
        self._base = yarl.URL(url) / "simulator" / instance

    async def put_group(self, group: Group) -> None:
        people = [{"name": p.name, "lid": p.lid, "phone": p.phone, "is_admin": p.is_admin} for p in group.people]
        await self._post("groups", {"jid": group.jid, "subject": group.subject, "mode": group.mode, "people": people})

    async def happen(self, event: str, data: JSON | list[JSON]) -> Receipt:
        answer = await self._post("event", {"event": event, "data": data})
        return Receipt(str(answer["event"]), int(answer["status"]), int(answer["tries"]))

    async def _post(self, path: str, body: JSON) -> JSON:
        try:
            async with self._session.post(self._base / path, json=body) as response:
                if response.status != 200:
                    raise TransportError(
                        f"The simulator at {self._base} answered {response.status}; is it one, and of this version?"
                    )
                answer: JSON = await response.json()
                return answer
        except aiohttp.ClientError as problem:
            raise TransportError(f"No simulator answers at {self._base}; start it, or leave out its address.") from problem
