"""Scripted viewers: they speak Streamlit's own protocol, and ask for every refresh as a browser on the Board does."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import aiohttp
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg


@dataclass
class Watched:
    """What the viewers met, in seconds: their first whole page, and each refresh of a part of it."""

    firsts: list[float] = field(default_factory=list)
    refreshes: list[float] = field(default_factory=list)


def watch(url: str, viewers: int, refreshes: int, every_s: float) -> Watched:
    """Let so many viewers look at once; each asks for so many rounds of refreshes, one round in `every_s` (0: at once)."""
    with ThreadPoolExecutor(1) as thread:  # the browser holds an event loop in this one
        return thread.submit(asyncio.run, _watch(url, viewers, refreshes, every_s)).result()


async def _watch(url: str, viewers: int, rounds: int, every_s: float) -> Watched:
    found = Watched()
    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(_look(session, url, number, rounds, every_s, found) for number in range(viewers)))
    return found


async def _look(session: aiohttp.ClientSession, url: str, number: int, rounds: int, every_s: float, found: Watched) -> None:
    await asyncio.sleep(number * min(0.2, every_s))
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    async with session.ws_connect(address, protocols=["streamlit"], headers={"Origin": url}, max_msg_size=0) as socket:
        parts: dict[str, float] = {}

        async def ask(message: BackMsg) -> float:
            began = time.perf_counter()
            await socket.send_bytes(message.SerializeToString())
            while True:
                told = ForwardMsg()
                told.ParseFromString((await socket.receive(timeout=120)).data)
                kind = told.WhichOneof("type")
                if kind == "auto_rerun":
                    parts[told.auto_rerun.fragment_id] = told.auto_rerun.interval
                if kind == "script_finished":
                    return time.perf_counter() - began

        first = BackMsg()
        first.rerun_script.query_string = ""
        found.firsts.append(await ask(first))
        for _ in range(rounds):
            began = time.perf_counter()
            for fragment in list(parts):
                again = BackMsg()
                again.rerun_script.fragment_id = fragment
                again.rerun_script.is_auto_rerun = True
                found.refreshes.append(await ask(again))
            await asyncio.sleep(max(0.0, every_s - (time.perf_counter() - began)))
