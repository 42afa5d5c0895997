"""How a test tells a story and learns where it went otherwise."""

from __future__ import annotations

from stream.core.book import Book
from stream.core.timeline import Timeline
from stream.timelines import play

ASKS = 'customer says "Hi, my order 4512 has not arrived yet, can you check?"'


def fails(book: Book, story: list[str], policy: str | None, on: str = "2026-03-02") -> list[str]:
    told = Timeline.model_validate({"name": "t", "on": on, "policy": policy, "story": story})
    return [str(failure) for failure in play(book, told)]
