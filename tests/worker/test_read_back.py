"""A table that is read back lacks nothing, whenever workers come and go meanwhile."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import faust

from stream.worker.broker_side import GroupsApp


class ReadBack:
    """A table's queue with room for two changes, and a consumer that has more of them."""

    def __init__(self) -> None:
        self.app = GroupsApp("test", store="memory://", broker="kafka://127.0.0.1:1")
        self.app.tables._changelogs["changelog"] = None
        self.app.consumer_generation_id = 1
        self.queue = self.app.FlowControlQueue(maxsize=2, clear_on_resume=True)
        self.app.flow_control.resume()

    def change(self, offset: int) -> faust.Event:
        message = SimpleNamespace(topic="changelog", offset=offset, generation_id=self.app.consumer_generation_id)
        return faust.Event(self.app, b"", b"", {}, message)

    async def next_offset(self) -> int:
        return int((await asyncio.wait_for(self.queue.get(), 10)).message.offset)

    async def rebalance(self) -> None:
        """Empty the queue and go on with the next generation, as Faust does."""
        self.app.flow_control.suspend()
        self.app.flow_control.clear()
        self.app.consumer_generation_id += 1
        for _ in range(10):  # turns for whoever puts in or takes out meanwhile
            await asyncio.sleep(0)
        self.app.flow_control.resume()
        await asyncio.sleep(0)

    async def read_again(self, *offsets: int) -> list[int]:
        """Let the consumer bring these, and return what the table gets first."""
        bringing = [asyncio.ensure_future(self.queue.put(self.change(offset))) for offset in offsets]
        found = [await self.next_offset() for _ in offsets]
        for each in bringing:
            each.cancel()
        return found


async def test_a_change_let_in_by_the_last_one_taken_does_not_pass_those_that_were_emptied_out() -> None:
    read_back = ReadBack()
    await read_back.queue.put(read_back.change(0))
    await read_back.queue.put(read_back.change(1))
    waiting = asyncio.ensure_future(read_back.queue.put(read_back.change(2)))
    await asyncio.sleep(0)
    assert read_back.queue.get_nowait().message.offset == 0  # which lets the waiting one in at the next turn
    taking = asyncio.ensure_future(read_back.next_offset())  # the table waits for more, also while workers are balanced anew

    await read_back.rebalance()
    await read_back.queue.put(read_back.change(1))

    assert await taking == 1
    waiting.cancel()


async def test_a_change_that_had_no_turn_yet_does_not_pass_those_that_were_emptied_out() -> None:
    read_back = ReadBack()
    await read_back.queue.put(read_back.change(0))
    waiting = asyncio.ensure_future(read_back.queue.put(read_back.change(1)))

    await read_back.rebalance()

    assert await read_back.read_again(0, 1) == [0, 1]
    waiting.cancel()


async def test_what_is_no_change_of_the_table_goes_through_the_queue() -> None:
    read_back = ReadBack()
    await read_back.queue.put("an answer")
    assert await read_back.queue.get() == "an answer"
