"""Which transport carries a message: the Cloud API for chats that came by it, Evolution for all else."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from stream.core.outcome import Outbound
from stream.settings import Settings
from stream.transport.evolution import EvolutionTransport
from stream.transport.evolution_client import EvolutionClient
from stream.transport.failures import CallFailed, Retry, Verdict
from stream.transport.interface import Transport

_NONE = Verdict(Retry.NEVER, "no transport is set up for this chat")


class Carriers:
    """The transports that the settings name. Use it as `async with`, in the loop that sends."""

    def __init__(self, settings: Settings) -> None:
        self.evolution = EvolutionTransport(EvolutionClient.of(settings)) if settings.evolution_api_url else None

    @property
    def can_send(self) -> bool:
        return self.evolution is not None

    def of(self, outbound: Outbound) -> Transport:
        """Return the transport of a message's instance; raises `CallFailed` when there is none."""
        if self.evolution is None:
            raise CallFailed(_NONE, call=f"choosing a transport for {outbound.instance}")
        return self.evolution

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self.evolution is not None:
            await self.evolution.close()
