"""The stand-in sends webhooks as Evolution 2.3.7 does: when, where to, how often, and with what in front."""

from __future__ import annotations

import asyncio
from typing import Any

import jwt
import pytest

from stream.simulator.evolution_server import EvolutionServer
from stream.simulator.webhooks import Retries
from tests.simulator.stand_in import GROUP, Inbox, message


async def test_a_logout_tells_three_events_in_order(evolution: EvolutionServer, inbox: Inbox) -> None:
    await evolution.log_out(evolution.instances["desk"], code=401)
    await evolution.webhooks.drain()
    assert inbox.events() == ["status.instance", "logout.instance", "connection.update"]
    assert inbox.got[2][2]["data"] == {"instance": "desk", "state": "close", "statusReason": 401}


@pytest.mark.parametrize(("answer", "tries"), [(500, 3), (429, 3), (409, 3), (400, 1), (401, 1), (404, 1), (422, 1)])
async def test_a_webhook_is_repeated_only_where_evolution_repeats(
    evolution: EvolutionServer, inbox: Inbox, answer: int, tries: int
) -> None:
    inbox.answers = [answer, answer]
    task = evolution.receive(evolution.instances["desk"], message("x"))
    assert task is not None
    receipt = await task
    assert (receipt.tries, len(inbox.got)) == (tries, tries)
    assert all(body == inbox.got[0][2] for _, _, body in inbox.got)


async def test_a_webhook_is_given_up_after_ten_tries(evolution: EvolutionServer, inbox: Inbox) -> None:
    inbox.answers = [503] * 20
    task = evolution.receive(evolution.instances["desk"], message("x"))
    assert task is not None
    assert (await task).tries == 10


def test_waits_double_to_five_minutes_and_jitter_never_goes_below_the_first() -> None:
    retries = Retries()
    assert [retries.wait_before(n, 0) for n in range(2, 10)] == [5, 10, 20, 40, 80, 160, 300, 300]
    assert retries.wait_before(2, -0.2) == 5
    assert retries.wait_before(3, -0.2) == 8


async def test_by_event_addresses_and_a_signed_bearer(call: Any, evolution: EvolutionServer, inbox: Inbox) -> None:
    wanted = {"url": inbox.url + "/", "byEvents": True, "headers": {"jwt_key": "k" * 32, "x-a": "b"}, "events": ["SEND_MESSAGE"]}
    await call("POST", "/webhook/set/desk", {"webhook": wanted})
    await call("POST", "/message/sendText/desk", {"number": GROUP, "text": "x"})
    await evolution.webhooks.drain()
    path, headers, _ = inbox.got[0]
    assert path == "/hook//send-message"
    claims = jwt.decode(headers["Authorization"].removeprefix("Bearer "), "k" * 32, algorithms=["HS256"])
    assert (claims["app"], claims["action"], claims["exp"] - claims["iat"]) == ("evolution", "webhook", 600)
    assert "jwt_key" not in headers


async def test_a_dead_socket_says_open_and_hears_nothing_until_it_is_restarted(call: Any, evolution: EvolutionServer) -> None:
    evolution.mischief.is_socket_dead = True
    desk = evolution.instances["desk"]
    assert evolution.receive(desk, message("x")) is None
    assert (await call("GET", "/instance/connectionState/desk"))[1]["instance"]["state"] == "open"
    await call("POST", "/instance/restart/desk")
    assert evolution.receive(desk, message("x")) is not None


async def test_duplicates_and_drops_are_counted_and_rows_stay(evolution: EvolutionServer, inbox: Inbox) -> None:
    desk = evolution.instances["desk"]
    evolution.mischief.duplicate = 1.0
    evolution.receive(desk, message("x", "AC1"))
    await evolution.webhooks.drain()
    evolution.mischief.drop = 1.0
    evolution.receive(desk, message("x", "AC2"))
    await evolution.webhooks.drain()
    assert [body["data"]["key"]["id"] for _, _, body in inbox.got] == ["AC1", "AC1"]
    assert [row["key"]["id"] for row in desk.rows] == ["AC1", "AC2"]


async def test_deliveries_run_side_by_side_so_that_a_repeat_is_overtaken(evolution: EvolutionServer, inbox: Inbox) -> None:
    desk = evolution.instances["desk"]
    inbox.answers = [500]
    first = evolution.receive(desk, message("x", "AC1"))
    while not inbox.got:  # noqa: ASYNC110 - the inbox tells by what it got
        await asyncio.sleep(0)
    evolution.receive(desk, message("x", "AC2"))
    assert first is not None
    await evolution.webhooks.drain()
    assert [body["data"]["key"]["id"] for _, _, body in inbox.got] == ["AC1", "AC2", "AC1"]
