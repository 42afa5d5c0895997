"""A consumer as the worker's, which is not connected to anything."""

from __future__ import annotations

from typing import Any

import pytest

from stream.worker.broker_side import Consumer, GroupsApp


@pytest.fixture
async def consumer() -> Consumer:
    app = GroupsApp("test", store="memory://", broker="kafka://127.0.0.1:1")
    app.transport.Consumer = Consumer

    async def nothing(_: Any) -> None:
        """Take what Faust tells a consumer's owner."""

    return app.transport.create_consumer(callback=nothing, on_partitions_revoked=nothing, on_partitions_assigned=nothing)
