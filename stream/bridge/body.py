"""Reading a request's body: bounded in size and time."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from aiohttp import web

MAX_BODY = 1_048_576
DEADLINE_S = 10.0
_KEPT_OF_TOO_LARGE = 1_024


class TooLarge(NamedTuple):
    """A body over the limit: how it began, and how long it said or showed itself to be."""

    start: bytes
    size: int


async def read_body(request: web.Request) -> bytes | TooLarge:
    """Return the body, or the start of one that is too large; raises `TimeoutError` when it does not come in time."""
    told = request.content_length or 0
    if told <= MAX_BODY and request.content.is_eof() and (whole := request.content.read_nowait()):
        return whole  # all of it came with the headers
    async with asyncio.timeout(DEADLINE_S):
        if told > MAX_BODY:
            return TooLarge((await request.content.readany())[:_KEPT_OF_TOO_LARGE], told)
        chunks: list[bytes] = []
        size = 0
        while chunk := await request.content.readany():
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_BODY:
                return TooLarge(b"".join(chunks)[:_KEPT_OF_TOO_LARGE], size)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
