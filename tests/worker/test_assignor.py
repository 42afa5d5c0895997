"""Every partition is given to somebody, also by a leader that knows nothing of the topics yet."""

from __future__ import annotations

from collections import Counter
from typing import Any

import faust
import pytest

from stream.worker.assignor import GroupsAssignor

INBOUND, COMMANDS = "inbound", "commands"


class Cluster:
    """What aiokafka knows of topics."""

    def __init__(self, known: dict[str, int]) -> None:
        self._known = known

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return set(range(self._known[topic])) if topic in self._known else None


@pytest.fixture
def app() -> Any:
    app = faust.App(
        "test",
        store="memory://",
        broker="kafka://127.0.0.1:1",
        topic_partitions=8,
        table_standby_replicas=0,
        PartitionAssignor=GroupsAssignor,
    )
    app.Table("groups", partitions=8)
    return app


@pytest.mark.parametrize("known", [{}, {INBOUND: 8, COMMANDS: 8}, {INBOUND: 8, COMMANDS: 8, "test-groups-changelog": 8}])
@pytest.mark.parametrize("members", [1, 2, 3])
async def test_no_topic_is_left_out(app: Any, known: dict[str, int], members: int) -> None:
    topics = {INBOUND, COMMANDS, "test-groups-changelog"}
    metadata = {f"worker-{number}": app.assignor.metadata(topics) for number in range(members)}

    assigned = app.assignor.assign(Cluster(known), metadata)

    given = Counter((topic, one) for each in assigned.values() for topic, parts in each.assignment for one in parts)
    assert given == {(topic, one): 1 for topic in topics for one in range(8)}
    for each in assigned.values():
        assert len({tuple(sorted(parts)) for _, parts in each.assignment}) == 1, "a group's inputs and its record go together"
