"""The role `bridge`: takes webhooks and answers 2xx once Kafka has them. Everything is put together here."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from datetime import UTC, datetime

from aiohttp import web
from prometheus_client import CollectorRegistry

from stream import __version__, logs
from stream.adapters.bridge_address import note_bridge_address
from stream.adapters.kafka import connect_producer
from stream.adapters.own_secrets import operator_secret, webhook_secret
from stream.adapters.status import StatusReporter
from stream.adapters.topics import Topic, full_name
from stream.bridge.auth import Gate
from stream.bridge.cloud_webhook import add_cloud_webhook
from stream.bridge.ending import finish
from stream.bridge.expected_sender import keep_expecting
from stream.bridge.health import HealthPages
from stream.bridge.heartbeats import Heartbeats
from stream.bridge.kafka_inbox import KafkaInbox
from stream.bridge.listener import allow_many_files, listen
from stream.bridge.pairing import Pairing
from stream.bridge.pairing_page import add_pairing_page
from stream.bridge.site import build_site
from stream.bridge.spool import put_spool_before
from stream.bridge.tally import Tally
from stream.bridge.webhook import Webhook
from stream.settings import Settings

log = logs.get(__name__)

TOPICS = (Topic.INBOUND, Topic.DEAD_LETTER)
# Connections that are idle, or have not sent a whole header, are closed after this.
_KEEPALIVE_S = 30.0
_LINGER_S = 2.0  # for the rest of a body that was refused
_DRAIN_S = 2.0
_CLOSE_S = 0.8
_BEAT_S = 2.0


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in flight and stop within three seconds."""
    logs.configure(settings, "bridge")
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serve(settings))


async def serve(settings: Settings, stopping: asyncio.Event | None = None) -> None:
    """Serve until the event is set, or a signal comes."""
    stopping = stopping or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    allow_many_files()
    gate = Gate([webhook_secret(settings), settings.webhook_secret_previous.get_secret_value()])
    registry = CollectorRegistry()
    tally, pairing = Tally(registry), Pairing()
    kafka = KafkaInbox(
        connect=lambda: connect_producer(settings, TOPICS),
        names={topic: full_name(topic, settings.topic_prefix) for topic in TOPICS},
    )
    inbox = put_spool_before(kafka, settings)
    webhook = Webhook(inbox, gate, pairing, tally)
    heartbeats = Heartbeats(settings)
    pages = HealthPages(
        inbox=inbox,
        heartbeats=heartbeats,
        webhook=webhook,
        pairing=pairing,
        tally=tally,
        gate=gate,
        registry=registry,
        settings=settings,
    )
    site = build_site(webhook, pages, pairing)
    add_pairing_page(site, settings, pairing, operator_secret(settings), webhook_secret(settings))
    add_cloud_webhook(site, settings, inbox)
    runner = web.AppRunner(
        site,
        access_log=None,
        auto_decompress=False,
        keepalive_timeout=_KEEPALIVE_S,
        lingering_time=_LINGER_S,
        shutdown_timeout=_DRAIN_S,
    )
    await runner.setup()
    try:
        server = await listen(runner, settings.bridge_host, settings.bridge_port)
        port = server.sockets[0].getsockname()[1]
        note_bridge_address(settings, port)
        log.info("listening", url=f"http://{settings.bridge_host}:{port}/webhook/cs-tickets", version=__version__)
        reporter = StatusReporter(settings, "bridge", settings.process_name or None)
        beating = asyncio.create_task(_beat(reporter, kafka, tally, pages))
        expecting = asyncio.create_task(keep_expecting(settings.evolution_api_url, webhook.expect))
        await stopping.wait()
        log.info("stopping", in_flight=kafka.in_flight)
        server.close()
        beating.cancel()
        expecting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beating
        await asyncio.gather(runner.cleanup(), finish(reporter.close, within_s=_DRAIN_S))
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        await runner.cleanup()
        await asyncio.gather(inbox.close(), finish(heartbeats.close, within_s=_CLOSE_S))


async def _beat(reporter: StatusReporter, kafka: KafkaInbox, tally: Tally, pages: HealthPages) -> None:
    while True:
        part = pages.bridge_part(datetime.now(UTC))
        gauges = tally.gauges(time.monotonic()) | {"in_flight": float(kafka.in_flight)}
        reporter.set(part.status, part.detail, counts=dict(tally.counts), gauges=gauges)
        await asyncio.sleep(_BEAT_S)


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    """Return uvloop's loop where it is to be had; asyncio's own does the same a little slower."""
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 - not to be had on Windows

    return uvloop.Loop
