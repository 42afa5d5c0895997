"""Who may post: the shared secret in `X-Webhook-Secret`, or an HS256 bearer that Evolution signs with it (`jwt_key`)."""

from __future__ import annotations

import hashlib
import hmac
import warnings
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from stream.errors import SettingsError

if TYPE_CHECKING:
    from jwt.types import Options

HEADER = "X-Webhook-Secret"
# Evolution signs once an event with 600 s to live and retries for longer than that; a 401 would be its last try.
LEEWAY = timedelta(minutes=30)
_LONGEST_BEARER = 4_096
# What stands in examples is known to everybody.
_SAMPLES = frozenset({"change-me", "changeme", "change_me", "replace-me", "your-secret", "your-webhook-secret", "example"})


class Gate:
    """Lets in whoever knows one of the secrets. Every secret is compared, in constant time, by digests of one size."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = [secret for secret in secrets if secret]
        if not self._secrets:
            raise SettingsError("WEBHOOK_SECRET is empty: set it to a random text of 32 characters or more.")
        if any(secret.lower() in _SAMPLES for secret in self._secrets):
            raise SettingsError("WEBHOOK_SECRET is the sample from an example: set it to a random text, or leave it empty.")
        self._digests = [_digest(secret) for secret in self._secrets]

    def admits(self, headers: Mapping[str, str]) -> bool:
        """Tell whether these headers carry a valid secret or bearer."""
        told = headers.get(HEADER)
        if told is not None:
            return self.knows(told)
        scheme, _, bearer = headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self._is_signed(bearer.strip())

    def knows(self, told: str) -> bool:
        """Tell whether this is one of the secrets."""
        digest = _digest(told)
        # A sum, so that no match ends the comparison early.
        return sum(hmac.compare_digest(digest, known) for known in self._digests) > 0

    def _is_signed(self, bearer: str) -> bool:
        if not bearer or len(bearer) > _LONGEST_BEARER:
            return False
        return sum(_verifies(bearer, secret) for secret in self._secrets) > 0


def _digest(text: str) -> bytes:
    # Header bytes beyond ASCII arrive as surrogates.
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


def _verifies(bearer: str, secret: str) -> bool:
    import jwt  # noqa: PLC0415 - brings a cryptography library that most installations never need: 0.15 s of the start

    options: Options = {"require": ["exp"], "verify_aud": False}
    try:
        with warnings.catch_warnings():
            # A short secret is told of by `groupdesk check`, where it can be read.
            warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)
            jwt.decode(bearer, secret, algorithms=["HS256"], leeway=LEEWAY, options=options)
    except (jwt.InvalidTokenError, ValueError):
        return False
    return True
