"""Starts what Groupdesk is compared with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from stream.adapters.rule_watch import BookWatcher
from stream.adapters.topics import Topic, full_name
from stream.bench.contestants.task import Task
from stream.bench.processes import Fleet, Running
from stream.bench.scene import inbound
from stream.settings import Settings

# The settings of Faust that bear on speed, as our worker has them now: the counter gets the same.
_SHARED_SETTINGS = (
    "topic_partitions",
    "topic_replication_factor",
    "topic_disable_leader",
    "table_standby_replicas",
    "consumer_auto_offset_reset",
    "broker_session_timeout",
    "broker_rebalance_timeout",
    "broker_heartbeat_interval",
    "broker_commit_interval",
    "broker_commit_every",
    "broker_max_poll_records",
    "consumer_max_fetch_size",
    "stream_buffer_maxsize",
    "stream_wait_empty",
    "stream_recovery_delay",
    "producer_linger",
    "producer_max_batch_size",
    "producer_acks",
)


def task_for(settings: Settings, group_id: str, output: Topic = Topic.DELIVERIES, **more: object) -> Task:
    """Return the task of a contestant that reads `inbound` of this scene; it writes to a topic that nobody else uses."""
    return Task.model_validate(
        {
            "bootstrap": settings.kafka_bootstrap_servers,
            "group_id": f"{settings.topic_prefix}{group_id}",
            "source": inbound(settings),
            "output": full_name(output, settings.topic_prefix),
            "partitions": settings.topic_partitions,
            "folder": settings.data_dir,
            "rules_dir": settings.rules_dir,
            **more,
        }
    )


def faust_options(settings: Settings) -> dict[str, object]:
    """Return what the bare counter is set to: what our worker's Faust is set to."""
    from faust.transport.producer import ProducerBuffer  # noqa: PLC0415 -- slow to import, and only here

    from stream.worker.app import build_app  # noqa: PLC0415 -- as above

    conf = build_app(settings, BookWatcher(settings.rules_dir)).conf
    return {
        "conf": {name: getattr(conf, name) for name in _SHARED_SETTINGS},
        "buffer": ProducerBuffer.max_messages,
    }


def start_contestant(fleet: Fleet, name: str, task: Task, python: Path | None = None) -> Running:
    """Start the contestant of this name in an interpreter of its own."""
    return fleet.start(name, [str(python or sys.executable), "-m", f"stream.bench.contestants.{name}", task.to_json().decode()])


def why_no_quixstreams(python: Path) -> str | None:
    """Return None when this interpreter has quixstreams and Groupdesk, else the reason as a sentence."""
    told = subprocess.run(  # noqa: S603 -- the interpreter that the user named
        [str(python), "-c", "import quixstreams, stream.worker.handle"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    if told.returncode == 0:
        return None
    last = (told.stderr.strip().splitlines() or ["no reason given"])[-1]
    return f"{python} cannot import quixstreams beside Groupdesk ({last})."
