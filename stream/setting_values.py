"""What the value of a setting may look like; what does not fit is told in the second half of a sentence, without the value."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator

# As Evolution takes the name of a connection, and as the bridge takes it out of a webhook.
_INSTANCE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_TOPIC_PREFIX = re.compile(r"[A-Za-z0-9_.-]{0,100}")  # of the 249 characters that Kafka allows a topic's whole name
_BROKER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]{1,253}):(\d{1,5})")
_HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
_EMAIL = re.compile(r"[^@\s,]+@[^@\s,]+\.[^@\s,]+")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ID = re.compile(r"\d{1,32}")


def is_this_machine(host: str) -> bool:
    """Tell whether nobody on another machine can reach what listens at this address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def has_no_control_characters(value: Any) -> Any:
    """Return the value as it came; raises `ValueError` where no keyboard could have typed it."""
    if isinstance(value, str) and _CONTROL.search(value):
        raise ValueError("holds a control character; write it anew.")
    return value


def _instance(value: str) -> str:
    if not _INSTANCE.fullmatch(value):
        raise ValueError("may hold letters, digits, dot, hyphen and underscore, up to 64 of them; cs-ticket-monitor is one.")
    return value


def _topic_prefix(value: str) -> str:
    if not _TOPIC_PREFIX.fullmatch(value):
        raise ValueError("may hold letters, digits, dot, hyphen and underscore, up to 100 of them, such as `acme.`.")
    return value


def _brokers(value: str) -> str:
    for broker in filter(None, (part.strip() for part in value.split(","))):
        match = _BROKER.fullmatch(broker)
        if match is None or not 0 < int(match[2]) <= 65_535:
            raise ValueError("must be addresses like kafka:9092, with a port and without http://, separated by commas.")
    return value


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_usable = not value or (parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0)
    except ValueError:
        is_usable = False
    if not is_usable or any(character.isspace() for character in value):
        raise ValueError("must be a whole address that begins with http:// or https://, such as http://evolution:8080.")
    if parts.username or parts.query or parts.fragment:
        raise ValueError("must be an address without a user name, a `?` and a `#`; keys have settings of their own.")
    return value


def _host(value: str) -> str:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        if not _HOST_NAME.fullmatch(value):
            raise ValueError("must be an address of this machine: 127.0.0.1, or 0.0.0.0 for all.") from None
    return value


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError("must be the name of a time zone, such as America/Sao_Paulo or Asia/Jakarta.") from None
    return value


def _emails(value: str) -> str:
    if not all(_EMAIL.fullmatch(part.strip()) for part in value.split(",") if part.strip()):
        raise ValueError("must be e-mail addresses, separated by commas.")
    return value


def _number_id(value: str) -> str:
    if value and not _ID.fullmatch(value):
        raise ValueError("must be the id that Meta shows for the number: digits alone, not the number itself.")
    return value


InstanceName = Annotated[str, AfterValidator(_instance)]
TopicPrefix = Annotated[str, AfterValidator(_topic_prefix)]
Brokers = Annotated[str, AfterValidator(_brokers)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Host = Annotated[str, AfterValidator(_host)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Emails = Annotated[str, AfterValidator(_emails)]
NumberId = Annotated[str, AfterValidator(_number_id)]
