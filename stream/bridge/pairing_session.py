"""Who may see the QR code: whoever knows the operator secret. A browser gets a cookie for it that lasts an hour."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

HEADER = "X-Operator-Secret"
COOKIE = "groupdesk_operator"
LASTS = timedelta(hours=1)
# So many wrong secrets in a row, and nobody gets in for a minute: the page stands in a network, not behind a wall.
_MOST_FAILURES = 5
_PAUSE = timedelta(minutes=1)


class OperatorDoor:
    """Checks the secret and makes cookies. The cookie holds an expiry and its signature, never the secret."""

    def __init__(self, secret: str) -> None:
        if not secret:
            raise ValueError("a door without a secret would let everybody in")
        self._key = hashlib.sha256(b"groupdesk operator\x00" + secret.encode()).digest()
        self._digest = hashlib.sha256(secret.encode()).digest()
        self._failures = 0
        self._closed_until: datetime | None = None

    def is_closed(self, now: datetime) -> bool:
        """Tell whether too many wrong secrets came lately."""
        return self._closed_until is not None and now < self._closed_until

    def knows(self, told: str, now: datetime) -> bool:
        """Tell whether this is the secret; counts what is not."""
        if self.is_closed(now):
            return False
        digest = hashlib.sha256(told.encode("utf-8", "surrogateescape")).digest()
        if hmac.compare_digest(digest, self._digest):
            self._failures = 0
            return True
        self._failures += 1
        if self._failures >= _MOST_FAILURES:
            self._failures = 0
            self._closed_until = now + _PAUSE
        return False

    def issue(self, now: datetime) -> str:
        """Return a cookie for somebody who knew the secret."""
        expires = str(int((now + LASTS).timestamp()))
        return f"{expires}.{self._sign(expires)}"

    def accepts(self, cookie: str, now: datetime) -> bool:
        """Tell whether a cookie is ours and has not expired."""
        expires, _, signature = cookie.partition(".")
        expected = self._sign(expires)
        is_ours = hmac.compare_digest(signature.encode("utf-8", "surrogateescape"), expected.encode())
        return is_ours and expires.isascii() and expires.isdigit() and int(expires) > now.timestamp()

    def _sign(self, expires: str) -> str:
        return hmac.new(self._key, expires.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
