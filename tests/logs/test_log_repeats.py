"""What a library says again and again is told once in a while, with how often; what we say ourselves is always told."""

from __future__ import annotations

import logging

import pytest

from stream.log_repeats import Repeats


class Told(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.lines: list[str] = []
        self.addFilter(Repeats(lambda: self.now))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def told() -> Told:
    return Told()


def say(told: Told, template: str, *args: object, name: str = "aiokafka") -> None:
    told.handle(logging.LogRecord(name, logging.ERROR, __file__, 1, template, args, None))


def test_a_line_that_is_repeated_is_told_every_ten_seconds_with_how_often(told: Told) -> None:
    for _ in range(240):
        told.now += 0.125
        say(told, "Unable connect to node with id %s: 100%% gone", 1)
    first = "Unable connect to node with id 1: 100% gone"
    assert told.lines == [first, f"{first} (and 79 more like it)", f"{first} (and 79 more like it)"]


def test_another_line_and_another_logger_are_told(told: Told) -> None:
    say(told, "Unable connect to node with id %s", 1)
    say(told, "Unable connect to node with id %s", 2)
    say(told, "Unable connect to node with id %s", 1, name="faust")
    assert len(told.lines) == 3


def test_our_own_lines_are_always_told(told: Told) -> None:
    for _ in range(3):
        told.handle(logging.LogRecord("stream.bridge", logging.INFO, __file__, 1, {"event": "stored"}, (), None))
    assert len(told.lines) == 3


def test_a_line_that_cannot_be_put_together_harms_nobody_but_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    handler = logging.StreamHandler()
    handler.addFilter(Repeats())
    handler.handle(logging.LogRecord("faust", logging.ERROR, __file__, 1, "%d messages of %s", ("many",), None))


def test_what_is_known_is_bounded(told: Told) -> None:
    for number in range(5_000):
        say(told, "offset %d", number)
    (repeats,) = told.filters
    assert isinstance(repeats, Repeats)
    assert len(repeats._told) <= 1_000
