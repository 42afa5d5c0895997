"""The spool in front of a scripted Kafka: order, bounds, and what a crash leaves."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from running import until

from stream.adapters.topics import Topic
from stream.bridge.inbox import InboxRecord, InboxState, NotStored
from stream.bridge.spool import SpooledInbox
from stream.bridge.spool_disk import SpoolDisk
from stream.bridge.spool_store import NAME, Arrival, SpoolStore
from stream.core.status import Health
from stream.errors import StateError

LIMIT = 10_000_000


def record(number: int, size: int = 10) -> InboxRecord:
    return InboxRecord(Topic.INBOUND, "group", b"%d:" % number + b"x" * size, {"h": b"\xff\x00"})


class Broker:
    """Takes records, or not, as a test says; `hold` lets a call wait for its answer."""

    def __init__(self) -> None:
        self.is_there = True
        self.hold: asyncio.Future[None] | None = None
        self.taken: list[InboxRecord] = []
        self.closed = False

    async def store(self, records: Sequence[InboxRecord]) -> None:
        if self.hold is not None:
            hold, self.hold = self.hold, None
            await hold
        if not self.is_there:
            raise NotStored("broker_away")
        self.taken += records

    def state(self) -> InboxState:
        return InboxState(Health.OK if self.is_there else Health.DOWN, "scripted")

    def parts(self) -> dict[str, InboxState]:
        return {"broker": self.state()}

    async def close(self) -> None:
        self.closed = True

    @property
    def numbers(self) -> list[int]:
        return [int(taken.value.partition(b":")[0]) for taken in self.taken]


Make = Callable[..., SpooledInbox]


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
async def make(broker: Broker, tmp_path: Path) -> AsyncIterator[Make]:
    made: list[SpooledInbox] = []

    def build(limit: int = LIMIT, open_store: Callable[[], SpoolStore] | None = None) -> SpooledInbox:
        inbox = SpooledInbox(broker, SpoolDisk(open_store or (lambda: SpoolStore(tmp_path / NAME)), limit))
        made.append(inbox)
        return inbox

    yield build
    for inbox in made:
        await inbox.close()


async def test_what_kafka_refuses_is_kept_and_delivered_in_order_before_what_is_newer(broker: Broker, make: Make) -> None:
    inbox = make()
    await inbox.store([record(0)])
    broker.is_there = False
    for number in range(1, 40):
        await inbox.store([record(number)])
    assert (inbox.waiting, broker.numbers) == (39, [0])
    assert inbox.state().status is Health.DEGRADED
    assert "39 webhooks wait for Kafka since 20" in inbox.parts()["spool"].detail

    broker.is_there = True
    await inbox.store([record(40)])
    await until(lambda: inbox.waiting == 0)
    await inbox.store([record(41)])

    assert broker.numbers == list(range(42))
    assert broker.taken[5] == record(5)
    assert inbox.parts()["spool"] == InboxState(Health.OK, "nothing waits")


async def test_one_that_failed_late_still_goes_before_those_that_came_meanwhile(broker: Broker, make: Make) -> None:
    inbox = make()
    broker.hold = hold = asyncio.get_running_loop().create_future()
    slow = asyncio.create_task(inbox.store([record(0)]))
    await until(lambda: broker.hold is None)
    broker.is_there = False
    for number in range(1, 4):
        await inbox.store([record(number)])
    broker.is_there = True
    await asyncio.sleep(0.6)  # long enough for a drainer that does not wait
    assert broker.numbers == []
    broker.is_there = False
    hold.set_result(None)
    await slow
    broker.is_there = True
    await until(lambda: inbox.waiting == 0)

    assert broker.numbers == [0, 1, 2, 3]


async def test_a_webhook_of_several_records_stays_whole(broker: Broker, make: Make) -> None:
    inbox = make()
    broker.is_there = False
    await inbox.store([record(number) for number in range(20)])
    await inbox.store([record(20)])
    assert inbox.waiting == 2
    broker.is_there = True
    await until(lambda: inbox.waiting == 0)

    assert broker.numbers == list(range(21))


async def test_a_full_spool_asks_to_come_again_and_takes_more_once_there_is_room(broker: Broker, make: Make) -> None:
    inbox = make(limit=20_000)
    broker.is_there = False
    answers = await asyncio.gather(*(inbox.store([record(number, 1_000)]) for number in range(30)), return_exceptions=True)
    kept = sum(answer is None for answer in answers)
    refused = [answer for answer in answers if isinstance(answer, NotStored)]
    assert 10 < kept < 20
    assert {why.reason for why in refused} == {"spool_full"}
    assert len(refused) == 30 - kept

    broker.is_there = True
    await until(lambda: inbox.waiting == 0)
    await inbox.store([record(99, 1_000)])
    assert broker.numbers == [*range(kept), 99]


async def test_what_waits_outlives_a_process(broker: Broker, make: Make) -> None:
    first = make()
    broker.is_there = False
    for number in range(3):
        await first.store([record(number)])
    await first.close()

    second = make()
    assert second.waiting == 3
    await second.store([record(3)])
    broker.is_there = True
    await until(lambda: second.waiting == 0)
    assert broker.numbers == [0, 1, 2, 3]


async def test_a_disk_that_refuses_is_a_503_and_is_told_until_it_works_again(broker: Broker, make: Make, tmp_path: Path) -> None:
    store = SpoolStore(tmp_path / NAME)
    inbox = make(open_store=lambda: store)
    broker.is_there = False
    await inbox.store([record(0)])
    store._db.execute("PRAGMA query_only=ON")  # the disk is mounted read-only

    with pytest.raises(NotStored, match="spool_unwritable"):
        await inbox.store([record(1)])
    assert inbox.state().status is Health.DOWN
    assert "make room" in inbox.parts()["spool"].detail

    store._db.execute("PRAGMA query_only=OFF")
    await inbox.store([record(2)])
    assert inbox.state().status is Health.DEGRADED
    broker.is_there = True
    await until(lambda: inbox.waiting == 0)
    assert broker.numbers == [0, 2]


async def test_a_removal_that_the_disk_refuses_does_not_deliver_again_and_again(
    broker: Broker, make: Make, tmp_path: Path
) -> None:
    store = SpoolStore(tmp_path / NAME)
    inbox = make(open_store=lambda: store)
    broker.is_there = False
    await inbox.store([record(0)])
    store._db.execute("PRAGMA query_only=ON")
    broker.is_there = True
    await until(lambda: broker.numbers)
    await asyncio.sleep(0.8)
    store._db.execute("PRAGMA query_only=OFF")
    await until(lambda: inbox.waiting == 0)

    assert broker.numbers == [0]


async def test_a_second_bridge_on_the_same_folder_goes_without_and_takes_over_later(broker: Broker, make: Make) -> None:
    first, second = make(), make()
    broker.is_there = False
    await first.store([record(0)])
    with pytest.raises(NotStored, match="broker_away"):
        await second.store([record(1)])
    assert "another bridge keeps" in second.parts()["spool"].detail

    await first.close()
    await until(lambda: second.waiting == 1)
    broker.is_there = True
    await until(lambda: second.waiting == 0)
    assert broker.numbers == [0]


async def test_a_damaged_file_is_left_as_it_is_and_told(broker: Broker, make: Make, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"no database" * 500)
    inbox = make()
    await inbox.store([record(0)])
    broker.is_there = False
    with pytest.raises(NotStored, match="broker_away"):
        await inbox.store([record(1)])

    assert "move the file away" in inbox.parts()["spool"].detail
    assert (tmp_path / NAME).read_bytes() == b"no database" * 500


def test_the_file_is_its_owners_alone_and_what_was_delivered_is_not_in_it(tmp_path: Path) -> None:
    store = SpoolStore(tmp_path / NAME)
    arrivals = [Arrival(number, 1.0, (InboxRecord(Topic.INBOUND, "g", b"canary-text" * 99, {}),)) for number in range(1, 9)]
    store.append(arrivals)
    assert (tmp_path / NAME).stat().st_mode & 0o077 == 0
    store.remove(arrivals)
    store.shrink()
    assert b"canary-text" not in b"".join(path.read_bytes() for path in tmp_path.glob("spool*"))
    store.close()


@given(cut=st.floats(0, 1), garbage=st.binary(max_size=64))
@example_settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_torn_end_is_cut_off_and_everything_before_it_is_whole(
    tmp_path_factory: pytest.TempPathFactory, cut: float, garbage: bytes
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    store = SpoolStore(folder / NAME)
    store._db.execute("PRAGMA wal_autocheckpoint=0")
    sizes: list[int] = []
    log = folder / f"{NAME}-wal"
    for number in range(1, 8):
        store.append([Arrival(number, 1.0, (record(number, 3_000),))])
        sizes.append(log.stat().st_size)
    crashed = folder / "crashed"
    crashed.mkdir()
    kept = int(sizes[0] + cut * (sizes[-1] - sizes[0]))
    shutil.copy(folder / NAME, crashed / NAME)
    (crashed / f"{NAME}-wal").write_bytes(log.read_bytes()[:kept] + garbage)
    store.close()

    after = SpoolStore(crashed / NAME)
    whole = sum(size <= kept for size in sizes)
    found = after.oldest(1e9, 100, LIMIT)
    after.close()
    assert [arrival.records for arrival in found] == [(record(number, 3_000),) for number in range(1, whole + 1)]


@given(script=st.lists(st.sampled_from(["webhook", "webhook", "away", "back", "restart", "breathe"]), max_size=40))
@example_settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_each_is_delivered_in_the_order_in_which_it_was_acknowledged(
    tmp_path_factory: pytest.TempPathFactory, script: list[str]
) -> None:
    broker, folder = Broker(), tmp_path_factory.mktemp("spool")

    async def play() -> int:
        numbers = itertools.count()
        inbox = SpooledInbox(broker, SpoolDisk(lambda: SpoolStore(folder / NAME), LIMIT))
        for event in script:
            match event:
                case "webhook":
                    await inbox.store([record(next(numbers))])
                case "away" | "back":
                    broker.is_there = event == "back"
                case "restart":
                    await inbox.close()
                    inbox = SpooledInbox(broker, SpoolDisk(lambda: SpoolStore(folder / NAME), LIMIT))
                case _:
                    await asyncio.sleep(0.01)
        broker.is_there = True
        await until(lambda: inbox.waiting == 0)
        await inbox.close()
        return next(numbers)

    assert set(range(asyncio.run(play()))) == set(broker.numbers)
    in_order = list(dict.fromkeys(broker.numbers))
    assert in_order == sorted(in_order)
    with sqlite3.connect(folder / NAME) as db:
        assert db.execute("SELECT count(*) FROM records").fetchone() == (0,)


def test_a_store_of_another_process_is_a_sentence(tmp_path: Path) -> None:
    store = SpoolStore(tmp_path / NAME)
    with pytest.raises(StateError, match="its own DATA_DIR"):
        SpoolStore(tmp_path / NAME)
    store.close()
    SpoolStore(tmp_path / NAME).close()
