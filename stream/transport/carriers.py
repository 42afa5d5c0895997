"""Which transport carries a message: the Cloud API for chats that came by it, Evolution for all else."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from stream.core.outcome import Outbound
from stream.settings import Settings
from stream.translate.cloud_api import instance_name
from stream.transport.cloud_api import CloudApiTransport
from stream.transport.evolution import EvolutionTransport
from stream.transport.evolution_client import EvolutionClient
from stream.transport.failures import CallFailed, Retry, Verdict
from stream.transport.interface import Transport

_NONE = Verdict(Retry.NEVER, "no transport is set up for this chat")


class Carriers:
    """The transports that the settings name. Use it as `async with`, in the loop that sends."""

    def __init__(self, settings: Settings) -> None:
        self.evolution = EvolutionTransport(EvolutionClient.of(settings)) if settings.evolution_api_url else None
        self._cloud: CloudApiTransport | None = None
        self._cloud_instance = instance_name(settings.cloud_api_phone_number_id)
        if settings.cloud_api_token.get_secret_value() and settings.cloud_api_phone_number_id:
            self._cloud = CloudApiTransport(settings.cloud_api_url, settings.cloud_api_phone_number_id, settings.cloud_api_token)

    @property
    def can_send(self) -> bool:
        return self.evolution is not None or self._cloud is not None

    def of(self, outbound: Outbound) -> Transport:
        """Return the transport of a message's instance; raises `CallFailed` when there is none."""
        found: Transport | None = self._cloud if outbound.instance == self._cloud_instance else self.evolution
        if found is None:
            raise CallFailed(_NONE, call=f"choosing a transport for {outbound.instance}")
        return found

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for transport in (self.evolution, self._cloud):
            if transport is not None:
                await transport.close()
