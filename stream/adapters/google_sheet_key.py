"""Who we are at Google, and which sheet is meant: the service account's key in any form people have it, and the sheet's id."""

from __future__ import annotations

import base64
import binascii
import json
import re
from pathlib import Path
from typing import Any

from google.auth.credentials import Credentials
from google.oauth2 import credentials as oauth
from google.oauth2 import service_account

from stream.errors import SettingsError
from stream.settings import Settings

_SCOPES = ["https://www.googleapis.com/auth/spreadsheets"]  # not Drive: we only ever open one sheet by its id
_NEEDED = ("client_email", "private_key", "token_uri")
_IN_URL = re.compile(r"/d/([A-Za-z0-9_-]{10,})")
_ID = re.compile(r"^[A-Za-z0-9_-]{3,}$")
_GOOGLE_TOKENS = re.compile(r"^https://([a-z0-9.]+\.)?googleapis\.com|^https://accounts\.google\.com")


def read_sheet_id(text: str) -> str:
    """Return the id from an id or a pasted address; raises `SettingsError`."""
    text = text.strip()
    found = _IN_URL.search(text)
    if found:
        return found[1]
    if _ID.match(text):
        return text
    raise SettingsError("CS_SHEET_ID is neither the id of a Google Sheet nor its address; paste the address from your browser.")


def read_key(text: str) -> dict[str, Any]:
    """Return the service account's key from a path, the JSON itself or base64 of it; raises `SettingsError`."""
    raw = _read_file(text.strip()) if text.strip() else ""
    if not raw:
        raise SettingsError("GOOGLE_SERVICE_ACCOUNT_KEY is empty; give the key file of a service account, or its content.")
    if not raw.lstrip().startswith("{"):
        raw = _decode(raw)
    try:
        key = json.loads(raw)
    except ValueError as error:
        raise SettingsError(
            "GOOGLE_SERVICE_ACCOUNT_KEY is no JSON; download the key again and give the file as it is."
        ) from error
    missing = [name for name in _NEEDED if not (isinstance(key, dict) and isinstance(key.get(name), str) and key[name])]
    if missing:
        raise SettingsError(
            f"GOOGLE_SERVICE_ACCOUNT_KEY has no {' and no '.join(missing)}; it must be the JSON key of a service account."
        )
    # An environment often carries the line ends of the private key as two characters.
    return {**key, "private_key": key["private_key"].replace("\\n", "\n")}


def _read_file(text: str) -> str:
    if text.startswith("{") or len(text) > 1024:
        return text
    path = Path(text).expanduser()
    try:
        return path.read_text(encoding="utf-8-sig") if path.is_file() else text
    except (OSError, ValueError) as error:
        raise SettingsError(f"The key file {path} cannot be read ({error}).") from error


def _decode(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()) + "==", altchars=b"-_" if "-" in text or "_" in text else None).decode()
    except (binascii.Error, ValueError) as error:
        raise SettingsError(
            "GOOGLE_SERVICE_ACCOUNT_KEY is neither a file that exists, nor JSON, nor base64 of JSON; give one of them."
        ) from error


def make_credentials(settings: Settings) -> Credentials:
    """Return credentials for the sheet; raises `SettingsError` for a broken key.

    With SHEETS_API_URL the token comes from that server too, and without a key a fixed one is sent.
    """
    own_server = settings.sheets_api_url.rstrip("/")
    text = settings.google_service_account_key.get_secret_value()
    if own_server and not text.strip():
        return oauth.Credentials(token="groupdesk")  # type: ignore[no-untyped-call] # noqa: S106 # untyped; no secret
    key = read_key(text)
    if own_server and _GOOGLE_TOKENS.match(key["token_uri"]):
        key["token_uri"] = f"{own_server}/token"
    try:
        made: Credentials = service_account.Credentials.from_service_account_info(key, scopes=_SCOPES)  # type: ignore[no-untyped-call] # the same
    except ValueError as error:
        raise SettingsError(
            "The private key in GOOGLE_SERVICE_ACCOUNT_KEY is damaged; download a new key and give it whole."
        ) from error
    return made


def account_email(settings: Settings) -> str:
    """Return the address that the sheet must be shared with; raises `SettingsError`."""
    text = settings.google_service_account_key.get_secret_value()
    if settings.sheets_api_url and not text.strip():
        return "the service account"
    return str(read_key(text)["client_email"])
