"""Whatever arrives, the bridge answers with a plain status and goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from bad_input import ACCEPTED, CANARY, GOOD, QUARANTINED, bad_requests, request
from running import RunningBridge

from stream.adapters.topics import Topic
from stream.core.delivery import Delivery
from stream.translate import translate

pytestmark = pytest.mark.kafka


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else 0


async def test_bad_bodies_of_a_sender_we_know_are_all_kept(bridge: RunningBridge, logged: Callable[[], str]) -> None:
    answers = {name: await bridge.post(raw) for name, raw in QUARANTINED.items()}

    wrong = {name: answer for name, answer in answers.items() if answer != (200, b'{"ok":true,"quarantined":true}')}
    assert wrong == {}
    letters = await bridge.stored(Topic.DEAD_LETTER, len(QUARANTINED))
    assert len(letters) == len(QUARANTINED)
    assert not [letter for letter in letters if CANARY in (letter.value or b"")]
    assert "Traceback" not in logged()


async def test_odd_bodies_are_accepted_and_can_be_translated(bridge: RunningBridge) -> None:
    answers = {name: await bridge.post(raw) for name, raw in ACCEPTED.items()}

    assert {name: answer for name, answer in answers.items() if answer != (200, b'{"ok":true}')} == {}
    for record in await bridge.stored(Topic.INBOUND, len(ACCEPTED)):
        translate(Delivery.from_json(record.value or b""))
        assert CANARY not in (record.value or b"")


async def test_bad_requests_over_a_socket(bridge: RunningBridge, logged: Callable[[], str]) -> None:
    wrong = {}
    for name, (raw, good) in bad_requests(bridge.secret.encode()).items():
        status = status_of(await bridge.talk(raw))
        if status not in good | {0} or status >= 500:
            wrong[name] = status

    assert wrong == {}
    told = logged()
    assert bridge.secret not in told
    assert "Traceback" not in told
    assert (await bridge.post(GOOD))[0] == 200


async def test_one_answer_a_request_and_none_for_what_is_smuggled(bridge: RunningBridge) -> None:
    inner = request(b"", b"wrong")
    answer = await bridge.talk(
        request(inner, bridge.secret.encode()) + b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )

    assert answer.count(b"HTTP/1.1 ") <= 2
    assert b"401" not in answer


async def test_connections_that_never_finish_do_not_hold_up_others(bridge: RunningBridge) -> None:
    half = [await asyncio.open_connection("127.0.0.1", bridge.settings.bridge_port) for _ in range(200)]
    for number, (_, writer) in enumerate(half):
        writer.write(b"POST /webhook/cs-tickets HTTP/1.1\r\n" if number % 2 else request(GOOD, bridge.secret.encode())[:-10])
    try:
        for _ in range(20):
            assert (await bridge.post(GOOD))[0] == 200
    finally:
        for _, writer in half:
            writer.close()
