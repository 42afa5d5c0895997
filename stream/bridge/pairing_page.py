"""GET /qr-cs: pairs the number from a phone or a browser, and shows how the connection is.

    GET  /qr-cs           the page, or a form that asks for the operator secret
    POST /qr-cs           the form; answers with a cookie
    GET  /qr-cs/state     what the page shows, as JSON; the page asks every two seconds
    POST /qr-cs/connect   makes the instance, sets its webhook, asks for a code ({"number": "..."} for one to type)
    POST /qr-cs/logout    ends the session

Whoever sees the code can take over the account, so it is in no log, no file and no cache.
"""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import jinja2
import segno
from aiohttp import web
from pydantic import SecretStr

from stream import logs
from stream.bridge.pairing import QR_LIVES, InstanceView, Pairing, QrCode
from stream.bridge.pairing_session import COOKIE, HEADER, LASTS, OperatorDoor
from stream.errors import GroupdeskError, SettingsError
from stream.settings import Settings
from stream.transport.evolution_client import EvolutionClient
from stream.transport.failures import CallFailed
from stream.transport.pairing import ask_for_code, ensure_paired, reason_in_words

log = logs.get(__name__)

PATH = "/qr-cs"
_TEMPLATE = jinja2.Environment(autoescape=True).from_string(files(__package__).joinpath("pairing_page.html").read_text("utf-8"))
# Evolution is asked at most so often, however many pages are open.
_ASK_EVERY = timedelta(seconds=3)
_FRESH_CODE_EVERY = timedelta(seconds=20)
_NOT_SET = "EVOLUTION_API_URL is not set, so there is nothing to pair; set it and EVOLUTION_API_KEY, and restart the bridge."
_UNSCANNED = "Nobody scanned a code for so long that Evolution stopped showing new ones; press Connect for another."
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}


class PairingPage:
    """The page's handlers. `pairing` is what the bridge heard from webhooks; Evolution itself is asked beside it."""

    def __init__(self, settings: Settings, pairing: Pairing, door: OperatorDoor, webhook_secret: SecretStr) -> None:
        self._instance = settings.cs_instance
        self._webhook_url = settings.webhook_address
        self._webhook_secret = webhook_secret
        self._pairing = pairing
        self._door = door
        self._client = EvolutionClient.of(settings) if settings.evolution_api_url else None
        self._asked_at: datetime | None = None
        self._code_asked_at: datetime | None = None
        self._state: str | None = None
        self._problem: str | None = None
        self._number: str | None = None  # for which a code to type was asked
        self._own_code: QrCode | None = None  # asked for here; the bridge hears of others by webhook

    def add_to(self, app: web.Application) -> None:
        """Put the page on the bridge's site."""
        app.router.add_get(PATH, self._page)
        app.router.add_post(PATH, self._sign_in)
        app.router.add_get(f"{PATH}/state", self._tell)
        app.router.add_post(f"{PATH}/connect", self._connect)
        app.router.add_post(f"{PATH}/logout", self._log_out)
        app.on_cleanup.append(self._close)

    async def _close(self, _app: web.Application) -> None:
        if self._client is not None:
            await self._client.close()

    async def _page(self, request: web.Request) -> web.Response:
        if not self._is_operator(request):
            return self._render(asks=True, status=401)
        return self._render(asks=False)

    async def _sign_in(self, request: web.Request) -> web.Response:
        now = datetime.now(UTC)
        told = (await request.post()).get("secret")
        if not isinstance(told, str) or not self._door.knows(told.strip(), now):
            closed = self._door.is_closed(now)
            log.warning("operator secret refused", remote=request.remote)
            wrong = "Too many wrong secrets; try again in a minute." if closed else "That is not the operator secret."
            return self._render(asks=True, status=429 if closed else 401, wrong=wrong)
        answer = web.Response(status=303, headers={"Location": PATH, **_HEADERS})
        is_secure = request.secure or request.headers.get("X-Forwarded-Proto") == "https"
        lasts = int(LASTS.total_seconds())
        answer.set_cookie(
            COOKIE, self._door.issue(now), max_age=lasts, path=PATH, httponly=True, samesite="Strict", secure=is_secure
        )
        return answer

    async def _tell(self, request: web.Request) -> web.Response:
        if not self._is_operator(request):
            return _json({"error": "sign in"}, 401)
        now = datetime.now(UTC)
        await self._ask(now)
        return _json(self._told(self._pairing.view(self._instance, now), now))

    async def _connect(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        number = await _number(request)
        return await self._do(self._begin(number))

    async def _log_out(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        log.info("logging out", instance=self._instance)
        return await self._do(self._end())

    async def _begin(self, number: str | None) -> None:
        assert self._client is not None
        now = datetime.now(UTC)
        self._code_asked_at, self._number = now, number
        found = await ensure_paired(self._client, self._webhook_url, self._webhook_secret, number)
        self._state = found.state
        if found.code is not None:
            self._hold(found.code, found.pairing_code, now)

    async def _end(self) -> None:
        assert self._client is not None
        await self._client.logout()
        self._state, self._own_code = "close", None

    async def _do(self, action: Any) -> web.Response:
        try:
            await action
        except GroupdeskError as problem:
            self._problem = str(problem)
            return _json({"error": str(problem)}, 502 if isinstance(problem, CallFailed) else 400)
        self._problem = None
        return _json({"ok": True})

    async def _ask(self, now: datetime) -> None:
        """Ask Evolution how the connection is, and for a fresh code when the last one has expired unscanned."""
        if self._client is None or (self._asked_at is not None and now - self._asked_at < _ASK_EVERY):
            return
        self._asked_at = now
        try:
            self._state = await self._client.state()
            if self._state == "connecting" and self._wants_code(now):
                self._code_asked_at = now
                found = await ask_for_code(self._client, self._number)
                self._state = found.state
                if found.code is not None:
                    self._hold(found.code, found.pairing_code, now)
            self._problem = None
        except CallFailed as problem:
            is_absent = problem.status == 404
            self._state = "absent" if is_absent else "away"
            self._problem = None if is_absent else _sentence(problem.verdict.because)

    def _wants_code(self, now: datetime) -> bool:
        is_due = self._code_asked_at is None or now - self._code_asked_at >= _FRESH_CODE_EVERY
        return is_due and self._code(now) is None and self._pairing.view(self._instance, now).problem is None

    def _hold(self, code: SecretStr, pairing_code: SecretStr | None, now: datetime) -> None:
        typed = pairing_code.get_secret_value() if pairing_code else None
        self._own_code = QrCode(code=code.get_secret_value(), image="", pairing_code=typed, shown_at=now)

    def _code(self, now: datetime) -> QrCode | None:
        """Return the newest code that has not expired, whether it came by webhook or was asked for here."""
        codes = [code for code in (self._own_code, self._pairing.view(self._instance, now).qr) if code and now < code.expires_at]
        return max(codes, key=lambda code: code.shown_at, default=None)

    def _told(self, view: InstanceView, now: datetime) -> dict[str, Any]:
        state = self._latest_state(view)
        told: dict[str, Any] = {"instance": self._instance, "state": state, "can_act": self._client is not None}
        told["problem"] = _NOT_SET if self._client is None else self._problem or (_UNSCANNED if view.problem else None)
        told["reason"] = _sentence(reason_in_words(view.reason) or "") if state in {"close", "refused"} else None
        told["own_number"] = (view.own_phone or "").partition("@")[0] or None
        told["last_event_s"] = None if view.last_event_at is None else round((now - view.last_event_at).total_seconds())
        code = self._code(now)
        if code is not None and state == "connecting":
            picture = segno.make(code.code, error="l").svg_data_uri(scale=6, border=3, dark="#000", light="#fff")
            left = max(0, round((code.expires_at - now).total_seconds()))
            told |= {"qr": picture, "expires_in_s": left, "lives_s": int(QR_LIVES.total_seconds())}
            told["pairing_code"] = code.pairing_code
        return told

    def _latest_state(self, view: InstanceView) -> str:
        """Return what was told last: by an event, which comes at once, or by Evolution when it was asked."""
        is_news = view.since is not None and (self._asked_at is None or view.since >= self._asked_at)
        return view.state if is_news or self._state is None else self._state

    def _is_operator(self, request: web.Request) -> bool:
        now = datetime.now(UTC)
        told = request.headers.get(HEADER)
        if told is not None:
            return self._door.knows(told, now)
        return self._door.accepts(request.cookies.get(COOKIE, ""), now)

    def _refused(self, request: web.Request) -> web.Response | None:
        if not self._is_operator(request):
            return _json({"error": "sign in"}, 401)
        if HEADER not in request.headers and request.headers.get("X-Groupdesk") != "pairing":
            # Another site can make a browser post a form, but not with a header of ours.
            return _json({"error": "this is not the page"}, 403)
        return None if self._client is not None else _json({"error": _NOT_SET}, 409)

    def _render(self, *, asks: bool, status: int = 200, wrong: str = "") -> web.Response:
        nonce = secrets.token_urlsafe(16)
        rules = f"default-src 'none'; img-src data:; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
        rules += "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        page = _TEMPLATE.render(asks=asks, wrong=wrong, nonce=nonce, instance=self._instance, path=PATH)
        return web.Response(
            text=page, status=status, content_type="text/html", headers={**_HEADERS, "Content-Security-Policy": rules}
        )


async def _number(request: web.Request) -> str | None:
    """Return the number that the page asks a code to type for, or None for a QR code."""
    try:
        body = json.loads(await request.text() or "{}")
    except ValueError:
        return None
    number = body.get("number") if isinstance(body, dict) else None
    return number if isinstance(number, str) and number.strip() else None


def _sentence(told: str) -> str | None:
    return f"{told[:1].upper()}{told[1:].rstrip('.')}." if told else None


def _json(body: dict[str, Any], status: int = 200) -> web.Response:
    return web.json_response(body, status=status, headers=_HEADERS)


def add_pairing_page(
    app: web.Application, settings: Settings, pairing: Pairing, operator_secret: str, webhook_secret: str
) -> None:
    """Put /qr-cs on the bridge's site; an unusable EVOLUTION_API_URL leaves it out with a line in the log."""
    try:
        page = PairingPage(settings, pairing, OperatorDoor(operator_secret), SecretStr(webhook_secret))
    except SettingsError as problem:
        log.warning("no pairing page", reason=str(problem))
        return
    page.add_to(app)
