"""Insights: how much came, how fast it was answered, who decided; as CSV, and as the digest of a week to print or to send."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from dashboard import address, business_hours, charts, insight, parts, resources, story, tables
from dashboard.card import Card
from dashboard.context import Context, context
from dashboard.digest_page import draw_digest

PERIODS = ("7", "30", "90")
SHOWN = ("overview", "digest")


def figures(here: Context, cards: list[Card], days: int, calendar_of: insight.CalendarOf) -> None:
    """Draw the numbers on top."""
    since = resources.now() - timedelta(days=days)
    first = [one for card in cards if (one := insight.durations(card, calendar_of(card))[0]) is not None]
    sent = insight.follow_ups(cards)
    told = (
        ("insights.opened", f"{sum(card.opened_at >= since for card in cards):,}"),
        ("insights.resolved", f"{sum(bool(card.resolved_at and card.resolved_at >= since) for card in cards):,}"),
        ("insights.first_median", insight.tell_minutes(insight.middle(first)) or "-"),
        ("insights.missed", f"{sum(map(insight.has_missed, cards)):,}"),
        ("insights.follow_ups", f"{sent.get('sent', 0)} / {sent.get('cancelled', 0)} / {sent.get('answered', 0)}"),
    )
    with st.container(horizontal=True, key="figures"):
        for key, value in told:
            st.metric(here.say(key), value, border=True, height="stretch")


def overview(here: Context) -> None:
    """Draw the figures of the last days, by day and by whatever is chosen."""
    now, days = resources.now(), int(st.session_state["days"])
    since = now - timedelta(days=days)
    cards = insight.within(resources.snapshot().cards.values(), since)
    if not cards:
        parts.empty(here.say("insights.empty"), here.say("insights.empty_hint"))
        return
    calendar_of = business_hours.calendars(resources.rules().book)
    figures(here, cards, days, calendar_of)
    left, right = st.columns([1.6, 1], gap="medium")
    with left, st.container(border=True, key="volume", height="stretch"):
        st.subheader(here.say("insights.volume"), anchor=False)
        rows = insight.by_day(cards, since, now, here.language)
        st.altair_chart(charts.volume(rows, here.say("insights.opened"), here.say("insights.resolved")))
    with right, st.container(border=True, key="shares", height="stretch"):
        st.subheader(here.say("insights.decided"), anchor=False)
        st.altair_chart(charts.shares(insight.stage_shares(cards, here.language)))
    breakdown(here, cards, calendar_of)
    with st.container(border=True, key="corrections"):
        st.subheader(here.say("insights.corrections"), anchor=False)
        found = insight.corrections(resources.snapshot().recent, since)[:50]
        data = {
            "events": story.timeline(found, here.language, with_ticket=True, name_of=resources.name_of),
            "words": {"label": here.say("insights.corrections")},
        }
        parts.draw("timeline", "corrected", data)
        if not found:
            st.caption(here.say("insights.no_corrections"))


def breakdown(here: Context, cards: list[Card], calendar_of: insight.CalendarOf) -> None:
    """Draw the table by group, person, category or week, and offer it as CSV."""
    with st.container(horizontal=True, vertical_alignment="center", key="by_controls"):
        by = address.choose("by", insight.KEYS, here.say("insights.by"), lambda key: here.say(f"insights.by_{key}"))
        st.space("stretch")
        table = insight.breakdown(cards, by, here.language, calendar_of, resources.name_of)
        st.download_button("CSV", tables.as_csv(table), f"groupdesk-{by}.csv", "text/csv", icon=":material/download:")
    kinds = {"name": ("text", "minmax(160px, 1.4fr)")} | dict.fromkeys(list(table[0])[1:], "number")
    parts.table("breakdown", tables.columns(here.language, "insights", kinds), table, here, resources.now())
    st.caption(here.say("insights.note"))


here = context()
with st.container(horizontal=True, vertical_alignment="center", key="controls"):
    st.header(here.say("insights.title"), anchor=False)
    st.space("stretch")
    shown = address.choose("show", SHOWN, here.say("insights.title"), lambda name: here.say(f"insights.show_{name}"))
    if shown == "overview":
        label = here.say("insights.period")
        address.choose("days", PERIODS, label, lambda days: here.say("insights.days", days=days), default="30")
{"overview": overview, "digest": draw_digest}[shown](here)
