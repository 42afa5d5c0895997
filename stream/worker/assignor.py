"""Who gets which groups, also while the one who decides has only just found Kafka.

Faust leaves a topic out of which the leader's client does not know the partitions yet. A worker that joined while Kafka
started was seen to give nothing to anybody, itself included, for minutes, and all were well; had it known the inputs and not yet
the table, they would have been handled with an empty one. Our topics have the partitions of the settings, verified at the start.
"""

from __future__ import annotations

from typing import Any

from faust.assignor.partition_assignor import PartitionAssignor


class KnownPartitions:
    """The cluster as aiokafka knows it, with the partitions of topics that it does not know yet."""

    def __init__(self, cluster: Any, count: int) -> None:
        self._cluster = cluster
        self._count = count

    def partitions_for_topic(self, topic: str) -> set[int]:
        return self._cluster.partitions_for_topic(topic) or set(range(self._count))


class GroupsAssignor(PartitionAssignor):  # type: ignore[misc] # Faust is untyped
    """Faust's assignor; it leaves no topic out."""

    def assign(self, cluster: Any, member_metadata: Any) -> Any:
        """Return which member gets which partitions."""
        return super().assign(KnownPartitions(cluster, self.app.conf.topic_partitions), member_metadata)
