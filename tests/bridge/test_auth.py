"""Who gets in."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from bad_input import GOOD
from hypothesis import given
from hypothesis import strategies as st
from running import RunningBridge, free_port

from stream.adapters.topic_admin import ensure_topics
from stream.adapters.topics import Topic
from stream.bridge.auth import Gate
from stream.errors import SettingsError
from stream.settings import Settings

NEW, OLD = "the-new-secret-0123456789abcdefgh", "the-old-secret-0123456789abcdefgh"
GATE = Gate([NEW, OLD])


def bearer(secret: str = NEW, algorithm: str = "HS256", **claims: Any) -> dict[str, str]:
    now = int(time.time())
    told = {"iat": now, "exp": now + 600, "app": "evolution", "action": "webhook"} | claims
    told = {name: value for name, value in told.items() if value is not None}
    return {"Authorization": f"Bearer {jwt.encode(told, secret, algorithm=algorithm)}"}


@pytest.mark.parametrize(
    ("headers", "good"),
    [
        ({"X-Webhook-Secret": NEW}, True),
        ({"X-Webhook-Secret": OLD}, True),
        ({}, False),
        ({"X-Webhook-Secret": ""}, False),
        ({"X-Webhook-Secret": NEW[:-1]}, False),
        ({"X-Webhook-Secret": NEW + "x"}, False),
        ({"X-Webhook-Secret": NEW.upper()}, False),
        ({"X-Webhook-Secret": "\udcff\udcfe"}, False),
        ({"X-Webhook-Secret": "wrong", **bearer()}, False),
        ({"apikey": NEW}, False),
        ({"Authorization": NEW}, False),
        ({"Authorization": f"Basic {NEW}"}, False),
        ({"Authorization": f"Bearer {NEW}"}, False),
        ({"Authorization": "Bearer " + "a." * 9_000}, False),
        ({"Authorization": "Bearer \udcff.\udcff.\udcff"}, False),
        (bearer(), True),
        (bearer(OLD), True),
        (bearer("another-secret-0123456789abcdefgh"), False),
        (bearer(exp=int(time.time()) - 25 * 60), True),  # the last of Evolution's own retries
        (bearer(exp=int(time.time()) - 35 * 60), False),
        (bearer(exp=None), False),
        (bearer(algorithm="HS512"), False),
        (bearer("", algorithm="none"), False),
    ],
)
def test_the_matrix(headers: dict[str, str], good: bool) -> None:
    assert GATE.admits(headers) is good


@given(st.text(max_size=60))
def test_nothing_else_gets_in_and_nothing_raises(told: str) -> None:
    assert GATE.knows(told) is (told in (NEW, OLD))
    assert GATE.admits({"Authorization": f"Bearer {told}"}) is False


@pytest.mark.parametrize("secrets", [[], [""], ["", ""], ["change-me"], ["CHANGE-ME"], [NEW, "changeme"]])
def test_a_gate_needs_a_secret_that_is_one(secrets: list[str]) -> None:
    with pytest.raises(SettingsError):
        Gate(secrets)


@pytest.mark.kafka
async def test_strangers_get_one_constant_answer_and_leave_no_trace(bridge: RunningBridge) -> None:
    answers = {
        await bridge.post(body, **headers)
        for body in (GOOD, b"", b"x" * 2_000)
        for headers in (
            {"X-Webhook-Secret": "wrong"},
            {"X-Webhook-Secret": ""},
            {"X-Webhook-Secret": "w", "Content-Encoding": "gzip"},
        )
    }

    assert answers == {(401, b'{"ok":false}')}
    assert await bridge.stored(Topic.INBOUND) == []
    assert await bridge.stored(Topic.DEAD_LETTER) == []


@pytest.mark.kafka
async def test_a_known_sender_with_a_wrong_secret_raises_an_alarm_until_it_is_right_again(
    bridge: RunningBridge, logged: Callable[[], str]
) -> None:
    await bridge.post(GOOD, **{"X-Webhook-Secret": "wrong"})
    assert (await bridge.get("/webhook/cs-tickets"))[1]["parts"]["bridge"]["status"] == "ok"

    await bridge.post(GOOD)
    await bridge.post(GOOD, **{"X-Webhook-Secret": "wrong"})
    await bridge.post(GOOD, **{"X-Webhook-Secret": "wrong"})

    told = (await bridge.get("/webhook/cs-tickets"))[1]["parts"]["bridge"]
    assert (told["status"], "wrong secret" in told["detail"]) == ("degraded", True)
    assert logged().count("wrong secret from a sender that is known") == 1
    assert 'outcome="refused_known_sender"' in (await bridge.get("/metrics"))[1]
    await bridge.post(GOOD)
    assert (await bridge.get("/webhook/cs-tickets"))[1]["parts"]["bridge"]["status"] == "ok"


@pytest.mark.kafka
async def test_the_first_wrong_secret_from_the_host_of_evolution_raises_the_alarm(settings: Settings) -> None:
    ensure_topics(settings)
    bridge = RunningBridge(settings.model_copy(update={"bridge_port": free_port(), "evolution_api_url": "http://127.0.0.1:9"}))
    await bridge.start()
    try:
        await bridge.post(GOOD, **{"X-Webhook-Secret": "wrong"})
        told = (await bridge.get("/webhook/cs-tickets"))[1]["parts"]["bridge"]
        assert (told["status"], "wrong secret" in told["detail"]) == ("degraded", True)
        await bridge.post(GOOD)
        assert (await bridge.get("/webhook/cs-tickets"))[1]["parts"]["bridge"]["status"] == "ok"
    finally:
        await bridge.stop()


@pytest.mark.kafka
async def test_metrics_are_for_this_machine_or_for_who_knows_the_secret(bridge: RunningBridge) -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.7"}

    async with bridge.http.get(f"{bridge.base}/metrics") as answer:
        assert answer.status == 200
    async with bridge.http.get(f"{bridge.base}/metrics", headers=forwarded) as answer:
        assert answer.status == 401
    async with bridge.http.get(f"{bridge.base}/metrics", headers=forwarded | {"X-Webhook-Secret": bridge.secret}) as answer:
        assert answer.status == 200
