"""The bridge's web application: which path goes where, and empty answers for everything else."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable

from aiohttp import web

from stream import logs
from stream.bridge.health import HealthPages
from stream.bridge.pairing import Pairing
from stream.bridge.webhook import Webhook

log = logs.get(__name__)

PAIRING = web.AppKey("pairing", Pairing)  # for the page that shows the QR code
PATH = "/webhook/cs-tickets"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def build_site(webhook: Webhook, pages: HealthPages, pairing: Pairing) -> web.Application:
    """Return the application; other pages may be added to its router before it is served."""
    site = web.Application(middlewares=[_say_little])
    site[PAIRING] = pairing
    site.router.add_post(PATH, webhook.post)
    # Evolution appends the event's name, with two slashes if the address ended in one; the body says which event it is.
    site.router.add_post(PATH + "/{event:.*}", webhook.post)
    site.router.add_get(PATH, pages.report)
    site.router.add_get("/healthz", pages.alive)
    site.router.add_get("/readyz", pages.ready)
    site.router.add_get("/metrics", pages.metrics)
    return site


@web.middleware
async def _say_little(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 404 and 405 without a body, and a fault of ours with 503: Evolution tries again later."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return web.Response(status=error.status, headers=headers)
    except Exception as error:  # noqa: BLE001 - the last line of defence: no webhook ends in a traceback or is lost
        # No traceback: it could quote the message.
        log.error("a request failed", error=type(error).__name__, line=_where(error))  # noqa: TRY400 - see above
        return web.Response(status=503, headers={"Retry-After": "5"})


def _where(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"
