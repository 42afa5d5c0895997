"""Dead letters on the Health page: where each failed and why, and a second try."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from dashboard import safe
from dashboard.words import say
from stream.adapters.kafka import Tail
from stream.adapters.topics import Topic
from stream.letters.letter import Letter, Remedy, find_remedy, to_letter
from stream.settings import Settings


class Publishes(Protocol):
    """Takes records: Kafka's `Publisher`."""

    def publish(self, topic: Topic, key: str, value: bytes) -> None: ...


def rows(letters: Iterable[Letter], language: str, *, may_act: bool) -> list[dict[str, Any]]:
    """Return a row for each dead letter, the latest first."""
    return [
        {
            "at": letter.at.isoformat(),
            "stage": safe.show(letter.stage),
            "why": safe.show(letter.explanation),
            "bytes": f"{letter.bytes:,}",
            "act": [{"text": say(language, "letters.replay"), "press": letter.ref}] if may_act else None,
        }
        for letter in sorted(letters, key=lambda one: (one.at, one.ref), reverse=True)
    ]


def replay(settings: Settings, publisher: Publishes, ref: str) -> Remedy:
    """Publish what the dead letter's second try takes, and return it; its content is read from Kafka only now."""
    tail = Tail(settings, [Topic.DEAD_LETTER])
    try:
        while True:
            batch = tail.poll(0.3)
            for record in batch:
                letter = to_letter(record)
                if letter.ref == ref:
                    return _send(find_remedy(letter, record), publisher)
            if not batch and tail.is_caught_up():
                return Remedy(because="Kafka does not hold it any more")
    finally:
        tail.close()


def _send(remedy: Remedy, publisher: Publishes) -> Remedy:
    for topic, key, value in remedy.records:
        publisher.publish(Topic(topic), key, value)
    return remedy
