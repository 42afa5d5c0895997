"""The figures as pictures: one panel a part, all on one PNG.

Altair comes with Streamlit; what draws its charts without a browser is the wheel vl-convert-python, of the extra `bench`. It was
chosen over matplotlib, which would bring a second way of making charts and five packages more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

from stream.errors import GroupdeskError

_OURS, _COLOURS = "Groupdesk", ["#1f6f5c", "#9aa5b1", "#c9a227", "#b3674f"]
_WIDTH, _HEIGHT, _BAR = 380, 190, 34

AnyChart = alt.Chart | alt.LayerChart | alt.FacetChart
Row = dict[str, Any]


def ensure_can_draw() -> None:
    """Raise `GroupdeskError` when what draws is not installed."""
    try:
        import vl_convert  # noqa: F401, PLC0415 -- asked for here, so that nobody needs it who wants no picture
    except ImportError:
        raise GroupdeskError("To draw, vl-convert-python must be installed: it is the extra `bench` of Groupdesk.") from None


def draw(found: dict[str, Any], file: Path) -> None:
    """Write the parts of a run as one PNG; raises `GroupdeskError` when there is none, or what draws is not installed."""
    ensure_can_draw()
    panels = [panel for letter, make in _PANELS.items() if letter in found["parts"] for panel in make(found["parts"][letter])]
    if not panels:
        raise GroupdeskError("There is nothing to draw: no part came to its end.")
    chart = alt.concat(*panels, columns=2, spacing=36).resolve_scale(color="independent")
    titled = chart.properties(
        title=alt.TitleParams(f"{found['machine']}; {found['broker']}", fontSize=11, fontWeight="normal", offset=24)
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    titled.configure_view(stroke=None).save(str(file), format="png", scale_factor=2)


def _bars(title: str, unit: str, rows: list[Row], form: str = ",.0f") -> AnyChart:
    """Return horizontal bars; a row has `who` and `value`."""
    names = [str(row["who"]) for row in rows]
    base = alt.Chart(pd.DataFrame(rows)).encode(
        y=alt.Y("who:N", title=None, sort=names, axis=alt.Axis(labelLimit=220)),
        x=alt.X("value:Q", title=unit, axis=alt.Axis(grid=False)),
    )
    colour = alt.condition(f"indexof(datum.who, '{_OURS}') >= 0", alt.value(_COLOURS[0]), alt.value(_COLOURS[1]))
    bars = base.mark_bar(height=18).encode(color=colour)
    told = base.mark_text(align="left", dx=4).encode(text=alt.Text("value:Q", format=form))
    return alt.layer(bars, told).properties(title=title, width=_WIDTH, height=max(_BAR * len(rows), 60))


def _lines(title: str, across: str, unit: str, rows: list[Row], *, is_log: bool) -> AnyChart:
    """Return lines; a row has `who`, `at` and `value`."""
    names = list(dict.fromkeys(str(row["who"]) for row in rows))
    scale = alt.Scale(type="log") if is_log else alt.Scale(zero=True)
    at = sorted({row["at"] for row in rows})
    chart = alt.Chart(pd.DataFrame(rows)).mark_line(point=alt.OverlayMarkDef(size=50), strokeWidth=2.5)
    encoded: alt.Chart = chart.encode(
        x=alt.X("at:Q", title=across, scale=scale, axis=alt.Axis(values=at, format=",d", grid=False)),
        y=alt.Y("value:Q", title=unit, scale=scale),
        color=alt.Color("who:N", title=None, scale=alt.Scale(domain=names, range=_COLOURS), legend=alt.Legend(orient="bottom")),
    )
    return encoded.properties(title=title, width=_WIDTH, height=_HEIGHT)


def _bridge(part: dict[str, Any]) -> Iterable[AnyChart]:
    named = {_OURS: part["bridge"], "plain front": part["plain_front"]}
    yield _bars("(a) Bridge", "webhooks acknowledged a second", [_row(who, each["acked_per_s"]) for who, each in named.items()])
    late = [
        _row(f"{who}, {name}", each[f"{name}_ms_at_500"]) for name in ("p50", "p99") for who, each in named.items()
    ]  # p50 of both, then p99 of both
    yield _bars("(a) Answer at 500 webhooks a second", "ms", late, ",.1f")


def _worker(part: dict[str, Any]) -> Iterable[AnyChart]:
    names = {
        "worker": _OURS,
        "bare_faust": "bare Faust table counter",
        "quixstreams": "same work on quixstreams",
        "bare_aiokafka": "bare aiokafka loop",
    }
    rows = [_row(told, part[name]["per_s"]) for name, told in names.items() if name in part]
    yield _bars("(b) Worker", "messages a second", rows)


def _lateness(part: dict[str, Any]) -> Iterable[AnyChart]:
    named = {_OURS: part["groupdesk"], "plain front and bare loop": part["plain"]}
    rows = [_row(f"{who}, {name}", each[f"{name}_ms"]) for name in ("p50", "p99") for who, each in named.items()]
    yield _bars("(c) Webhook to visible ticket at 200 a second", "ms", rows, ",.0f")


def _rules(part: dict[str, Any]) -> Iterable[AnyChart]:
    named = {"ours": _OURS, "re_each": "stdlib re, one by one", "re_joined": "stdlib re, joined"}
    rows = [_row(told, each[name], int(count)) for count, each in part.items() for name, told in named.items()]
    yield _lines("(d) Rules", "rules", "µs a message", rows, is_log=True)


def _starts(part: dict[str, Any]) -> Iterable[AnyChart]:
    named = {_OURS: part["worker"], "bare Faust": part["bare_faust"]}
    told = {"ready_s": "cold", "recovery_100k_s": "100,000 tickets"}
    rows = [_row(f"{who}, {told[name]}", each[name]) for name in told for who, each in named.items()]
    yield _bars("(e) Start to first message handled", "s", rows, ",.1f")


def _costs(part: dict[str, Any]) -> Iterable[AnyChart]:
    named = {_OURS: part["worker"]["by_tickets"], "bare Faust, same table": part["bare_faust"]["by_tickets"]}
    for title, name, unit in (("(f) Cost", "cpu_us", "µs of CPU a message"), ("(f) Memory", "memory_mb", "MB")):
        rows = [_row(who, each[name], int(tickets)) for who, costs in named.items() for tickets, each in costs.items()]
        yield _lines(f"{title} by open tickets", "open tickets", unit, rows, is_log=True)


def _several(part: dict[str, Any]) -> Iterable[AnyChart]:
    named = {_OURS: part["worker"], "bare Faust table counters": part["bare_faust"]}
    rows = [_row(who, each["per_s"], int(count)) for who, counts in named.items() for count, each in counts.items()]
    yield _lines("(g) Several workers", "workers", "messages a second", rows, is_log=False)


def _row(who: str, value: float, at: int | None = None) -> Row:
    return {"who": who, "value": value} if at is None else {"who": who, "value": value, "at": at}


_PANELS: dict[str, Callable[[dict[str, Any]], Iterable[AnyChart]]] = {
    "a": _bridge,
    "b": _worker,
    "c": _lateness,
    "d": _rules,
    "e": _starts,
    "f": _costs,
    "g": _several,
}
