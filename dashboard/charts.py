"""Charts: data in, an Altair chart out. Pure and small; colours come from the theme."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import altair as alt
import pandas as pd

from dashboard import safe
from dashboard.desk import Snapshot
from dashboard.words import say
from stream.core.followup_policy import FollowUps

_DAY = timedelta(days=1)
AnyChart = alt.Chart | alt.LayerChart | alt.FacetChart


def next_day(snapshot: Snapshot, follow_ups: FollowUps, now: datetime, language: str) -> AnyChart:
    """Return the next 24 hours: bands where a policy lets us speak, and a mark for each follow-up planned in them."""
    bands = [
        {"policy": policy.id, "from": begin.isoformat(), "to": end.isoformat()}
        for policy in follow_ups.policies
        for begin, end in _open_spans(follow_ups.talking_hours_of(policy), now)
    ]
    marks = [
        {"at": card.next_step_at.isoformat(), "ticket": card.id, "title": safe.title(card.title, reveal=False)}
        for card in snapshot.open_by_due
        if card.next_step_at and card.next_step_at < now + _DAY
    ]
    time = alt.Scale(domain=[now.isoformat(), (now + _DAY).isoformat()])
    axis = alt.Axis(title=None, format="%H:%M", grid=False)
    band = (
        alt.Chart(pd.DataFrame(bands, columns=["policy", "from", "to"]))
        .mark_bar(opacity=0.16, height=22)
        .encode(
            x=alt.X("from:T", scale=time, axis=axis),
            x2="to:T",
            y=alt.Y("policy:N", title=None),
            tooltip=[alt.Tooltip("policy:N", title=say(language, "followups.policy"))],
        )
    )
    point = (
        alt.Chart(pd.DataFrame(marks, columns=["at", "ticket", "title"]))
        .mark_tick(thickness=2.5, size=26)
        .encode(x=alt.X("at:T", scale=time, axis=axis), tooltip=["ticket:N", "title:N", alt.Tooltip("at:T", format="%H:%M")])
    )
    return alt.layer(band, point).properties(height=60 + 30 * len(follow_ups.policies))


def _open_spans(calendar: Any, now: datetime) -> Iterable[tuple[datetime, datetime]]:
    end = now + _DAY
    for days in (-1, 0, 1):
        for opens, closes in calendar.spans_of((now + timedelta(days=days)).date()):
            if closes > now and opens < end:
                yield max(opens, now), min(closes, end)


def volume(rows: Sequence[dict[str, Any]], opened: str, resolved: str) -> AnyChart:
    """Return tickets opened and resolved by day, as two lines."""
    chart: AnyChart = (
        alt.Chart(pd.DataFrame(rows))
        .mark_line(point=True, strokeWidth=2)
        .encode(
            x=alt.X("day:T", title=None, axis=alt.Axis(format="%d %b", grid=False, tickCount="day")),
            y=alt.Y("count:Q", title=None, axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("kind:N", title=None, scale=alt.Scale(domain=[opened, resolved]), legend=alt.Legend(orient="top")),
            tooltip=[alt.Tooltip("day:T", format="%d %b"), "kind:N", "count:Q"],
        )
        .properties(height=220)
    )
    return chart


def shares(rows: Sequence[dict[str, Any]]) -> AnyChart:
    """Return who decided, as one bar for each stage."""
    chart: AnyChart = (
        alt.Chart(pd.DataFrame(rows))
        .mark_bar(cornerRadiusEnd=3, height=18)
        .encode(
            x=alt.X("count:Q", title=None, axis=alt.Axis(tickMinStep=1)),
            y=alt.Y("stage:N", title=None, sort=None),
            tooltip=["stage:N", "count:Q"],
        )
        .properties(height=30 * max(2, len(rows)) + 30)
    )
    return chart
