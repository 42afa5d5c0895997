"""A consumer as the worker's, which is not connected to anything."""

from __future__ import annotations

import os
from typing import Any, NoReturn

import pytest

from stream.worker.broker_side import Consumer, GroupsApp


@pytest.fixture
async def consumer() -> Consumer:
    app = GroupsApp("test", store="memory://", broker="kafka://127.0.0.1:1")
    app.transport.Consumer = Consumer

    async def nothing(_: Any) -> None:
        """Take what Faust tells a consumer's owner."""

    return app.transport.create_consumer(callback=nothing, on_partitions_revoked=nothing, on_partitions_assigned=nothing)


class Ended(BaseException):
    """The process would end here, with this status."""


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> type[Ended]:
    """Return what is raised where the process would end at once."""

    def end(status: int) -> NoReturn:
        raise Ended(status)

    monkeypatch.setattr(os, "_exit", end)
    return Ended
