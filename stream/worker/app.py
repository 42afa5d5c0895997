"""The worker: one Faust app with one table, one agent for both input topics, and a heartbeat. Nothing else knows Faust.

Settings and the acknowledgement pattern are those that were seen to lose nothing: `noack()`, then `ack` after the work,
no waiting for an empty stream on stop, no `exactly_once`, no windowed tables.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import ssl
import threading
from pathlib import Path
from typing import Any

import faust
import faust.auth
import uvloop

from stream import logs
from stream.adapters.brokers import bootstrap_servers
from stream.adapters.rule_watch import BookWatcher
from stream.adapters.topic_admin import wait_for_topics, worker_app_id
from stream.adapters.topics import GROUPS_TABLE, Topic, full_name
from stream.settings import Settings
from stream.worker.agent import GroupAgent
from stream.worker.assignor import GroupsAssignor
from stream.worker.broker_side import Consumer, GroupsApp, GroupsTable, HandledEvent, Producer, QuietTopic
from stream.worker.heartbeat import Heartbeat
from stream.worker.timer import Timer

log = logs.get(__name__)

# Values are frozen and let go of by themselves; looking for cycles among them took 5 % of a message's time by default.
_GARBAGE_AFTER = (20_000, 20, 20)


def build_app(settings: Settings, watcher: BookWatcher) -> faust.App:
    """Return the Faust app, wired but not started."""
    app = GroupsApp(
        worker_app_id(settings),
        broker=[f"kafka://{server}" for server in bootstrap_servers(settings)],
        broker_credentials=_credentials(settings),
        datadir=Path(settings.data_dir) / "worker",
        store="memory://",
        Event=HandledEvent,
        Table=GroupsTable,
        Topic=QuietTopic,
        PartitionAssignor=GroupsAssignor,
        web_enabled=False,
        topic_partitions=settings.topic_partitions,
        topic_replication_factor=settings.topic_replication,
        topic_disable_leader=True,
        topic_allow_declare=False,  # `ensure_topics` makes and verifies them
        table_standby_replicas=0,
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=10.0,
        broker_rebalance_timeout=10.0,
        broker_heartbeat_interval=3.0,
        broker_request_timeout=20.0,  # then a connection is dead; those who join wait for ten, and a fetch may bring megabytes
        broker_max_poll_interval=2_000_000.0,  # a worker without groups polls nothing, and would have to leave every 17 minutes
        broker_commit_interval=1.0,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        producer_linger=0.002,
        producer_max_batch_size=131_072,
        producer_acks=-1,
        producer_request_timeout=30.0,
    )
    app.transport.Producer, app.transport.Consumer = Producer, Consumer
    raw = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
    topics = {topic: app.topic(full_name(topic, settings.topic_prefix), **raw) for topic in Topic}
    table = app.Table(GROUPS_TABLE, key_type=bytes, value_type=bytes, partitions=settings.topic_partitions)
    agent = GroupAgent(app, table, topics, watcher)
    inputs = app.topic(
        *(full_name(topic, settings.topic_prefix) for topic in (Topic.INBOUND, Topic.COMMANDS)),
        **raw,
    )
    app.agent(inputs, name="groups")(agent.run)
    app.on_partitions_revoked.connect(agent.on_revoked)
    table.on_recover(agent.on_recovered)
    timer = Timer(agent, topics[Topic.COMMANDS])
    app.timer(interval=1.0, name="windows")(timer.tick)
    heartbeat = Heartbeat(agent, topics[Topic.STATUS], settings)
    app.timer(interval=2.0, name="heartbeat")(heartbeat.beat)
    app.task(agent.confirm_forever)
    return app


def run(settings: Settings) -> None:
    """Run a worker until SIGTERM or SIGINT. Waits for Kafka; a rules folder that cannot be used at start ends it with why."""
    logs.configure(settings, "worker")
    if not _wait_for_kafka(settings):
        return
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # Faust makes the folder in it, not the one around it
    watcher = BookWatcher(settings.rules_dir)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    gc.set_threshold(*_GARBAGE_AFTER)
    app = build_app(settings, watcher)
    watcher.start()
    try:
        faust.Worker(
            app, loglevel="warning", logging_config=None, override_logging=False, quiet=True, redirect_stdouts=False
        ).execute_from_commandline()
    finally:
        watcher.close()


def _wait_for_kafka(settings: Settings) -> bool:
    stop = threading.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: stop.set())
    return wait_for_topics(settings, stop, say=lambda reason: log.warning("waiting for Kafka", reason=reason))


def _credentials(settings: Settings) -> Any:
    protocol = settings.kafka_security_protocol
    if protocol == "PLAINTEXT":
        return None
    context = ssl.create_default_context(cafile=settings.kafka_security_cafile) if protocol.endswith("SSL") else None
    if protocol == "SSL":
        return faust.auth.SSLCredentials(context)
    return faust.auth.SASLCredentials(
        username=settings.kafka_security_username,
        password=settings.kafka_security_password.get_secret_value(),
        ssl_context=context,
        mechanism=settings.kafka_security_mechanism,
    )
