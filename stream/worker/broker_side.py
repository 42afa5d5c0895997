"""Faust's table and producer as this worker needs them: each record is stored before it counts, and offsets go at once.

Faust sends table changes and `send_soon` through a buffer, and empties that buffer before every commit; under constant load it
is never empty, and offsets were seen to be 26 s late, all of which is done again after a crash. Here the agent hands its records
to the producer itself, and acknowledges an input only when all its outputs are stored: a commit has nothing to wait for.
"""

from __future__ import annotations

from typing import Any

import faust
from aiokafka.partitioner import DefaultPartitioner
from faust.transport.drivers import aiokafka as driver

_partition = DefaultPartitioner()


class GroupsTable(faust.Table):  # type: ignore[misc] # Faust is untyped
    """A table whose changes the agent publishes: it must know when the broker has them."""

    def on_key_set(self, key: bytes, value: bytes) -> None:
        """Leave the changelog to the agent, which has sent this change already."""


class Producer(driver.Producer):  # type: ignore[misc] # Faust is untyped
    """Faust's producer, with a way past its buffer."""

    async def flush(self) -> None:
        """Wait for nothing: what a commit covers is stored already, and stopping the producer sends what is left."""

    async def hand_over(
        self, topic: str, key: bytes, value: bytes, partition: int | None = None, headers: dict[str, bytes] | None = None
    ) -> Any:
        """Give a record to the producer and return its promise; waits only while the producer has no room."""
        return await self._producer.send(topic, value, key=key, partition=partition, headers=list((headers or {}).items()))


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of a group, as every Kafka client chooses it."""
    everything = list(range(partitions))
    return int(_partition(key, everything, everything))
