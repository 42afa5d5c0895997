"""What is put right of Faust: nothing is passed over when a group of workers is balanced anew."""

from __future__ import annotations

from typing import Any

import faust
import pytest
from mode.utils.queues import FlowControlQueue

from stream.worker.broker_side import Flow, HandledEvent


@pytest.fixture
def queue() -> FlowControlQueue[str]:
    return FlowControlQueue(flow_control=Flow(), clear_on_resume=True)


async def test_opening_an_open_valve_leaves_what_has_come_through(queue: FlowControlQueue[str]) -> None:
    flow: Flow = queue._flow_control
    flow.resume()
    queue.put_nowait("read since the seek")

    flow.resume()

    assert queue.qsize() == 1


async def test_opening_a_closed_valve_empties_the_queues(queue: FlowControlQueue[str]) -> None:
    flow: Flow = queue._flow_control
    flow.resume()
    queue.put_nowait("of another generation")

    flow.suspend()
    flow.resume()

    assert queue.qsize() == 0


class Message:
    """Kafka's record as Faust passes it on; it notes whether it was acknowledged."""

    def __init__(self) -> None:
        self.is_acked = False

    def ack(self, _consumer: Any) -> bool:
        self.is_acked = True
        return True


async def test_what_a_stream_skips_is_not_acknowledged() -> None:
    app = faust.App("test", store="memory://", broker="kafka://127.0.0.1:1")
    message = Message()
    event = HandledEvent(app, b"key", b"value", {}, message)

    assert not event.ack()
    assert not message.is_acked

    event.is_done = True
    assert event.ack()
    assert message.is_acked
