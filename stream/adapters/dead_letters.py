"""The headers of a dead letter, in the shape of Kafka Connect's: the value is always the original bytes."""

from __future__ import annotations

PREFIX = "__groupdesk.errors."
_LONGEST = 1024  # bytes a header, so that a hostile message cannot grow one


def error_headers(
    *,
    topic: str,
    stage: str,
    reason: str,
    partition: int | None = None,
    offset: int | None = None,
    error: Exception | None = None,
) -> dict[str, bytes]:
    """Return the headers that tell where a record failed and why, without a word of its content.

    `topic` is a short topic name or `http`, `stage` the part that gave up, `reason` a snake_case word, `error` what was
    raised, of which only the class is told: its text may quote the message.
    """
    values = {
        "topic": topic,
        "partition": "" if partition is None else str(partition),
        "offset": "" if offset is None else str(offset),
        "stage": stage,
        "reason": reason,
        "exception.class.name": "" if error is None else f"{type(error).__module__}.{type(error).__qualname__}",
    }
    return {PREFIX + name: value.encode()[:_LONGEST] for name, value in values.items() if value}
