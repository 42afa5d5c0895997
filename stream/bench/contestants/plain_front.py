"""The plain front: a handler of aiohttp that reads JSON, has it stored with acks=all and answers. No checks, no spool."""

from __future__ import annotations

import asyncio

import orjson
import uvloop
from aiohttp import web
from aiokafka import AIOKafkaProducer

from stream.bench.contestants.task import Task, read_task


def build_front(task: Task) -> web.Application:
    """Return the web application."""
    app = web.Application()
    producer: AIOKafkaProducer

    async def connect(_app: web.Application) -> None:
        nonlocal producer
        producer = AIOKafkaProducer(bootstrap_servers=task.servers, acks="all", linger_ms=2, max_batch_size=131_072)
        await producer.start()

    async def store(request: web.Request) -> web.Response:
        body = await request.read()
        read = orjson.loads(body)
        await producer.send_and_wait(task.source, body, key=read["data"]["key"]["remoteJid"].encode())
        return web.json_response({"ok": True})

    async def ready(_request: web.Request) -> web.Response:
        return web.Response()

    app.on_startup.append(connect)
    app.router.add_post("/webhook/cs-tickets", store)
    app.router.add_get("/readyz", ready)
    return app


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    task = read_task()
    web.run_app(build_front(task), host="127.0.0.1", port=task.port, access_log=None, print=lambda *_: None)
