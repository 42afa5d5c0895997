"""The stand-in as a process of its own, for trying everything without WhatsApp: follow-ups are really sent, and come back."""

from __future__ import annotations

import asyncio
import signal

from stream import logs
from stream.adapters.own_secrets import webhook_secret
from stream.errors import PortTaken
from stream.settings import Settings
from stream.simulator.evolution_server import DEFAULT_KEY, EvolutionServer

log = logs.get(__name__)


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. The instance CS_INSTANCE is there, paired, and posts to the bridge."""
    asyncio.run(serve(settings))


async def serve(settings: Settings, stopping: asyncio.Event | None = None) -> None:
    """Serve until the event is set, or a signal comes."""
    stopping = stopping or asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    server = EvolutionServer(api_key=settings.evolution_api_key.get_secret_value() or DEFAULT_KEY)
    try:
        await server.start("127.0.0.1", settings.simulator_port)
    except OSError as problem:
        raise PortTaken(
            f"Port {settings.simulator_port} is in use by another program; set SIMULATOR_PORT to a free one."
        ) from problem
    server.add_instance(settings.cs_instance, webhook_url=settings.webhook_address, secret=webhook_secret(settings))
    log.info("simulating Evolution", url=server.url, instance=settings.cs_instance, webhook=settings.webhook_address)
    try:
        await stopping.wait()
    finally:
        await server.stop()
