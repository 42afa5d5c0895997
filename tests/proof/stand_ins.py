"""The outside: Kafka behind proxies, and the stand-ins of WhatsApp, the model and Google, failing as their own tests have it."""

from __future__ import annotations

import json
import random
import socketserver
import sys
import threading
from pathlib import Path
from typing import Any

from stream.broker import running
from stream.broker.jars import Distribution, find_kafka
from stream.simulator.evolution_server import EvolutionServer
from stream.simulator.instance import Group, Instance
from stream.simulator.mischief import Mischief, SendFault
from stream.simulator.webhooks import Retries
from tests.proof.chat import INSTANCE, Chat
from tests.proof.proxy import Network
from tests.proof.town import Town
from tests.stand_ins.openai_server import Reply, Request, answer, item
from tests.stand_ins.sheets_faults import Faults
from tests.stand_ins.sheets_server import SheetsServer

# Those after which the sender holds everything for a person are tried by tests of their own.
SEND_FAULTS = tuple(fault for fault in SendFault if fault not in {
    SendFault.UNAUTHORIZED, SendFault.FORBIDDEN_BY_WHATSAPP, SendFault.LICENCE,
})  # fmt: skip


class Kafka:
    """Apache Kafka on this machine; whoever talks to it goes through a proxy: the nodes name the proxies' ports as theirs."""

    def __init__(self, folder: Path, nodes: int, bridge_port: int) -> None:
        found = find_kafka(lambda _: None, None)
        if not isinstance(found, Distribution):
            raise SystemExit(f"The proof needs Apache Kafka, and it cannot run here: {found}.")
        self.broker = running._apache(found, folder / "broker", nodes, lambda _: None)
        plain = [int(address.rpartition(":")[2]) for address in self.broker.bootstrap.split(",")]
        self.network = Network([*plain, bridge_port])
        *ports, self.bridge_port = self.network.ports
        for number, port in enumerate(ports, 1):
            with (folder / "broker" / f"node-{number}" / "kafka.properties").open("a") as properties:
                properties.write(f"advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n")
        self.bootstrap = ",".join(f"127.0.0.1:{port}" for port in ports)
        self.broker.start()

    def close(self) -> None:
        self.broker.stop()
        self.network.close()

    def kill(self, number: int) -> None:
        """Kill a node and start it again."""
        self.broker.nodes[number].kill()
        self.broker.nodes[number].start()
        running.wait_for_brokers([self.broker.nodes[number]], self.broker.bootstrap, len(self.broker.nodes), 90)

    def restart(self, number: int) -> None:
        """Stop a node in order and start it again."""
        self.broker.nodes[number].stop(20)
        self.broker.nodes[number].start()
        running.wait_for_brokers([self.broker.nodes[number]], self.broker.bootstrap, len(self.broker.nodes), 90)


class WhatsApp:
    """Evolution's stand-in. `sent` is what groups really got."""

    def __init__(self, town: Town, chat: Chat, webhook_url: str, secret: str, *, seed: int, rate: float) -> None:
        self._town = town
        self.mischief = Mischief(seed=seed, hold_seconds=6.0)
        self.mischief.send_rates = dict.fromkeys(SEND_FAULTS, rate / len(SEND_FAULTS))
        self.mischief.duplicate = rate / 2
        retries = Retries(attempts=10_000, initial=0.5, maximum=3.0, timeout=15.0)
        self.server = EvolutionServer(mischief=self.mischief, retries=retries)
        town.call(self.server.start())
        self.instance: Instance = self.server.add_instance(INSTANCE, webhook_url=webhook_url, secret=secret)
        for room in chat.rooms:
            self.instance.groups[room.jid] = Group(room.jid, f"Shop {room.jid[:6]}", list(room.people))

    def sent(self) -> list[tuple[str, str]]:
        """Return (group, text) of all texts and (group, target and emoji) of all reactions that arrived."""
        found = []
        for row in list(self.instance.sent):
            message = row["message"]
            reaction = message.get("reactionMessage")
            said = f"{reaction['key']['id']} {reaction['text']}" if reaction else str(message.get("conversation"))
            found.append((str(row["key"]["remoteJid"]), said))
        return found

    def fail(self, kind: str) -> None:
        """Let the whole of it fail: its `database`, its `socket`, or its `pairing`."""
        if kind == "database":
            self.mischief.is_database_down = True
        elif kind == "socket":
            self.mischief.is_socket_dead = True
        else:
            self._town.call(self.server.log_out(self.instance))

    def mend(self, kind: str) -> None:
        self.mischief.is_database_down = False
        self.mischief.is_socket_dead = False
        if kind == "pairing":
            self._town.call(self.server.scan(self.instance))

    def close(self) -> None:
        self._town.call(self.server.stop())


_USELESS = (
    lambda: Reply(content=None, refusal="I cannot help with that"),
    lambda: Reply(content="", finish_reason="content_filter"),
    lambda: Reply(content="These look like tickets to me."),
    lambda: Reply(content='{"items":[{"ref":1,"label":"tick', finish_reason="length"),
    lambda: answer(item(1, "complaint")),
    lambda: answer(item(7, "noise"), item(0, "noise")),
    lambda: Reply(content="x" * 1_000_000),
    lambda: Reply(raw=b"<html>Welcome</html>"),
    lambda: Reply(status=500, error="boom"),
    lambda: Reply(status=503, error="overloaded"),
    lambda: Reply(status=429, error="slow down", headers={"Retry-After": "1"}),
    lambda: Reply(content="late", hang_s=3),
    lambda: Reply(content="x" * 60, drip_s=0.1),
    lambda: Reply(content="x" * 400, cut_at=30),
)


class Model:
    """The script of the model's stand-in: the same of the same text, unless it fails."""

    def __init__(self, seed: int, rate: float) -> None:
        self._dice = random.Random(f"model {seed}")
        self._lock = threading.Lock()
        self.rate = rate
        self.failed = 0

    def __call__(self, request: Request, _number: int) -> Reply:
        with self._lock:
            fails = self._dice.random() < self.rate
            self.failed += fails
            kind = self._dice.choice(_USELESS)
        if fails:
            return kind()
        said = []
        for one in request.part["classify"]:
            label = ("ticket", "update", "noise")[sum(one["text"].encode()) % 3]
            more: dict[str, Any] = {"title": "Asked of the model"} if label == "ticket" else {}
            said.append(item(one["ref"], label, **more))
        return answer(*said)


def expect_clients_to_die() -> None:
    """Let servers of the standard library say nothing of a client that was killed in the middle of a sentence."""
    tell = socketserver.BaseServer.handle_error

    def tell_of_others(server: socketserver.BaseServer, request: Any, address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError | json.JSONDecodeError):
            tell(server, request, address)

    socketserver.BaseServer.handle_error = tell_of_others


def google(seed: int, rate: float) -> SheetsServer:
    """Return Google's stand-in, serving, with a tab for tickets."""
    server = SheetsServer(Faults(rate=rate, seed=seed), quota=60)
    server.books["sheet"].add_tab("Tickets")
    return server
