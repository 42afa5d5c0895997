"""For how long a worker may write: as long as Kafka cannot have given its groups to another one.

Kafka does so when it has heard nothing of a worker for ten seconds. aiokafka learns of that from an answer; while none comes, a
worker would go on writing, over what its successor has written. So nothing leaves for Kafka unless the group's coordinator
has heard of us a short while ago: it waits in the producer, and when the groups are gone the worker ends without having sent it.

Connections fall silent without an end: a firewall forgets them, or a proxy before a Kafka that starts anew. Seen with Faust's own
90 s: two workers said for 84 s that they were well, and nobody handled anything.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from aiokafka.client import ConnectionGroup
from aiokafka.conn import CloseReason
from aiokafka.errors import NodeNotReadyError, NoError, RebalanceInProgressError, RequestTimedOutError
from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.group import HeartbeatRequest, SyncGroupRequest
from aiokafka.protocol.produce import ProduceRequest

_VALID_S = 8.0  # of the session's ten
# Those are answered at once, or never; a new connection then has time for a heartbeat within the lease. Of the others, who joins
# waits for all members, what goes the same way waits behind that, and a fetch brings megabytes.
_SHORT = (HeartbeatRequest, FindCoordinatorRequest)
_ANSWER_S = 4.0
_STORED_S = 15.0  # of several brokers one may just have died: the others wait nine seconds for it
_HOLD_S = 0.2
_STILL_A_MEMBER = frozenset({NoError.errno, RebalanceInProgressError.errno})


class Lease:
    """When the coordinator of the group last heard of this worker. `clock` counts seconds and is not set."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._renewed_at: float | None = None

    def renew(self, asked_at: float) -> None:
        """Count from when the coordinator was asked: it may have heard us at once, and answered late."""
        self._renewed_at = asked_at

    @property
    def unheard_s(self) -> float:
        """How long ago the coordinator was last asked with success; 0 before the first time, when nothing is written yet."""
        return 0.0 if self._renewed_at is None else self.clock() - self._renewed_at

    @property
    def is_over(self) -> bool:
        return self.unheard_s > _VALID_S


def keep_lease(client: Any, lease: Lease) -> None:
    """Let the consumer's client renew the lease, and give a connection up on which it is not answered."""
    send = client.send

    async def heard(node_id: Any, request: Any, *, group: Any = ConnectionGroup.DEFAULT) -> Any:
        asked_at = lease.clock()
        await client.ready(node_id, group=group)  # has a time of its own; broken off half-way, it leaves a socket behind
        within_s = _ANSWER_S if isinstance(request, _SHORT) else None
        answer = await _answer(client, send, node_id, request, group, within_s)
        if not isinstance(request, HeartbeatRequest | SyncGroupRequest) or answer.error_code not in _STILL_A_MEMBER:
            return answer
        proof = answer
        if lease.is_over and isinstance(request, HeartbeatRequest):
            # A coordinator that still loads its groups says yes to every heartbeat, also of those who were put out long ago.
            proof = await _answer(client, send, node_id, _ask_for_assignment(request), group, _ANSWER_S)
        if proof.error_code in _STILL_A_MEMBER:
            lease.renew(asked_at)
        return answer

    client.send = heard


def _ask_for_assignment(heartbeat: Any) -> SyncGroupRequest:
    """Return a question to which only a coordinator that knows the group, and us in it, says yes; it changes nothing."""
    asked = (heartbeat._group, heartbeat._generation_id, heartbeat._member_id)  # noqa: SLF001 -- aiokafka tells it nowhere else
    return SyncGroupRequest(*asked, None, [])


def hold_writes(client: Any, lease: Lease) -> None:
    """Let nothing leave by the producer's client while the lease is over, and give a connection up on which nothing is stored.

    What was not sent, or not answered, is tried again for as long as the producer has patience.
    """
    send = client.send

    async def held(node_id: Any, request: Any, *, group: Any = ConnectionGroup.DEFAULT) -> Any:
        await client.ready(node_id, group=group)  # before the look at the lease: it may take long
        if lease.is_over and isinstance(request, ProduceRequest):
            await asyncio.sleep(_HOLD_S)
            if lease.is_over:
                raise NodeNotReadyError("the group has not heard of this worker for a while")
        return await _answer(client, send, node_id, request, group, _STORED_S)

    client.send = held


async def _answer(client: Any, send: Any, node_id: Any, request: Any, group: Any, within_s: float | None) -> Any:
    """Return the answer; a connection on which none comes in time is given up, as aiokafka does after its own time."""
    try:
        async with asyncio.timeout(within_s):
            return await send(node_id, request, group=group)
    except TimeoutError as error:
        connection = client._conns.get((node_id, group))  # noqa: SLF001 -- aiokafka has no way to say this
        if connection is not None:
            connection.close(reason=CloseReason.CONNECTION_TIMEOUT)
        raise RequestTimedOutError from error
