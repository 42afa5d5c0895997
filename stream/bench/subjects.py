"""Who is measured: our worker and those that it is compared with, all seen in the same way from outside."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stream.adapters.rule_watch import BookWatcher
from stream.adapters.topic_admin import worker_app_id
from stream.adapters.topics import GROUPS_TABLE, Topic, changelog_name, full_name
from stream.bench.contestants.task import Task
from stream.bench.kafka_side import make_table_topic
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


@dataclass(frozen=True)
class Subject:
    """One who works through `inbound` of a scene: under which group, writing to which topics, started how.

    `outputs` grow while it works; `table` is the one that its table is kept in, if it has one. One that `writes_each` message
    once is also done when it has written so many: bare Faust was seen to stop committing after its group was balanced anew.
    """

    settings: Settings
    group_id: str
    outputs: tuple[str, ...]
    start: Callable[[Fleet], Running]
    table: str = ""
    writes_each: bool = False


def our_worker(settings: Settings) -> Subject:
    """Return Groupdesk's worker."""
    table = changelog_name(worker_app_id(settings), GROUPS_TABLE)
    topics = (Topic.TICKETS, Topic.TICKET_EVENTS, Topic.UNDECIDED, Topic.OUTBOUND)
    outputs = (table, *(full_name(topic, settings.topic_prefix) for topic in topics))
    return Subject(settings, worker_app_id(settings), outputs, lambda fleet: fleet.start_role("worker", settings), table)


async def bare_counter(settings: Settings) -> Subject:
    """Return the bare Faust table counter with our worker's settings of Faust; makes the topic of its table."""
    task = task_for(settings, "counter", options=faust_options(settings))
    table = changelog_name(task.group_id, "counts")
    await make_table_topic(settings, table)
    return Subject(settings, task.group_id, (table,), lambda fleet: start_contestant(fleet, "faust_counter", task), table, True)


def bare_loop(settings: Settings) -> Subject:
    """Return the bare aiokafka loop."""
    task = task_for(settings, "loop")
    return Subject(settings, task.group_id, (task.output,), lambda fleet: start_contestant(fleet, "aiokafka_loop", task))


def quix_desk(settings: Settings, python: Path) -> Subject:
    """Return the same work on quixstreams, in this interpreter."""
    task = task_for(settings, "quix")
    return Subject(settings, task.group_id, (task.output,), lambda fleet: start_contestant(fleet, "quix_desk", task, python))


def task_for(settings: Settings, group_id: str, **more: object) -> Task:
    """Return the task of a contestant that reads `inbound` of this scene; it writes to a topic that nobody else uses."""
    return Task.model_validate(
        {
            "bootstrap": settings.kafka_bootstrap_servers,
            "group_id": f"{settings.topic_prefix}{group_id}",
            "source": inbound(settings),
            "output": full_name(Topic.DELIVERIES, settings.topic_prefix),
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
