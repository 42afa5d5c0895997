"""Sends the load as Evolution does: each webhook until it is taken, some twice or three times, and not in order."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable

import aiohttp

from tests.proof.chat import Chat, Post
from tests.proof.scenario import Scenario

_AT_ONCE = 48
_TIMEOUT = aiohttp.ClientTimeout(total=15)


class Driver:
    """`accepted` counts the 2xx answers of each webhook; `answers` all answers, 0 for none."""

    def __init__(
        self, url: str, secret: str, chat: Chat, scenario: Scenario, is_behind: Callable[[], bool] = lambda: False
    ) -> None:
        self._url = url
        self._is_behind = is_behind
        self.accepted: Counter[str] = Counter()
        self.answers: Counter[int] = Counter()
        self.sent: dict[str, str] = {}  # token -> kind
        self.waits_s: list[float] = []  # from the first try until it was taken
        self._headers = {"X-Webhook-Secret": secret, "Content-Type": "application/json"}
        self._chat = chat
        self._scenario = scenario
        self._dice = random.Random(f"driver {scenario.seed}")
        self._window: list[tuple[Post, int]] = []  # with how many more times it is to be sent
        self._left = scenario.messages
        self._due = time.monotonic()

    @property
    def share(self) -> float:
        """How much of the load has been sent for the first time, from 0 to 1."""
        return len(self.sent) / max(1, self._scenario.messages)

    def end(self) -> None:
        """Send nothing more for the first time; what is under way is sent until it is taken."""
        self._left = 0
        self._window.clear()

    async def run(self) -> None:
        """Return when everything has been taken."""
        async with aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False) as session:
            await asyncio.gather(*(self._send_forever(session) for _ in range(_AT_ONCE)))

    async def _send_forever(self, session: aiohttp.ClientSession) -> None:
        while (post := self._draw()) is not None:
            delay = self._due - time.monotonic()
            self._due = max(self._due, time.monotonic() - 1.0) + 1.0 / self._scenario.rate
            if delay > 0:
                await asyncio.sleep(delay)
            while self._is_behind():  # noqa: ASYNC110 - another thread tells
                await asyncio.sleep(0.2)
            await self._send(session, post)

    def _draw(self) -> Post | None:
        """Return what is sent next: one out of a window, so that webhooks overtake each other."""
        while self._left > 0 and len(self._window) < self._scenario.window:
            self._left -= 1
            again = self._dice.choice((1, 2)) if self._dice.random() < self._scenario.duplicates else 0
            self._window.append((self._chat.post(int(time.time())), again))
        if not self._window:
            return None
        place = self._dice.randrange(len(self._window)) if self._dice.random() < 0.2 else 0
        post, again = self._window[place]
        if again:
            self._window[place] = (post, again - 1)
            self._window.append(self._window.pop(place))
        else:
            del self._window[place]
        self.sent[post.token] = post.kind
        return post

    async def _send(self, session: aiohttp.ClientSession, post: Post) -> None:
        began, pause = time.monotonic(), 0.1
        while True:
            status = await self._try(session, post)
            self.answers[status] += 1
            if 200 <= status < 300:
                self.accepted[post.token] += 1
                self.waits_s.append(time.monotonic() - began)
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)

    async def _try(self, session: aiohttp.ClientSession, post: Post) -> int:
        try:
            async with session.post(self._url, data=post.body, headers=self._headers) as response:
                await response.read()
                return response.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0
