"""What a worker does while Kafka may have given its groups away: it writes nothing, and gives silent connections up."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.client import ConnectionGroup
from aiokafka.errors import NodeNotReadyError, RequestTimedOutError
from aiokafka.protocol.commit import OffsetCommitRequest
from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.group import HeartbeatRequest, JoinGroupRequest, SyncGroupRequest
from aiokafka.protocol.produce import ProduceRequest

from stream.worker import lease as under_test
from stream.worker.lease import Lease, hold_writes, keep_lease

OK, REBALANCING, UNKNOWN_MEMBER, LOADING = 0, 27, 25, 14


class Client:
    """What aiokafka's client answers: `code`, after `until`. There are two of them, as there are of it."""

    def __init__(self, now: Now) -> None:
        self.sent: list[Any] = []
        self.code = OK
        self.proof = OK
        self.until: asyncio.Event | None = None
        self.closed: list[Any] = []
        self._now = now
        self._conns = {(1, ConnectionGroup.DEFAULT): SimpleNamespace(close=lambda *, reason: self.closed.append(reason))}

    async def ready(self, *_: Any, **__: Any) -> bool:
        return True

    async def send(self, _: int, request: Any, *, group: Any = ConnectionGroup.DEFAULT) -> Any:  # noqa: ARG002 -- aiokafka's signature
        self.sent.append(request)
        self._now.seconds += 1
        if self.until is not None:
            await self.until.wait()
        is_proof = isinstance(request, SyncGroupRequest) and len(self.sent) > 1
        return SimpleNamespace(error_code=self.proof if is_proof else self.code)


class Now:
    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def request(kind: type) -> Any:
    return HeartbeatRequest("workers", 7, "worker-1") if kind is HeartbeatRequest else kind.__new__(kind)


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def lease(now: Now) -> Lease:
    return Lease(now)


@pytest.fixture
def client(lease: Lease, now: Now) -> Any:
    client = Client(now)
    keep_lease(client, lease)
    return client


@pytest.fixture
def writer(lease: Lease, now: Now) -> Any:
    client = Client(now)
    hold_writes(client, lease)
    return client


async def test_before_the_group_knows_of_it_nothing_is_over(writer: Any, lease: Lease, now: Now) -> None:
    now.seconds += 3600
    assert not lease.is_over
    await writer.send(1, request(ProduceRequest))


@pytest.mark.parametrize("kind", [HeartbeatRequest, SyncGroupRequest])
@pytest.mark.parametrize(("code", "renews"), [(OK, True), (REBALANCING, True), (UNKNOWN_MEMBER, False)])
async def test_it_lasts_from_when_the_group_was_asked(
    client: Any, lease: Lease, now: Now, kind: type, code: int, renews: bool
) -> None:
    lease.renew(now() - 5)
    client.code = code
    await client.send(1, request(kind))
    assert lease.unheard_s == (1 if renews else 6)


async def test_other_answers_do_not_renew_it(client: Any, lease: Lease, now: Now) -> None:
    lease.renew(now())
    await client.send(1, request(FetchRequest))
    assert lease.unheard_s == 1


async def test_nothing_is_written_after_it_and_all_is_when_it_is_renewed(
    client: Any, writer: Any, lease: Lease, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_test, "_HOLD_S", 0.0)
    lease.renew(now())
    now.seconds += 7.9
    await writer.send(1, request(ProduceRequest))
    with pytest.raises(NodeNotReadyError):
        await writer.send(1, request(ProduceRequest))
    assert NodeNotReadyError.retriable, "or the producer would give the records up at once"
    await client.send(1, request(HeartbeatRequest))
    await writer.send(1, request(ProduceRequest))
    assert len(writer.sent) == 2


@pytest.mark.parametrize(("proof", "renews"), [(OK, True), (REBALANCING, True), (LOADING, False), (UNKNOWN_MEMBER, False)])
async def test_once_it_is_over_a_heartbeat_that_kafka_nods_at_is_no_proof(
    client: Any, lease: Lease, now: Now, proof: int, renews: bool
) -> None:
    lease.renew(now())
    now.seconds += 9
    client.proof = proof

    answer = await client.send(1, request(HeartbeatRequest))

    assert answer.error_code == OK, "aiokafka sees the answer to what it asked"
    assert lease.is_over is not renews
    asked = client.sent[-1]
    assert (asked._group, asked._generation_id, asked._member_id) == ("workers", 7, "worker-1")


@pytest.mark.parametrize("kind", [HeartbeatRequest, FindCoordinatorRequest, ProduceRequest])
async def test_a_connection_that_does_not_answer_is_given_up(
    client: Any, writer: Any, monkeypatch: pytest.MonkeyPatch, kind: type
) -> None:
    monkeypatch.setattr(under_test, "_ANSWER_S", 0.01)
    monkeypatch.setattr(under_test, "_STORED_S", 0.01)
    asked = writer if kind is ProduceRequest else client
    asked.until = asyncio.Event()
    with pytest.raises(RequestTimedOutError):
        await asked.send(1, request(kind))
    assert len(asked.closed) == 1


@pytest.mark.parametrize("kind", [JoinGroupRequest, SyncGroupRequest, OffsetCommitRequest, FetchRequest])
async def test_who_waits_for_other_members_or_behind_them_or_for_much_may_wait(
    client: Any, monkeypatch: pytest.MonkeyPatch, kind: type
) -> None:
    monkeypatch.setattr(under_test, "_ANSWER_S", 0.0)
    client.until = asyncio.Event()
    joining = asyncio.create_task(client.send(1, request(kind)))
    await asyncio.sleep(0.02)
    client.until.set()
    await joining
    assert not client.closed
