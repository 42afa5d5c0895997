"""How Evolution words a refusal."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from stream.simulator.evolution_server import EvolutionServer

# The server that an application belongs to; the two API modules find it here.
STAND_IN: web.AppKey[EvolutionServer] = web.AppKey("stand_in")


class Refusal(Exception):
    """An error answer; `message` is a string, a list, or a list of lists, as Evolution pleases."""

    def __init__(self, status: int, message: object) -> None:
        super().__init__(status)
        self.status = status
        self.message = message


def error_answer(status: int, message: object) -> web.Response:
    """Return an error in the shape of most of Evolution's."""
    body = {"status": status, "error": HTTPStatus(status).phrase, "response": {"message": message}}
    return web.json_response(body, status=status)


def licence_answer() -> web.Response:
    """Return what 2.4 answers to every call until its licence is activated online."""
    body = {"error": "service not activated", "code": "LICENSE_REQUIRED", "register_url": "https://example.invalid/register"}
    return web.json_response(body, status=503)
