"""/qr-cs against the stand-in, over real HTTP: who gets in, and from an absent instance to a connected one."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from stream.bridge.pairing import Pairing
from stream.bridge.pairing_page import add_pairing_page
from stream.bridge.pairing_session import LASTS, OperatorDoor
from stream.core.delivery import Delivery
from stream.settings import Settings
from stream.simulator.evolution_server import DEFAULT_KEY, EvolutionServer

OPERATOR = "the-operator-secret"
HEADERS = {"X-Operator-Secret": OPERATOR}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Place(NamedTuple):
    url: str
    evolution: EvolutionServer
    pairing: Pairing


async def serve(settings: Settings, pairing: Pairing) -> tuple[web.AppRunner, str]:
    app = web.Application()
    add_pairing_page(app, settings, pairing, OPERATOR, "the-webhook-secret")
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/qr-cs"


def settings_for(tmp_path: Path, url: str) -> Settings:
    return Settings(
        _env_file=None, evolution_api_url=url, evolution_api_key=SecretStr(DEFAULT_KEY), data_dir=tmp_path,
        webhook_url="http://127.0.0.1:9/webhook/cs-tickets",
    )  # fmt: skip


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with EvolutionServer() as evolution:
        pairing = Pairing()
        runner, url = await serve(settings_for(tmp_path, evolution.url), pairing)
        yield Place(url, evolution, pairing)
        await runner.cleanup()


async def ask(method: str, url: str, **more: Any) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.request(method, url, allow_redirects=False, **more) as answer:
        return answer.status, await answer.text()


async def test_strangers_see_a_form_and_nothing_else(place: Place) -> None:
    status, page = await ask("GET", place.url)
    assert status == 401
    assert 'name="secret"' in page
    assert "script" not in page
    assert (await ask("GET", place.url + "/state"))[0] == 401
    assert (await ask("POST", place.url + "/connect"))[0] == 401
    assert place.evolution.calls == []


async def test_the_form_gives_a_cookie_that_opens_the_page_and_not_other_sites(place: Place) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.post(place.url, data={"secret": OPERATOR}, allow_redirects=False) as answer:
            cookie = answer.headers["Set-Cookie"]
            assert answer.status == 303
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert OPERATOR not in cookie
        async with session.get(place.url) as answer:
            page = await answer.text()
            assert answer.status == 200
            assert answer.headers["Cache-Control"] == "no-store"
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "Linked devices" in page
        async with session.post(place.url + "/connect") as answer:
            assert answer.status == 403  # a cookie alone may be another site's doing
        async with session.post(place.url + "/connect", headers={"X-Groupdesk": "pairing"}) as answer:
            assert answer.status == 200


async def test_wrong_secrets_close_the_door_for_a_minute(place: Place) -> None:
    answers = [(await ask("POST", place.url, data={"secret": "guess"}))[0] for _ in range(5)]
    assert answers == [401, 401, 401, 401, 429]
    assert (await ask("POST", place.url, data={"secret": OPERATOR}))[0] == 429


def test_a_cookie_expires_and_cannot_be_made_without_the_secret() -> None:
    door = OperatorDoor(OPERATOR)
    cookie = door.issue(NOW)
    assert door.accepts(cookie, NOW)
    assert not door.accepts(cookie, NOW + LASTS)
    assert not OperatorDoor("other").accepts(cookie, NOW)
    later = str(int((NOW + timedelta(days=9)).timestamp()))
    for forged in ("", ".", f"{later}.", later + cookie[cookie.index(".") :], f"{later}.\udcff", "٣." + door._sign("٣")):
        assert not door.accepts(forged, NOW)


def test_the_door_opens_again_after_a_minute() -> None:
    door = OperatorDoor(OPERATOR)
    for _ in range(5):
        assert not door.knows("\udcff", NOW)
    assert not door.knows(OPERATOR, NOW)
    assert door.knows(OPERATOR, NOW + timedelta(minutes=1))


async def test_from_absent_to_connected(place: Place) -> None:
    _, text = await ask("GET", place.url + "/state", headers=HEADERS)
    assert json.loads(text)["state"] == "absent"
    assert await ask("POST", place.url + "/connect", headers=HEADERS) == (200, '{"ok": true}')
    instance = place.evolution.instances["cs-ticket-monitor"]
    assert instance.webhook is not None
    assert instance.webhook["headers"]["X-Webhook-Secret"] == "the-webhook-secret"
    assert instance.webhook["enabled"]
    _, text = await ask("GET", place.url + "/state", headers=HEADERS)
    told = json.loads(text)
    assert told["state"] == "connecting"
    assert told["qr"].startswith("data:image/svg+xml")
    assert 0 < told["expires_in_s"] <= told["lives_s"]
    await place.evolution.scan(instance)
    await ask("POST", place.url + "/connect", headers=HEADERS)
    _, text = await ask("GET", place.url + "/state", headers=HEADERS)
    told = json.loads(text)
    assert told["state"] == "open"
    assert "qr" not in told


async def test_a_number_gets_a_code_to_type(place: Place) -> None:
    await ask("POST", place.url + "/connect", headers=HEADERS, json={"number": "+1 555 010 0001"})
    _, text = await ask("GET", place.url + "/state", headers=HEADERS)
    assert len(json.loads(text)["pairing_code"]) == 8
    status, text = await ask("POST", place.url + "/connect", headers=HEADERS, json={"number": "12"})
    assert (status, "7 to 15 digits" in text) == (400, True)


async def test_a_code_to_type_can_be_asked_for_while_a_qr_is_shown(place: Place) -> None:
    await ask("POST", place.url + "/connect", headers=HEADERS)
    assert json.loads((await ask("GET", place.url + "/state", headers=HEADERS))[1])["pairing_code"] is None
    assert (await ask("POST", place.url + "/connect", headers=HEADERS, json={"number": "+1 555 010 0001"}))[0] == 200
    assert len(json.loads((await ask("GET", place.url + "/state", headers=HEADERS))[1])["pairing_code"]) == 8


async def test_a_paired_number_that_reconnects_shows_no_code(place: Place) -> None:
    instance = place.evolution.add_instance("cs-ticket-monitor")
    instance.state = "connecting"
    assert (await ask("POST", place.url + "/connect", headers=HEADERS))[0] == 200
    told = json.loads((await ask("GET", place.url + "/state", headers=HEADERS))[1])
    assert (told["state"], "qr" in told) == ("connecting", False)


async def test_an_instance_that_evolution_has_not_loaded_yet_says_so(place: Place) -> None:
    place.evolution.add_instance("cs-ticket-monitor").is_loading = True
    status, text = await ask("POST", place.url + "/connect", headers=HEADERS)
    assert (status, "still starting" in text) == (502, True)


async def test_logging_out_ends_the_session(place: Place) -> None:
    instance = place.evolution.add_instance("cs-ticket-monitor")
    assert (await ask("POST", place.url + "/logout", headers=HEADERS))[0] == 200
    assert instance.state == "close"
    assert (await ask("POST", place.url + "/logout", headers=HEADERS))[0] == 200  # as it should be already


async def test_a_code_that_came_by_webhook_is_shown_and_forgotten_when_it_expires(place: Place) -> None:
    place.evolution.add_instance("cs-ticket-monitor", state="connecting")
    now = datetime.now(UTC)
    place.pairing.take_qr("cs-ticket-monitor", {"qrcode": {"code": "2@from-webhook", "pairingCode": "ABCD1234"}}, now)
    _, text = await ask("GET", place.url + "/state", headers=HEADERS)
    assert json.loads(text)["pairing_code"] == "ABCD1234"
    place.pairing.take_qr(
        "cs-ticket-monitor", {"qrcode": {"code": "2@old", "pairingCode": "OLDCODE1"}}, now - timedelta(minutes=5)
    )
    _, text = await ask("GET", place.url + "/state", headers=HEADERS)
    assert "OLDCODE1" not in text


async def test_a_licence_wall_is_told_as_something_to_do(place: Place) -> None:
    place.evolution.mischief.is_unlicensed = True
    _, text = await ask("GET", place.url + "/state", headers=HEADERS)
    assert "licence activation" in json.loads(text)["problem"]


async def test_without_evolution_the_page_says_what_to_set(tmp_path: Path) -> None:
    runner, url = await serve(settings_for(tmp_path, ""), Pairing())
    _, text = await ask("GET", url + "/state", headers=HEADERS)
    assert "EVOLUTION_API_URL" in json.loads(text)["problem"]
    assert (await ask("POST", url + "/connect", headers=HEADERS))[0] == 409
    await runner.cleanup()


async def test_code_and_secret_are_in_no_log(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await ask("POST", place.url + "/connect", headers=HEADERS)
    await ask("GET", place.url + "/state", headers=HEADERS)
    await ask("POST", place.url, data={"secret": "my-guess"})
    code = place.evolution.codes[-1]
    for secret in (code, OPERATOR, "my-guess", "the-webhook-secret", DEFAULT_KEY):
        assert secret not in caplog.text


async def test_an_event_is_shown_at_once_without_waiting_for_evolution_to_be_asked(place: Place) -> None:
    await ask("POST", place.url + "/connect", headers=HEADERS)
    assert json.loads((await ask("GET", place.url + "/state", headers=HEADERS))[1])["state"] == "connecting"
    asked = len(place.evolution.calls)
    event = {"state": "open", "statusReason": 200, "wuid": "5511912340000@s.whatsapp.net"}
    place.pairing.hear(
        Delivery(event="CONNECTION_UPDATE", instance="cs-ticket-monitor", chat="i", received_at=datetime.now(UTC), data=event)
    )
    told = json.loads((await ask("GET", place.url + "/state", headers=HEADERS))[1])
    assert (told["state"], told["own_number"], "qr" in told) == ("open", "5511912340000", False)
    assert len(place.evolution.calls) == asked


async def test_what_ails_is_told_in_words_of_ours(place: Place) -> None:
    await ask("POST", place.url + "/connect", headers=HEADERS)
    place.pairing.take_qr("cs-ticket-monitor", {"message": "QR code limit reached, please login again"}, datetime.now(UTC))
    told = json.loads((await ask("GET", place.url + "/state", headers=HEADERS))[1])
    assert told["problem"].startswith("Nobody scanned a code for so long")
    await place.evolution.stop()
    place.pairing.hear(
        Delivery(event="CONNECTION_UPDATE", instance="cs-ticket-monitor", chat="i", received_at=NOW, data={"state": "connecting"})
    )
    told = await until_state(place, "away")
    assert told["problem"] == "Nothing answers at EVOLUTION_API_URL."


async def until_state(place: Place, state: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            told: dict[str, Any] = json.loads((await ask("GET", place.url + "/state", headers=HEADERS))[1])
            if told["state"] == state:
                return told
            await asyncio.sleep(0.1)
