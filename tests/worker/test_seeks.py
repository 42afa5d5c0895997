"""What a fetch brings counts only after the seek of its owner, for inputs and for changes of the table."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import pytest
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from stream.worker.broker_side import Consumer

INBOUND, CHANGELOG = TP("inbound", 0), TP("changelog", 0)


class Log:
    """A partition of inputs and one of the table as a fetching thread sees them: ten records a fetch, from where it stands."""

    def __init__(self, consumer: Consumer, monkeypatch: pytest.MonkeyPatch, committed: int = 50) -> None:
        self.consumer, self.committed = consumer, committed
        self.places = {INBOUND: committed, CHANGELOG: 0}
        self.may_fetch = asyncio.Event()
        self.may_fetch.set()
        self.is_fetching = asyncio.Event()
        monkeypatch.setattr(driver.Consumer, "_getmany", lambda _, wanted, __: self.fetch(wanted))
        monkeypatch.setattr(driver.Consumer, "perform_seek", self.seek)
        monkeypatch.setattr(driver.Consumer, "seek_wait", lambda _, places: self.seek_table(places))
        monkeypatch.setattr(Consumer, "assignment", lambda _: {INBOUND})
        monkeypatch.setattr(Consumer, "_is_changelog_tp", lambda _, tp: tp is CHANGELOG)
        monkeypatch.setattr(Consumer, "earliest_offsets", self.earliest)

    async def fetch(self, wanted: Collection[TP]) -> dict[TP, list[int]]:
        """Wait, and take what is there then, as aiokafka does: everything, when nothing is asked for."""
        self.is_fetching.set()
        await self.may_fetch.wait()
        taken = {tp: list(range(place, place + 10)) for tp, place in self.places.items() if not wanted or tp in wanted}
        self.places |= {tp: records[-1] + 1 for tp, records in taken.items()}
        return taken

    async def fetch_slowly(self, wanted: Collection[TP]) -> asyncio.Future[dict[TP, list[int]]]:
        """Begin a fetch that goes on until `may_fetch` is set."""
        self.may_fetch.clear()
        self.is_fetching.clear()
        fetching = asyncio.ensure_future(self.consumer._getmany(wanted, 1.0))
        await self.is_fetching.wait()
        return fetching

    async def rebalance(self) -> None:
        await self.consumer.on_partitions_revoked({INBOUND, CHANGELOG})
        self.consumer._owner += 1  # new ones are assigned

    async def seek(self) -> None:
        self.places[INBOUND] = self.committed
        self.consumer._committed_offset[INBOUND] = self.committed

    async def seek_table(self, places: dict[TP, int]) -> None:
        self.places |= places

    async def earliest(self, *partitions: TP) -> dict[TP, int]:
        return dict.fromkeys(partitions, 0)


@pytest.fixture
def kafka(consumer: Consumer, monkeypatch: pytest.MonkeyPatch) -> Log:
    return Log(consumer, monkeypatch)


async def test_nothing_counts_that_was_fetched_before_the_last_seek(consumer: Consumer, kafka: Log) -> None:
    await kafka.rebalance()
    assert await consumer._getmany({INBOUND}, 1.0) == {}
    consumer.resume_flow()
    assert await consumer._getmany({INBOUND}, 1.0) == {}

    fetching = await kafka.fetch_slowly({INBOUND})
    seeking = asyncio.ensure_future(consumer.perform_seek())
    await asyncio.sleep(0)
    kafka.may_fetch.set()
    assert await fetching == {}
    await seeking

    assert consumer.begins_at == {INBOUND: 50}
    assert (await consumer._getmany({INBOUND}, 1.0))[INBOUND][0] == 50


@pytest.mark.usefixtures("kafka")
async def test_a_seek_while_partitions_come_and_go_is_not_the_last_one(consumer: Consumer) -> None:
    consumer.stop_flow()
    await consumer.perform_seek()
    assert await consumer._getmany({INBOUND}, 1.0) == {}

    consumer.resume_flow()
    await consumer.perform_seek()
    assert INBOUND in await consumer._getmany({INBOUND}, 1.0)
    await consumer.on_partitions_revoked({INBOUND})
    assert await consumer._getmany({INBOUND}, 1.0) == {}


async def test_a_fetch_for_inputs_takes_no_change_of_the_table(kafka: Log) -> None:
    """It began before the rebalance; Faust empties the set of what is wanted meanwhile, which lets aiokafka take everything."""
    wanted = {INBOUND}
    fetching = await kafka.fetch_slowly(wanted)
    await kafka.rebalance()
    wanted.clear()
    kafka.may_fetch.set()

    assert await fetching == {}
    assert kafka.places[CHANGELOG] == 0


async def test_the_table_is_read_back_from_its_first_change(consumer: Consumer, kafka: Log) -> None:
    """A fetch that began while it was read back the last time ends before the seek, and does not count."""
    await consumer.seek_wait({CHANGELOG: 0})
    fetching = await kafka.fetch_slowly({CHANGELOG})
    await kafka.rebalance()
    seeking = asyncio.ensure_future(consumer.seek_wait({CHANGELOG: 0}))
    await asyncio.sleep(0)
    kafka.may_fetch.set()
    assert await fetching == {}
    await seeking

    assert (await consumer._getmany({CHANGELOG}, 1.0))[CHANGELOG][0] == 0


async def test_who_wants_nothing_any_more_fetches_nothing(consumer: Consumer, kafka: Log) -> None:
    await consumer.seek_wait({CHANGELOG: 0})
    assert await consumer._getmany(set(), 1.0) == {}
    assert kafka.places == {INBOUND: 50, CHANGELOG: 0}


async def test_a_worker_is_ready_when_its_inputs_are_sought(consumer: Consumer, kafka: Log) -> None:
    await kafka.rebalance()
    assert not consumer.is_sought
    await consumer.perform_seek()
    assert consumer.is_sought


async def test_a_worker_without_groups_has_nothing_to_seek(
    consumer: Consumer, kafka: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kafka.rebalance()
    monkeypatch.setattr(Consumer, "assignment", lambda _: set())
    assert consumer.is_sought


async def test_a_partition_without_an_offset_is_read_from_its_beginning(consumer: Consumer, kafka: Log) -> None:
    kafka.committed = 0
    kafka.places[INBOUND] = 30
    await consumer.perform_seek()
    assert (await consumer._getmany({INBOUND}, 1.0))[INBOUND][0] == 0
    assert consumer.begins_at == {INBOUND: 0}


async def test_a_kafka_that_does_not_tell_where_the_table_begins_ends_the_worker(
    consumer: Consumer, ends: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def in_vain(*_: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(driver.Consumer, "seek_wait", in_vain)

    with pytest.raises(ends, match="75"):
        await consumer.seek_wait({CHANGELOG: 0})
