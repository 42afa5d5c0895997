"""Where the brokers are, and what every Kafka client needs to be let in."""

from __future__ import annotations

from typing import Any

from stream.errors import BrokerError
from stream.settings import Settings

# How long to look for a broker before saying that there is none; the library's own default is 30 s.
_BOOTSTRAP_MS = 1_000


def bootstrap_servers(settings: Settings) -> list[str]:
    """Return the brokers: those of the setting, else the one that `groupdesk up` runs in the data folder."""
    if settings.kafka_bootstrap_servers:
        return [server.strip() for server in settings.kafka_bootstrap_servers.split(",") if server.strip()]
    try:
        address = (settings.data_dir / "broker" / "address").read_text().strip()
    except OSError:
        address = ""
    if not address:
        raise BrokerError("No broker: set KAFKA_BOOTSTRAP_SERVERS, or leave it unset and start `groupdesk up` first.")
    return [address]


def client_options(settings: Settings) -> dict[str, Any]:
    """Return what every client of kafka-python needs to find the brokers and to be let in."""
    options: dict[str, Any] = {
        "bootstrap_servers": bootstrap_servers(settings),
        "security_protocol": settings.kafka_security_protocol,
        "bootstrap_timeout_ms": _BOOTSTRAP_MS,
        "reconnect_backoff_max_ms": 1_000,
    }
    if settings.kafka_security_cafile:
        options["ssl_cafile"] = str(settings.kafka_security_cafile)
    if settings.kafka_security_protocol.startswith("SASL"):
        options["sasl_mechanism"] = settings.kafka_security_mechanism
        options["sasl_plain_username"] = settings.kafka_security_username
        options["sasl_plain_password"] = settings.kafka_security_password.get_secret_value()
    return options


def connect(kind: Any, **options: Any) -> Any:
    """Return a client of kafka-python; one that finds no broker leaves neither its thread nor its files behind.

    The library forgets both when a constructor fails: a role that tries once a second while Kafka is away would drown in them.
    """
    made: list[Any] = []

    def keep(**config: Any) -> Any:
        made.append(kind.DEFAULT_CONFIG["kafka_client"](**config))
        return made[-1]

    try:
        return kind(**options, kafka_client=keep)
    except BaseException:
        for client in made:
            client.close()
        raise
