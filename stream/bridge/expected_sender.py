"""Where webhooks should come from: the host of EVOLUTION_API_URL, looked up anew every minute, for containers move."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

_EVERY_S = 60.0


async def keep_expecting(evolution_api_url: str, expect: Callable[[Iterable[str]], None]) -> None:
    """Tell `expect` the addresses of that host, again and again, until cancelled; a host that is not known yet has none."""
    host = urlsplit(evolution_api_url).hostname
    while host:
        expect(await _addresses(host))
        await asyncio.sleep(_EVERY_S)


async def _addresses(host: str) -> set[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return set()
    return {str(address[0]) for *_, address in found}
