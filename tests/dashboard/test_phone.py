"""The phone on the Simulator page, against the stand-in itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import showroom
from still import drawn, snapshot_of, text_of
from streamlit.testing.v1 import AppTest

from dashboard import phone
from dashboard.phone import Phone, find_phone
from dashboard.rehearsal import message_data
from stream.errors import TransportError
from stream.settings import Settings
from stream.simulator.evolution_server import DEFAULT_KEY, EvolutionServer
from stream.simulator.instance import Group
from stream.simulator.shapes import Person

Page = Callable[..., AppTest]
GROUP = "120363401000000001@g.us"
OWN, SARAH = Person("Support", phone="15550100001@s.whatsapp.net"), Person("Sarah", "8001@lid", "447700900021@s.whatsapp.net")
NOW = datetime.now(UTC)


@pytest.fixture
def stand_in() -> Iterator[EvolutionServer]:
    """Run the stand-in in a thread of its own, as it runs in a process of its own for users."""
    server, started, stopping = EvolutionServer(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with server:
            instance = server.add_instance("cs-ticket-monitor")
            instance.groups[GROUP] = Group(GROUP, "Bluebird \u202e", [OWN, SARAH])
            started.set()
            await stopping.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert started.wait(10)
    yield server
    loop.call_soon_threadsafe(stopping.set)
    thread.join(10)
    loop.close()


def test_both_mean_the_same_key() -> None:
    assert phone._KEY == DEFAULT_KEY


def test_somebody_writes_and_the_group_shows_it_with_reactions(stand_in: EvolutionServer) -> None:
    settings = Settings(_env_file=None, evolution_api_url=stand_in.url, simulator_port=9)
    found = find_phone(settings)
    assert found is not None
    assert found.groups() == {GROUP: "Bluebird \u202e"}
    [member] = found.members(GROUP)
    assert (member.name, member.address, member.phone) == ("Sarah", "8001@lid", "447700900021@s.whatsapp.net")
    status, _ = found.happen("messages.upsert", message_data("Where is it?", "Sarah", "8001@lid", None, GROUP, "M1", NOW))
    assert status == 0, "no webhook is set: it says so instead of being silent"
    instance = stand_in.instances["cs-ticket-monitor"]
    reaction = {"reactionMessage": {"key": {"id": "M1"}, "text": "✅"}}
    key = {"remoteJid": GROUP, "fromMe": True, "id": "R1"}
    instance.keep({"key": key, "messageType": "reactionMessage", "message": reaction, "messageTimestamp": 2_000_000_000})
    [said] = found.messages(GROUP)
    assert (said.text, said.who, said.is_ours, said.reactions) == ("Where is it?", "Sarah", False, (("✅", "Groupdesk"),))


def test_where_none_runs_it_says_what_to_start(page: Page) -> None:
    settings = Settings(_env_file=None, simulator_port=9)
    assert find_phone(settings) is None
    with pytest.raises(TransportError, match="No simulator answers"):
        Phone("http://127.0.0.1:9", "x").groups()
    app = page("simulator", snapshot_of())
    assert "groupdesk demo" in str(app.info[0].value)


def test_the_page_shows_the_group_and_follows_what_is_written(page: Page, stand_in: EvolutionServer) -> None:
    app = page("simulator", snapshot_of(*showroom.desk(NOW)), evolution_api_url=stand_in.url)
    assert app.selectbox(key="phone_group").options == ["Bluebird ⟨202E⟩"]
    next(one for one in app.text_input if one.placeholder).set_value("Our order is late \u202e")
    next(one for one in app.button if one.label == "Send").click().run()
    app.run()
    assert [one["text"] for one in drawn(app, "phone_chat")["messages"]] == ["Our order is late ⟨202E⟩"]
    assert drawn(app, "hops")["rows"][0]["detail"] == "no webhook is set"
    assert "Our order" not in text_of(app)
