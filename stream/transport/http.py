"""One HTTP call to a fixed host: no redirects, no proxies from the environment, bounded in time and size, errors classified."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import orjson
import yarl

from stream.errors import SettingsError
from stream.transport import failures
from stream.transport.failures import CallFailed, Verdict

# findMessages of a busy day and fetchAllGroups with people stay far below.
MAX_ANSWER_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Endpoint:
    """The one host that a client may talk to, and the headers of every call."""

    base_url: str
    headers: dict[str, str]

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise SettingsError(f"{self.base_url!r} is no usable address of an API; it looks like http://evolution:8080.")

    def url(self, *segments: str, query: dict[str, str] | None = None) -> yarl.URL:
        """Return the address of a path whose segments are data: each is quoted whole, so none can leave its place."""
        if any(segment in {"", ".", ".."} for segment in segments):
            raise SettingsError("A part of an API path is empty or a dot; check CS_INSTANCE.")
        path = "/".join(quote(segment, safe="") for segment in segments)
        url = yarl.URL(f"{self.base_url.rstrip('/')}/{path}", encoded=True)
        return url.with_query(query) if query else url


class JsonHttp:
    """Speaks JSON with one endpoint. Belongs to one event loop; `close` it there."""

    def __init__(self, endpoint: Endpoint, timeout_s: float, classify: Callable[[int, Any], Verdict] = failures.classify) -> None:
        self._classify = classify
        self.endpoint = endpoint
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self,
        method: str,
        *segments: str,
        query: dict[str, str] | None = None,
        body: object = None,
        timeout_s: float | None = None,
    ) -> Any:
        """Return the parsed answer; raises `CallFailed` for everything but a 2xx with JSON in it."""
        name = f"{method} /{'/'.join(segments[:2])}"
        url = self.endpoint.url(*segments, query=query)
        timeout = aiohttp.ClientTimeout(total=timeout_s or self._timeout_s, sock_connect=5)
        data = None if body is None else orjson.dumps(body)
        headers = self.endpoint.headers | ({"Content-Type": "application/json"} if data else {})
        try:
            async with self._open().request(
                method, url, data=data, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                status, raw = answer.status, await _read(answer, name)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as problem:
            raise CallFailed(failures.NOT_REACHED, call=name) from problem
        except (aiohttp.ClientError, TimeoutError) as problem:
            raise CallFailed(failures.NO_ANSWER, call=name, text=type(problem).__name__) from problem
        return _parsed(name, status, raw, self._classify)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            # One connection at a time each way would queue polls behind a slow send; four is plenty.
            self._session = aiohttp.ClientSession(trust_env=False, connector=aiohttp.TCPConnector(limit=4))
        return self._session


async def _read(answer: aiohttp.ClientResponse, name: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in answer.content.iter_chunked(65_536):
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise CallFailed(failures.BROKEN_ANSWER, call=name, status=answer.status, text="the answer is too large")
        parts.append(part)
    return b"".join(parts)


def _parsed(name: str, status: int, raw: bytes, classify: Callable[[int, Any], Verdict]) -> Any:
    try:
        answer: Any = orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        answer = None
        if 200 <= status < 300:
            raise CallFailed(failures.BROKEN_ANSWER, call=name, status=status) from None
        answer = raw[:500].decode("utf-8", "replace")
    if not 200 <= status < 300:
        raise CallFailed(classify(status, answer), call=name, status=status, text=failures.flatten(answer))
    if isinstance(answer, dict) and answer.get("error") is True:
        raise CallFailed(failures.ERROR_INSIDE, call=name, status=status, text=failures.flatten(answer))
    return answer
