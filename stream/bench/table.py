"""The figures as a table for people, made from what `--json` prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Row = tuple[str, str, str]  # what, Groupdesk, the reference


def as_table(found: dict[str, Any]) -> str:
    """Return the figures as Markdown, each beside its reference, and what failed as sentences below."""
    parts = found["parts"]
    rows = [row for letter, read in _ROWS.items() if letter in parts for row in read(parts[letter])]
    lines = ["| what | Groupdesk | reference in the same run |", "|---|---|---|"]
    lines += [f"| {what} | {ours} | {beside} |" for what, ours, beside in rows]
    lines += ["", f"{found['machine']}. Broker: {found['broker']}."]
    lines += [f"\n({letter}) failed: {sentence}" for letter, sentence in found["failed"].items()]
    return "\n".join(lines)


def _bridge(part: dict[str, Any]) -> Iterator[Row]:
    ours, plain = part["bridge"], part["plain_front"]
    yield (
        "webhooks acknowledged a second, one bridge",
        _count(ours["acked_per_s"]),
        f"{_count(plain['acked_per_s'])}, plain front",
    )
    yield "CPU a webhook", _us(ours["cpu_us"]), _us(plain["cpu_us"])
    late, beside = (_ms(each["p50_ms_at_500"], each["p99_ms_at_500"]) for each in (ours, plain))
    yield "answer at 500 a second, p50 / p99", late, beside


def _worker(part: dict[str, Any]) -> Iterator[Row]:
    ours, names = part["worker"], {"bare_faust": "bare Faust table counter", "bare_aiokafka": "bare aiokafka loop"}
    names["quixstreams"] = "the same work on quixstreams"
    for name, told in names.items():
        if name in part:
            beside = f"{_count(part[name]['per_s'])}, {_us(part[name]['cpu_us'])} each: {told}"
            yield "messages a second, one worker", f"{_count(ours['per_s'])}, {_us(ours['cpu_us'])} each", beside
    if "quixstreams_skipped" in part:
        yield "the same work on quixstreams", "", f"left out: {part['quixstreams_skipped']}"


def _lateness(part: dict[str, Any]) -> Iterator[Row]:
    told = [_ms(part[name]["p50_ms"], part[name]["p99_ms"]) for name in ("groupdesk", "plain")]
    yield "webhook to visible ticket at 200 a second, p50 / p99", told[0], f"{told[1]}, plain front and bare loop"


def _rules(part: dict[str, Any]) -> Iterator[Row]:
    for count, each in part.items():
        beside = f"{each['re_each']:,.1f} µs one by one, {each['re_joined']:,.1f} µs joined: stdlib `re`"
        yield f"a message by {int(count):,} rules", f"{each['ours']:,.1f} µs", beside


def _starts(part: dict[str, Any]) -> Iterator[Row]:
    ours, bare = part["worker"], part["bare_faust"]
    yield "start to first message handled", f"{ours['ready_s']:.1f} s", f"{bare['ready_s']:.1f} s, bare Faust"
    measured = "" if part["tickets"] == 100_000 else f" (from {part['tickets']:,})"
    told = [f"{each['recovery_100k_s']:.1f} s" for each in (ours, bare)]
    yield f"the same with 100,000 open tickets to read back{measured}", told[0], f"{told[1]}, bare Faust with the same table"


def _costs(part: dict[str, Any]) -> Iterator[Row]:
    ours, bare = part["worker"], part["bare_faust"]
    for tickets, cost in ours["by_tickets"].items():
        told = [f"{_us(each['cpu_us'])}, {each['memory_mb']:,.0f} MB" for each in (cost, bare["by_tickets"][tickets])]
        yield f"CPU a message and memory at {int(tickets):,} open tickets", told[0], f"{told[1]}, bare Faust with the same table"
    for name, who in (("cost_ratio", "50 groups talk"), ("spread_ratio", "with the most all groups talk")):
        yield f"cost a message, the most tickets to the fewest; {who}", f"{ours[name]:.2f}", f"{bare[name]:.2f}"


def _several(part: dict[str, Any]) -> Iterator[Row]:
    for count, each in part["worker"].items():
        what = "messages a second, " + ("1 worker" if count == "1" else f"{count} workers")
        bare = part["bare_faust"].get(count)
        beside = f"{_count(bare['per_s'])}, as many bare Faust counters" if bare else f"left out: {part['bare_faust_skipped']}"
        yield what, _count(each["per_s"]), beside


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _us(value: float) -> str:
    return f"{value:,.0f} µs"


def _ms(p50: float, p99: float) -> str:
    return f"{p50:,.0f} / {p99:,.0f} ms"


_ROWS: dict[str, Callable[[dict[str, Any]], Iterator[Row]]] = {
    "a": _bridge,
    "b": _worker,
    "c": _lateness,
    "d": _rules,
    "e": _starts,
    "f": _costs,
    "g": _several,
}
