"""WhatsApp's connection as Evolution tells it: whether it answers, is paired, and hands on what is said in groups."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from stream.check.finding import Finding, note, problem, well
from stream.errors import SettingsError
from stream.settings import Settings
from stream.transport.evolution_client import EvolutionClient, InstanceInfo
from stream.transport.failures import CallFailed

_WITHIN_S = 10.0


def check_whatsapp(settings: Settings) -> Iterable[Finding]:
    """Ask Evolution for the instance, where both its address and its key are set. Changes nothing."""
    if not (settings.evolution_api_url and settings.evolution_api_key.get_secret_value()):
        return
    try:
        info = asyncio.run(_ask(settings))
    except (CallFailed, SettingsError, TimeoutError) as error:
        told = str(error) or f"no answer within {_WITHIN_S:.0f} s"
        yield problem(
            "whatsapp", f"Evolution: {told.rstrip('.')}.", "Correct EVOLUTION_API_URL and EVOLUTION_API_KEY, or start Evolution."
        )
        return
    name = settings.cs_instance
    if info is None:
        yield note(
            "whatsapp", f"Evolution answers and has no instance {name} yet.", "`groupdesk whatsapp connect`, or open /qr-cs."
        )
        return
    if info.ignores_groups:
        yield problem(
            "whatsapp",
            f"The instance {name} has groupsIgnore on: Evolution hands on nothing that is said in groups.",
            "Switch groupsIgnore off in the instance's settings in Evolution.",
        )
    if info.state != "open":
        yield note(
            "whatsapp", f"The instance {name} is not connected ({info.state}).", "`groupdesk whatsapp connect`, or open /qr-cs."
        )
    elif not info.ignores_groups:
        yield well("whatsapp", f"The instance {name} is connected and hands on groups.")


async def _ask(settings: Settings) -> InstanceInfo | None:
    client = EvolutionClient.of(settings)
    try:
        async with asyncio.timeout(_WITHIN_S):
            return await client.info()
    finally:
        await client.close()
