"""Reads a span of Evolution's message table in full, although its pages do not fit together.

The table is sorted by whole seconds alone: rows that share one come in another order with every page, so a row may stand on
two pages or on none. Therefore only first pages are asked for, each of which goes back to the second in which the last one ended.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from stream.translate.clock import read_number
from stream.translate.shapes import items, obj
from stream.transport import failures
from stream.transport.failures import CallFailed

_PAGE = 100
_LARGEST_PAGE = 12_800  # for a second that holds more messages than a page
_MOST_PAGES = 500

# Takes `where` and the number of rows that are wanted; returns the answer of findMessages as it came.
Ask = Callable[[dict[str, Any], int], Awaitable[Any]]
Row = dict[str, Any]


class _Page(NamedTuple):
    rows: list[Row]
    is_last: bool


async def read_span(ask: Ask, since: datetime, until: datetime, key: Row | None = None) -> list[Row]:
    """Return the rows of a span, oldest first, each id once. Raises `CallFailed` where an answer is none."""
    found: dict[str, Row] = {}
    up_to, size = int(until.timestamp()), _PAGE
    for _ in range(_MOST_PAGES):
        span = {"gte": _iso(since), "lte": _iso(datetime.fromtimestamp(up_to, UTC))}
        page = _read_page(await ask({"messageTimestamp": span} | ({"key": key} if key else {}), size), size)
        known = len(found)
        found |= {str(row["key"].get("id")): row for row in page.rows}
        if page.is_last or (len(found) == known and size == _LARGEST_PAGE):
            break
        oldest = min((second for row in page.rows if (second := _second(row)) >= int(since.timestamp())), default=up_to)
        if oldest < up_to:
            up_to, size = oldest, _PAGE
        elif size < _LARGEST_PAGE:
            size *= 2
        else:
            up_to, size = up_to - 1, _PAGE
    return sorted(found.values(), key=_order)


async def read_one(ask: Ask, message_id: str) -> Row | None:
    """Return the newest row of one message, or None where it is not in the table."""
    page = _read_page(await ask({"key": {"id": message_id}}, _PAGE), _PAGE)
    return max(page.rows, key=_order, default=None)


def _read_page(answer: Any, size: int) -> _Page:
    told = answer if isinstance(answer, list) else obj(answer).get("messages")
    if isinstance(told, list):  # 2.0 knew no pages
        return _Page(rows=_rows(told), is_last=True)
    if not isinstance(told, dict):
        raise CallFailed(failures.BROKEN_ANSWER, call="an answer without an object")
    records = items(told.get("records"))
    total, pages = read_number(told.get("total")), read_number(told.get("pages"))
    is_whole = len(records) >= total if total is not None else (pages or 0) <= 1
    return _Page(rows=_rows(records), is_last=is_whole or not records or (total is None and len(records) < size))


def _rows(records: list[Any]) -> list[Row]:
    return [row for row in map(obj, records) if isinstance(row.get("key"), dict)]


def _second(row: Row) -> int:
    return read_number(row.get("messageTimestamp")) or 0


def _order(row: Row) -> tuple[int, str]:
    return _second(row), str(row.get("id"))  # the row's own id grows with time


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
