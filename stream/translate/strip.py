"""What is not kept of a payload: secrets, addresses of media, keys, hashes, thumbnails and other bytes."""

from __future__ import annotations

import re
from typing import Any

MAX_DEPTH = 64  # the deepest real message, a quote in a quote in wrappers, has about 25


class TooDeep(ValueError):
    """The payload is nested deeper than any real one."""


_SECRETS = frozenset({"apikey", "apiKey", "server_url", "destination", "token", "hash", "jwt_key", "webhook"})
_BYTES = frozenset(
    {
        "messageContextInfo",
        "base64",
        "jpegThumbnail",
        "pngThumbnail",
        "thumbnail",
        "thumbnailUrl",
        "thumbnailDirectPath",
        "thumbnailSha256",
        "thumbnailEncSha256",
        "mediaKey",
        "mediaKeyTimestamp",
        "fileSha256",
        "fileEncSha256",
        "midQualityFileSha256",
        "streamingSidecar",
        "scansSidecar",
        "waveform",
        "messageSecret",
        "encPayload",
        "encIv",
        "url",
        "directPath",
        "mediaUrl",
        "staticUrl",
        "profilePicUrl",
        "profilePictureUrl",
        "senderKeyDistributionMessage",
        "fastRatchetKeySenderKeyDistributionMessage",
        "participantsData",
        "disconnectionObject",
        "vcard",
    }
)
DROPPED = _SECRETS | _BYTES


def strip(value: Any, depth: int = 0) -> Any:
    """Return a copy without the fields named above and without byte arrays in any spelling; raises `TooDeep`."""
    if depth > MAX_DEPTH:
        raise TooDeep
    if isinstance(value, dict):
        kept: dict[str, Any] = {}
        for key, inner in value.items():
            if key in DROPPED:
                continue
            if isinstance(inner, dict):
                if not _is_byte_array(inner):
                    kept[key] = strip(inner, depth + 1)
            else:
                kept[key] = strip(inner, depth + 1) if isinstance(inner, list) else inner
        return kept
    if isinstance(value, list):
        return [strip(inner, depth + 1) for inner in value]
    return value


def _is_byte_array(value: dict[str, Any]) -> bool:
    """Tell whether this is `{"0": 1, "1": 2, ...}` or `{"type": "Buffer", "data": [...]}`."""
    if value.get("type") == "Buffer":
        return "data" in value
    return "0" in value and all(isinstance(byte, int) for byte in value.values())


# In bytes that may not be JSON at all: the key in quotes (the token's also without), and its value as far as it goes.
_NAMED = b"|".join(
    re.escape(name.encode()) for name in sorted(_SECRETS | {"base64", "code", "jpegThumbnail", "mediaKey", "pairingCode"})
)
_STRING = rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)'
_VALUE = rb"(?:" + _STRING + rb"|" + _STRING.replace(b'"', b"'") + rb"|[^\s\"',&{}\[\]]+)"
_IN_BYTES = re.compile(rb"(?is)(?P<key>[\"'](?:" + _NAMED + rb")[\"']\s*:\s*|\bapikey\s*[:=]\s*)" + _VALUE)


def strip_bytes(raw: bytes) -> bytes:
    """Return the bytes of a body that could not be read, as they were but for the values of secrets.

    NULs go too: a body in UTF-16 would hide its secrets between them.
    """
    return _IN_BYTES.sub(rb'\g<key>"removed"', raw.replace(b"\x00", b""))
