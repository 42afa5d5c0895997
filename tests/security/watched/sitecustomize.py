"""Loaded by every Python that has this folder on its path: writes down whom the process calls, and the names it looks up."""

from __future__ import annotations

import os
import sys
from typing import Any

_FILE = os.open(os.environ["WATCHED_FILE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def _write_down(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg") and isinstance(arguments[1], tuple):
        host, port = arguments[1][:2]
        os.write(_FILE, f"{event} {host} {port}\n".encode())
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        os.write(_FILE, f"{event} {arguments[0]}\n".encode())


sys.addaudithook(_write_down)
