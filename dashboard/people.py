"""Who is looking, and what they may do: OIDC where it is configured, else passwords, else everybody on this machine."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from stream.settings import Settings

SESSION_S = 12 * 3600
ATTEMPTS_A_MINUTE = 10
COOKIE = "groupdesk_session"


class Role(StrEnum):
    """Viewers look, operators also act on tickets, admins also run the system."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def may(self, needed: Role) -> bool:
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True)
class Visitor:
    """One person at one browser. `name` stands in the audit trail beside everything they do."""

    name: str
    role: Role

    @property
    def may_act(self) -> bool:
        return self.role.may(Role.OPERATOR)

    @property
    def may_reveal(self) -> bool:
        return self.role.may(Role.OPERATOR)


def has_password(settings: Settings) -> bool:
    """Tell whether a password guards the dashboard."""
    return any(_passwords(settings).values())


def role_for_password(settings: Settings, given: str) -> Role | None:
    """Return the role that this password opens, compared in constant time; None when it opens nothing."""
    opened = None
    for role, password in _passwords(settings).items():
        if password and hmac.compare_digest(password.encode(), given.encode()):
            opened = role
    return opened


def role_for_email(settings: Settings, email: str) -> Role:
    """Return the role of somebody who signed in by OIDC: whoever is not listed may look."""
    mine = email.strip().casefold()
    for role, listed in ((Role.ADMIN, settings.dashboard_admins), (Role.OPERATOR, settings.dashboard_operators)):
        if mine and mine in {one.strip().casefold() for one in listed.split(",")}:
            return role
    return Role.VIEWER


def seal(visitor: Visitor, settings: Settings, now_s: float) -> str:
    """Return a cookie value that proves who signed in, for 12 hours or until a password changes."""
    body = base64.urlsafe_b64encode(
        json.dumps({"name": visitor.name, "role": visitor.role, "until": now_s + SESSION_S}).encode()
    ).decode()
    return f"{body}.{_signature(body, settings)}"


def unseal(cookie: str | None, settings: Settings, now_s: float) -> Visitor | None:
    """Return whom a cookie names, or None when it is missing, old or not of our making."""
    body, _, signature = (cookie or "").partition(".")
    if not body or not hmac.compare_digest(signature.encode(), _signature(body, settings).encode()):
        return None
    told = json.loads(base64.urlsafe_b64decode(body))
    return Visitor(told["name"], Role(told["role"])) if told["until"] > now_s else None


class Attempts:
    """Counts wrong passwords of all visitors together, so that nobody can try many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wrong: deque[float] = deque(maxlen=ATTEMPTS_A_MINUTE)

    def note_wrong(self) -> None:
        with self._lock:
            self._wrong.append(time.monotonic())

    def are_too_many(self) -> bool:
        with self._lock:
            return len(self._wrong) == ATTEMPTS_A_MINUTE and time.monotonic() - self._wrong[0] < 60


def _passwords(settings: Settings) -> dict[Role, str]:
    return {
        Role.VIEWER: settings.dashboard_viewer_password.get_secret_value(),
        Role.OPERATOR: settings.dashboard_operator_password.get_secret_value(),
        Role.ADMIN: settings.dashboard_password.get_secret_value(),
    }


def _signature(body: str, settings: Settings) -> str:
    key = hashlib.sha256("\x00".join(["groupdesk session", *_passwords(settings).values()]).encode()).digest()
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()
