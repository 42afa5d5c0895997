"""What the group sees on its phones, with real processes: what is done on the dashboard, and nothing of our own echoes."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from stream.adapters.kafka import Publisher
from stream.adapters.topics import Topic
from stream.core.commands import Actor, ActorKind, Reply, SetState
from stream.core.ticket import Ticket, TicketState
from stream.settings import Settings
from stream.simulator.evolution_server import DEFAULT_KEY, EvolutionServer
from stream.simulator.instance import Group, Instance
from stream.simulator.shapes import Person, group_key, text_message, upsert
from tests.end_to_end.system import SECRET, System

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]
GROUP = "120363401000000001@g.us"  # of the demo: the team may act on its tickets
SARAH = Person("Sarah", lid="80000000000021@lid", phone="447700900021@s.whatsapp.net")
REQUEST = "Hi, order 48213 has not arrived, it was due on Monday. Can someone check please?"
ECHOES = 1000 if os.environ.get("GROUPDESK_TEST_LONG") == "1" else 100
ANN = Actor(kind=ActorKind.DASHBOARD, name="Ann")


@pytest.fixture
def system(settings: Settings) -> Iterator[System]:
    system = System(settings)
    yield system
    system.close()


async def until(what: str, look: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := await asyncio.to_thread(look)):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        await asyncio.sleep(0.1)
    return found


def write(evolution: EvolutionServer, instance: Instance, message_id: str, text: str) -> None:
    at = int(time.time())
    data = upsert(
        group_key(GROUP, message_id, SARAH), SARAH.name, "conversation", text_message(text, at=at), at=at, instance_id="i"
    )
    evolution.receive(instance, data)


def echo(number: int) -> dict[str, Any]:
    """Return what comes back of a message of ours whose words, said by a customer, would be a request."""
    key = {"remoteJid": GROUP, "fromMe": True, "id": f"3EB0{number:08}"}
    message = text_message(f"{REQUEST} ({number})", at=int(time.time()))
    data = upsert(key, "Você", "conversation", message, at=int(time.time()), instance_id="i", status="PENDING", source="web")
    return {"event": "send.message", "instance": "cs-ticket-monitor", "data": data, "sender": "15550100001@s.whatsapp.net"}


async def test_the_group_sees_what_the_dashboard_does_and_our_own_echoes_do_nothing(system: System) -> None:
    async with EvolutionServer() as evolution:
        instance = evolution.add_instance("cs-ticket-monitor", webhook_url=f"{system.url}/webhook/cs-tickets", secret=SECRET)
        instance.groups[GROUP] = Group(GROUP, "Bluebird", [SARAH])
        system.environment |= {"EVOLUTION_API_URL": evolution.url, "EVOLUTION_API_KEY": DEFAULT_KEY, "SEND_GAP_S": "0"}
        for role in ("bridge", "worker", "sender"):
            system.start(role)
        await asyncio.to_thread(system.wait_until_ready, "worker", "sender", "whatsapp", seconds=90)
        publisher = Publisher(system.settings)

        write(evolution, instance, "AC01", REQUEST)
        ticket: Ticket = await until("the ticket", lambda: next(iter(system.tickets().values()), None))

        def ask(command: Reply | SetState) -> None:
            publisher.publish(Topic.COMMANDS, GROUP, command.to_json())

        common: dict[str, Any] = {"ticket_id": ticket.id, "group": GROUP, "actor": ANN}
        ask(Reply(id="c1", at=datetime.now(UTC), text="We have found it, it comes today.", **common))
        await until("the reply", lambda: len(instance.sent) == 1)
        assert instance.sent[0]["message"]["conversation"] == "We have found it, it comes today."
        ask(SetState(id="c2", at=datetime.now(UTC), state=TicketState.RESOLVED, **common))
        await until("the reaction", lambda: len(instance.sent) == 2)
        reaction = instance.sent[1]["message"]["reactionMessage"]
        assert (reaction["text"], reaction["key"]["id"], reaction["key"]["participant"]) == ("☑️", "AC01", SARAH.lid)

        posted = await asyncio.gather(*(asyncio.to_thread(system.post, echo(number)) for number in range(ECHOES)))
        assert {answer.status_code for answer in posted} == {200}
        await until("all to be handled", lambda: system.health()["counts"]["seen"] >= ECHOES + 3)
        write(evolution, instance, "AC02", "ok thanks")  # what comes after them is handled after them
        counts = await until("what comes after", lambda: (c := system.health()["counts"])["seen"] >= ECHOES + 4 and c)
        assert (counts["tickets_opened"], counts["dead_letters"]) == (1, 0)
        assert [each.state for each in system.tickets().values()] == [TicketState.RESOLVED]
        assert len(instance.sent) == 2
        publisher.close()
