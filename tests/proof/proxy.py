"""TCP proxies in a process of their own, that can be told to cut and to slow down what goes through them.

`python -m tests.proof.proxy HOST:PORT ...` prints the ports at which it listens for these, as JSON, and then takes commands,
one a line: `cut N`, `delay N SECONDS`, `mute N`, `heal N`, where N counts from 0.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Self

import uvloop


class Proxy:
    """Passes on to `target`. Belongs to one event loop."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.port = 0
        self.is_cut = False  # nobody gets through, and who was through is thrown out
        self.delay_s = 0.0  # of each piece
        self._open: set[asyncio.StreamWriter] = set()
        self._mute: set[asyncio.StreamWriter] = set()  # nothing goes this way any more, and nobody is told
        self._server: asyncio.Server | None = None

    async def start(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def obey(self, verb: str, *words: str) -> None:
        if verb == "mute":
            self._mute |= self._open
            return
        self.is_cut = verb == "cut"
        self.delay_s = float(words[0]) if verb == "delay" else 0.0
        if self.is_cut:
            for writer in list(self._open):
                writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, far_writer}
        self._open |= both
        try:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._pass(reader, far_writer))
                ways.create_task(self._pass(far_reader, writer))
        except* (OSError, RuntimeError):
            pass  # one side was reset: the other one learns of it now, as it would without us
        finally:
            self._open -= both
            self._mute -= both
            for one in both:
                one.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(262_144):
            if writer in self._mute:
                continue
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            writer.write(piece)
            await writer.drain()
        if writer not in self._mute:
            writer.write_eof()


class Network:
    """The process, seen from the run. `ports` are in the order of the targets."""

    def __init__(self, targets: Sequence[int]) -> None:
        command = [sys.executable, "-m", "tests.proof.proxy", *(f"127.0.0.1:{port}" for port in targets)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.ports: list[int] = json.loads(self._process.stdout.readline())
        self.is_cut = False

    def cut(self, number: int) -> None:
        """End all connections of a proxy with a reset, and let nobody in until `heal`."""
        self.is_cut = True
        self._tell(f"cut {number}")

    def slow_down(self, seconds: float) -> None:
        for number in range(len(self.ports)):
            self._tell(f"delay {number} {seconds}")

    def mute(self, number: int) -> None:
        """Let nothing pass on the connections that there are, and tell neither side; new ones work."""
        self._tell(f"mute {number}")

    def heal(self) -> None:
        self.is_cut = False
        for number in range(len(self.ports)):
            self._tell(f"heal {number}")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()


async def main() -> None:
    places = [target.rpartition(":") for target in sys.argv[1:]]
    proxies = [await Proxy((host, int(port))).start() for host, _, port in places]
    print(json.dumps([proxy.port for proxy in proxies]), flush=True)  # noqa: T201 - for whoever started us
    while line := await asyncio.to_thread(sys.stdin.readline):
        verb, number, *words = line.split()
        proxies[int(number)].obey(verb, *words)


if __name__ == "__main__":
    uvloop.run(main())
