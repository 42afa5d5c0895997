from __future__ import annotations

import io
import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "corpus"))

from running import RunningBridge, free_port

from stream import logs
from stream.adapters.topic_admin import ensure_topics
from stream.settings import Settings


@pytest.fixture
async def bridge(settings: Settings) -> AsyncIterator[RunningBridge]:
    """A bridge in this process, on a real broker, that stores."""
    ensure_topics(settings)
    running = RunningBridge(settings.model_copy(update={"bridge_port": free_port()}))
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
def logged(settings: Settings) -> Iterator[Callable[[], str]]:
    """Log as the role does, and return what was logged so far, by us and by libraries."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    logs.configure(settings, "bridge")
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    lines = io.StringIO()
    handler.setStream(lines)
    yield lines.getvalue
    root.handlers[:], level = before
    root.setLevel(level)
