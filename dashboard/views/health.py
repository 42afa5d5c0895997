"""Health: every process with its last sign of life, what they count, and how old what we show is."""

from __future__ import annotations

import streamlit as st

from dashboard import parts, resources, tables
from dashboard.context import Context, context

_WALK = """flowchart LR
  W[WhatsApp] --> B[bridge] --> I([inbound]) --> K[worker]
  K --> T([tickets]) --> D[dashboard] & S[sheet]
  K --> U([undecided]) --> C[classifier] --> M([commands]) --> K
  K --> O([outbound]) --> N[sender] --> W
  D & S --> M"""


@st.fragment(run_every=2)
def living(here: Context) -> None:
    """Draw the processes."""
    kinds = {
        "part": ("text", "110px"),
        "state": ("chip", "130px"),
        "detail": ("wrap", "minmax(200px, 1fr)"),
        "since": ("until", "110px"),
        "seen": ("until", "110px"),
        "process": ("text", "170px"),
        "version": ("text", "70px"),
    }
    rows = tables.parts(resources.snapshot(), resources.now(), here.language)
    parts.table("parts", tables.columns(here.language, "health", kinds), rows, here, resources.now())


@st.fragment(run_every=2)
def numbers(here: Context) -> None:
    """Draw what the processes count. What nobody counts is not here: no data is not zero."""
    rows = tables.numbers(resources.snapshot(), resources.now())
    kinds: dict[str, str | tuple[str, str]] = {"part": ("text", "110px"), "name": "text", "value": ("number", "120px")}
    if rows:
        parts.table("numbers", tables.columns(here.language, "health", kinds), rows, here, resources.now())
    else:
        st.caption(here.say("health.no_numbers"))


@st.fragment(run_every=2)
def reading(here: Context) -> None:
    """Draw how this dashboard itself reads."""
    snapshot = resources.snapshot()
    with st.container(horizontal=True, key="reading_figures"):
        st.metric(here.say("health.read"), f"{snapshot.read:,}", border=True)
        st.metric(here.say("health.lag"), snapshot.lag, border=True)
        st.metric(here.say("health.tickets"), f"{len(snapshot.cards):,}", border=True)
        st.metric(here.say("health.unreadable"), snapshot.unreadable, border=True)


here = context()
st.header(here.say("health.title"), anchor=False)
living(here)
reading(here)
st.subheader(here.say("health.numbers"), anchor=False)
numbers(here)
with st.container(border=True, key="walk"):
    st.subheader(here.say("health.walk"), anchor=False)
    st.mermaid_chart(_WALK)
