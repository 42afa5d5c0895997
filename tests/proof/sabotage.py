"""The negative controls: each leaves out one safeguard, so that a run shows whether the proof would have noticed.

They are patches of the running process and live here, not in the product: nothing that users run can be switched so.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


def _answer_before_kafka_has_it() -> None:
    """The bridge says 200 at once, and stores a second later."""
    from stream.bridge.inbox import InboxRecord
    from stream.bridge.spool import SpooledInbox

    store = SpooledInbox.store
    under_way: set[asyncio.Task[None]] = set()

    async def store_later(self: SpooledInbox, records: Sequence[InboxRecord]) -> None:
        async def later() -> None:
            await asyncio.sleep(1.0)
            await store(self, records)

        task = asyncio.create_task(later())
        under_way.add(task)
        task.add_done_callback(under_way.discard)

    SpooledInbox.store = store_later


def _know_no_message_again() -> None:
    """The step takes every delivery of a message for the first one."""
    from stream.core import on_message
    from stream.core.seen import Seen

    on_message.look_up = lambda *_: Seen.NEW


def _know_no_redelivery() -> None:
    """The worker handles what Kafka delivers again as if it were new."""
    from stream.worker import handle

    handle._is_redelivery = lambda *_: False


def _acknowledge_before_outputs() -> None:
    """The worker acknowledges an input while what came of it still waits to be published."""
    from stream.worker.broker_side import Producer

    hand_over = Producer.hand_over

    class Done:
        def done(self) -> bool:
            return True

        def result(self) -> None:
            return None

    async def hand_over_later(self: Producer, *record: Any, partition: int | None = None, **more: Any) -> Any:
        if partition is not None:  # the change of the table
            return await hand_over(self, *record, partition=partition, **more)
        loop = asyncio.get_running_loop()
        loop.call_later(3.0, lambda: loop.create_task(hand_over(self, *record, **more)))
        return Done()

    Producer.hand_over = hand_over_later


def _send_first_and_write_later() -> None:
    """The sender calls before it has written that it will, and calls again when it cannot tell."""
    from stream.core.sending import DeliveryStatus
    from stream.sender.sender import Sender
    from stream.transport.failures import CallFailed

    async def attempt(self: Sender, outbound: Any, number: int) -> bool:
        try:
            sent = await self._call(outbound)
        except CallFailed:
            return True
        self._reporter.checkpoint("after_call")
        await asyncio.sleep(0.3)
        self._reporter.finish(outbound, number, DeliveryStatus.SENT, message_id=sent.message_id)
        return True

    Sender._attempt = attempt


def _commit_before_the_sheet_has_it() -> None:
    """The Sheet's reader commits what it has not stored yet."""
    from stream.sheet.intake import Intake

    take = Intake.take
    waiting: deque[Any] = deque([[]] * 12)  # polls: three seconds

    def take_later(self: Intake, records: Any) -> int:
        waiting.append(list(records))
        return take(self, waiting.popleft())

    Intake.take = take_later


class Safeguard(NamedTuple):
    """How it is left out, and what the proof must then find: any of these problems."""

    leave_out: Callable[[], None]
    found_as: frozenset[str]


_OUTPUTS = frozenset({"events lost", "tickets lost", "tickets that differ", "questions lost", "messages to send lost"})

SAFEGUARDS: dict[str, Safeguard] = {
    "answer-after-store": Safeguard(_answer_before_kafka_has_it, frozenset({"webhooks lost"})),
    "message-ids": Safeguard(_know_no_message_again, frozenset({"groups that differ"})),
    "redelivery-check": Safeguard(_know_no_redelivery, frozenset({"inputs handled twice"})),
    "ack-after-outputs": Safeguard(_acknowledge_before_outputs, _OUTPUTS),
    "intent": Safeguard(_send_first_and_write_later, frozenset({"duplicate sends"})),
    "sheet-commit": Safeguard(_commit_before_the_sheet_has_it, frozenset({"rows lost", "cells that differ"})),
}


def leave_out(name: str) -> None:
    """Leave out the safeguard of this name; nothing for an empty one."""
    if name:
        SAFEGUARDS[name].leave_out()
