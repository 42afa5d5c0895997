"""When a broker serves: its port listens, then all its nodes answer an admin client."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence

from stream.adapters.topic_admin import live_brokers
from stream.broker.child import Child
from stream.errors import BrokerError
from stream.settings import Settings

HOST = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on now, all different."""
    sockets = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_for_port(child: Child, port: int, timeout_s: float = 60) -> None:
    """Return when the process listens on this port; raises `BrokerError` with its last words when it does not."""
    _wait([child], lambda: _listens(port), timeout_s)


def wait_for_brokers(children: Sequence[Child], bootstrap: str, count: int, timeout_s: float = 60) -> None:
    """Return when that many brokers serve; raises `BrokerError` when one ends or it takes longer."""
    settings = Settings.model_construct(kafka_bootstrap_servers=bootstrap)
    ports = [int(address.rpartition(":")[2]) for address in bootstrap.split(",")]

    def serve() -> bool:
        try:
            return all(_listens(port) for port in ports) and live_brokers(settings) >= count
        except BrokerError:
            return False

    _wait(children, serve, timeout_s)


def _wait(children: Sequence[Child], is_ready: Callable[[], bool], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_ready():
        for child in children:
            if not child.is_alive():
                raise BrokerError(f"The broker ended while it started; see {child.log_file.parent} ({child.last_words()})")
        if time.monotonic() > deadline:
            raise BrokerError(f"The broker was not ready after {timeout_s:.0f} s; see {children[0].log_file.parent}.")
        time.sleep(0.02)


def _listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True
