"""Health: every process with its last sign of life, what they count, and how old what we show is."""

from __future__ import annotations

import streamlit as st

from dashboard import hops, lags, letters, parts, resources, safe, tables
from dashboard.context import Context, context
from dashboard.desk import is_alive
from dashboard.people import Role
from stream import logs
from stream.errors import BrokerError

log = logs.get("dashboard.health")

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
    rows = tables.parts(resources.snapshot(), resources.now(), here.language, resources.not_set_up())
    parts.table(
        "parts",
        tables.columns(here.language, "health", kinds, only_wide=("since", "process", "version")),
        rows,
        here,
        resources.now(),
    )


@st.fragment(run_every=2)
def numbers(here: Context) -> None:
    """Draw what the processes count, each part its own. What nobody counts is not here: no data is not zero."""
    told = tables.numbers(resources.snapshot(), resources.now())
    kinds = {"name": ("text", "minmax(120px, 1fr)"), "value": ("number", "104px")}
    for column, names in zip(st.columns(3, gap="small"), _spread(told), strict=True):
        for part in names:
            columns = tables.columns(here.language, "health", kinds)
            columns[0]["label"] = part
            with column:
                parts.table(f"numbers_{part}", columns, told[part], here, resources.now())
    if not told:
        st.caption(here.say("health.no_numbers"))


def _spread(told: dict[str, list[tables.Row]]) -> list[list[str]]:
    """Return the parts in three stacks of about the same height, each part below what comes before it."""
    stacks: list[list[str]] = [[], [], []]
    for part in told:
        min(stacks, key=lambda stack: sum(len(told[name]) + 2 for name in stack)).append(part)
    return stacks


@st.fragment(run_every=2)
def latency(here: Context) -> None:
    """Draw how long each hop of a message takes."""
    snapshot, now = resources.snapshot(), resources.now()
    living = [status for status in snapshot.parts.values() if is_alive(status, now)]
    rows = hops.rows(hops.hops(snapshot.hops, living), here.language)
    kinds = {
        "hop": ("wrap", "minmax(150px, 1fr)"),
        "usual": ("number", "86px"),
        "slow": ("number", "86px"),
        "count": ("number", "66px"),
    }
    with st.container(key="latency"):
        if rows:
            parts.table("hops_table", tables.columns(here.language, "hops", kinds), rows, here, now)
        else:
            st.caption(here.say("hops.none"))


@st.fragment(run_every=2)
def behind(here: Context) -> None:
    """Draw how far each reader of Kafka is behind, by partition."""
    sight = resources.lag_watch().look()
    seen = dict(sight.by_reader) if sight else {}
    rows = lags.rows(seen | lags.own(resources.snapshot().lags), here.language)
    kinds = {
        "reader": ("text", "84px"),
        "topic": ("text", "minmax(90px, 1fr)"),
        "lag": ("chip", "78px"),
        "partitions": ("wrap", "minmax(110px, 1fr)"),
    }
    with st.container(key="behind"):
        if sight is None:
            st.caption(here.say("lags.asking"))
        elif sight.problem:
            st.caption(safe.markdown(sight.problem))
        parts.table("lags_table", tables.columns(here.language, "lags", kinds), rows, here, resources.now())


@st.fragment(run_every=2)
def reading(here: Context) -> None:
    """Draw how this dashboard itself reads."""
    snapshot = resources.snapshot()
    with st.container(horizontal=True, key="reading_figures"):
        st.metric(here.say("health.read"), f"{snapshot.read:,}", border=True)
        st.metric(here.say("health.lag"), snapshot.lag, border=True)
        st.metric(here.say("health.tickets"), f"{len(snapshot.cards):,}", border=True)
        st.metric(here.say("health.unreadable"), snapshot.unreadable, border=True)


@st.fragment(run_every=2)
def dead_letters(here: Context) -> None:
    """Draw what could not be handled, the latest first, each with a second try where there can be one."""
    rows = letters.rows(resources.snapshot().letters, here.language, may_act=here.me.role.may(Role.ADMIN))
    kinds = {
        "at": ("until", "100px"),
        "stage": ("text", "90px"),
        "why": ("wrap", "minmax(220px, 1fr)"),
        "bytes": ("number", "90px"),
        "act": ("buttons", "120px"),
    }
    with st.container(key="letters"):
        if not rows:
            st.caption(here.say("letters.none"))
            return
        pressed = parts.table("dead_letters", tables.columns(here.language, "letters", kinds), rows, here, resources.now())
    if pressed and here.me.role.may(Role.ADMIN):
        replay(here, pressed)


def replay(here: Context, ref: str) -> None:
    """Let one dead letter take its way again, and tell what came of it."""
    try:
        remedy = letters.replay(resources.settings(), resources.publisher(), ref)
    except BrokerError as error:
        st.toast(safe.markdown(str(error)), icon=":material/error:", duration="long")
        return
    log.info("replayed a dead letter", ref=ref, records=len(remedy.records), by=here.me.name)
    if remedy.records:
        st.toast(here.say("letters.replayed"), icon=":material/replay:")
    else:
        st.toast(here.say("letters.no_remedy", why=safe.markdown(remedy.because)), icon=":material/block:", duration="long")


here = context()
parts.heading(here.say("health.title"))
living(here)
reading(here)
left, right = st.columns(2, gap="medium")
with left:
    st.subheader(here.say("hops.title"), anchor=False)
    latency(here)
with right:
    st.subheader(here.say("lags.title"), anchor=False)
    behind(here)
st.subheader(here.say("health.numbers"), anchor=False)
numbers(here)
with st.container(border=True, key="dead"):
    st.subheader(here.say("letters.title"), anchor=False)
    dead_letters(here)
with st.container(border=True, key="walk"):
    st.subheader(here.say("health.walk"), anchor=False)
    st.mermaid_chart(_WALK)
