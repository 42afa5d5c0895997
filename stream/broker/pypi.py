"""The evaluation broker from PyPI (noida-db): speaks Kafka's protocol from one small binary, keeps its data only loosely."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from stream.broker.child import Child
from stream.broker.readiness import HOST
from stream.errors import BrokerError


def find_binary() -> Path | None:
    """Return the server itself, not the script beside it: that one leaves the server running when it is stopped."""
    package = importlib.util.find_spec("noida_db")
    if package is None or package.origin is None:
        return None
    binary = Path(package.origin).with_name("noida-db")
    return binary if binary.is_file() else None


def prepare_server(folder: Path, port: int) -> Child:
    """Return the server's process, not yet started; raises `BrokerError` when the package is not installed."""
    binary = find_binary()
    if binary is None:
        raise BrokerError("Install Java 17 and Maven for Apache Kafka, or the small broker with: pip install 'groupdesk[trial]'.")
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        str(binary),
        "start",
        "--only",
        "kafka",
        "--host",
        HOST,
        "--kafka-port",
        str(port),
        "--data-dir",
        str(folder / "data"),
    ]
    return Child(command, folder / "console.log", folder / "pid")
