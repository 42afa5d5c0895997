"""Listening: a port of our own, a cap on connections, and a clear word when another program has the port."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import resource

from aiohttp import web

from stream.errors import PortTaken

MAX_CONNECTIONS = 2_500  # the bound of requests in flight, and some for health checks
_FILES_WANTED = 4_096
_BACKLOG = 512
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class _Refusal(asyncio.Protocol):
    """Answers a connection over the cap, unread."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(_FULL)
        transport.close()


async def listen(runner: web.AppRunner, host: str, port: int) -> asyncio.Server:
    """Serve the runner's application on this address; raises `PortTaken`."""
    server = runner.server
    if server is None:
        raise RuntimeError("set the runner up first")

    def accept() -> asyncio.Protocol:
        return _Refusal() if len(server.connections) >= MAX_CONNECTIONS else server()

    try:
        return await asyncio.get_running_loop().create_server(accept, host, port, backlog=_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"Port {port} on {host} is in use by another program; stop that one or set BRIDGE_PORT to another."
            ) from error
        raise


def allow_many_files() -> None:
    """Raise this process's limit of open files, where the system lets it: each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_WANTED if hard == resource.RLIM_INFINITY else min(_FILES_WANTED, hard)
    if soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
