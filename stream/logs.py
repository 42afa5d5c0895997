"""Logging: one structured line a hop, readable on a terminal, JSON where machines read it. Never message text at INFO.

Every module has `log = logs.get(__name__)` and logs an event and keys: `log.info("stored", group=..., message_id=...)`.
Keys that mean the same everywhere: event, group, message_id, ticket_id, elapsed_ms.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from stream.log_repeats import Repeats
from stream.settings import Settings

# Libraries that tell more than an operator wants; `aiohttp.server` also prints refused header lines, a secret among them.
_QUIET = {
    "aiohttp.access": logging.WARNING,
    "aiohttp.server": logging.CRITICAL,
    "aiokafka": logging.WARNING,
    "asyncio": logging.WARNING,
    "faust": logging.WARNING,
    "kafka": logging.CRITICAL,  # our own errors tell the same, once and in one sentence
    "mode": logging.WARNING,
}


def configure(settings: Settings, part: str = "") -> None:
    """Send our lines and those of libraries to standard error in one form; `part` is named in each line."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_part(part),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    final: list[structlog.typing.Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if settings.log_json:
        final += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        # The renderer's own tracebacks show what stood in local variables: texts of messages, and secrets.
        plain = structlog.dev.plain_traceback
        final.append(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0, exception_formatter=plain))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=final))
    handler.addFilter(Repeats())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)


def _name_part(part: str) -> structlog.typing.Processor:
    # Not a context variable: those are not inherited by threads.
    def name_part(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        if part:
            event["part"] = part
        return event

    return name_part


def get(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
