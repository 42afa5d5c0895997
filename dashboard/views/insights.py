"""Insights: how much came, how fast it was answered, who decided; as CSV and as a page to print."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from dashboard import address, charts, insight, parts, resources, story, tables
from dashboard.card import Card
from dashboard.context import Context, context
from stream.core.calendar import BusinessCalendar
from stream.core.group_facts import GroupFacts

PERIODS = ("7", "30", "90")


def calendar_of(card: Card) -> BusinessCalendar:
    """Return the business hours that hold for a ticket: those of its policy. What decides on it is looked up once a run."""
    kind = (card.group, card.category, card.priority, card.tags, card.policy)
    if kind not in calendars:
        book = resources.rules().book
        group = book.group(card.group)
        facts = GroupFacts(mode=group.mode.value, policy=group.policy, tags=group.tags, language=group.language)
        calendars[kind] = book.follow_ups.calendar_of(book.follow_ups.policy_of(card.ticket(), facts))
    return calendars[kind]


def figures(here: Context, cards: list[Card], days: int) -> None:
    """Draw the numbers on top."""
    since = resources.now() - timedelta(days=days)
    rows = insight.breakdown(cards, "week", here.language, calendar_of)
    times = [insight.durations(card, calendar_of(card)) for card in cards]
    first = sorted(one for one, _ in times if one is not None)
    sent = insight.follow_ups(cards)
    told = (
        ("insights.opened", sum(card.opened_at >= since for card in cards)),
        ("insights.resolved", sum(bool(card.resolved_at and card.resolved_at >= since) for card in cards)),
        ("insights.first_median", f"{first[len(first) // 2]:.0f} min" if first else "-"),
        ("insights.missed", sum(int(row["missed"]) for row in rows)),
        ("insights.follow_ups", f"{sent.get('sent', 0)} / {sent.get('cancelled', 0)} / {sent.get('answered', 0)}"),
    )
    with st.container(horizontal=True, key="figures"):
        for key, value in told:
            st.metric(here.say(key), value, border=True, height="stretch")


here = context()
calendars: dict[tuple[object, ...], BusinessCalendar] = {}
with st.container(horizontal=True, vertical_alignment="center", key="controls"):
    st.header(here.say("insights.title"), anchor=False)
    st.space("stretch")
    address.seed("days", "30", PERIODS)
    st.segmented_control(
        here.say("insights.period"),
        PERIODS,
        required=True,
        key="days",
        on_change=address.keep,
        args=("days", "30"),
        format_func=lambda days: here.say("insights.days", days=days),
        label_visibility="collapsed",
    )
now = resources.now()
days = int(st.session_state["days"])
since = now - timedelta(days=days)
cards = insight.within(resources.snapshot().cards.values(), since)
if not cards:
    parts.empty(here.say("insights.empty"), here.say("insights.empty_hint"))
else:
    figures(here, cards, days)
    left, right = st.columns([1.6, 1], gap="medium")
    with left, st.container(border=True, key="volume"):
        st.subheader(here.say("insights.volume"), anchor=False)
        rows = insight.by_day(cards, since, now, here.language)
        st.altair_chart(charts.volume(rows, here.say("insights.opened"), here.say("insights.resolved")))
    with right, st.container(border=True, key="shares"):
        st.subheader(here.say("insights.decided"), anchor=False)
        st.altair_chart(charts.shares(insight.stage_shares(cards, here.language)))
    address.seed("by", "group", insight.KEYS)
    with st.container(horizontal=True, vertical_alignment="center", key="by_controls"):
        st.segmented_control(
            here.say("insights.by"),
            insight.KEYS,
            required=True,
            key="by",
            on_change=address.keep,
            args=("by", "group"),
            format_func=lambda key: here.say(f"insights.by_{key}"),
            label_visibility="collapsed",
        )
        st.space("stretch")
        table = insight.breakdown(cards, st.session_state["by"], here.language, calendar_of)
        st.download_button(
            "CSV", tables.as_csv(table), f"groupdesk-{st.session_state['by']}.csv", "text/csv", icon=":material/download:"
        )
    kinds = {"name": ("text", "minmax(160px, 1.4fr)")} | dict.fromkeys(list(table[0])[1:], "number")
    parts.table("breakdown", tables.columns(here.language, "insights", kinds), table, here, now)
    st.caption(here.say("insights.note"))
    with st.container(border=True, key="corrections"):
        st.subheader(here.say("insights.corrections"), anchor=False)
        found = insight.corrections(resources.snapshot().recent, since)[:50]
        data = {
            "events": story.timeline(found, here.language, with_ticket=True),
            "words": {"label": here.say("insights.corrections")},
        }
        parts.draw("timeline", "corrected", data)
        if not found:
            st.caption(here.say("insights.no_corrections"))
