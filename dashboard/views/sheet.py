"""Sheet: the team's sheet beside our state, and what people changed in it."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import timedelta

import streamlit as st

from dashboard import actions, parts, resources, safe, sheet_view, story, tables
from dashboard.context import Context, context
from dashboard.tools import Told
from stream.core.commands import ActorKind, PushRow
from stream.errors import CommandRefused

DIFF = ("sheet", "diff")
# Reading a file costs nothing but a second of this machine; Google counts every read, and the role needs most of them.
LOCAL_EVERY, GOOGLE_EVERY = timedelta(seconds=4), timedelta(minutes=1)


def uses_google() -> bool:
    """Tell whether the sheet is Google's, not a file on this machine."""
    return bool(resources.settings().cs_sheet_id.strip())


def stamp() -> Hashable:
    """Return what a comparison depends on: while it is the same, comparing again would tell the same."""
    path = resources.settings().sheet_path
    written = None if uses_google() else path.stat().st_mtime if path.exists() else 0.0
    return written, resources.snapshot().tickets_version


def told_now() -> Told | None:
    """Return the latest comparison, and have a new one made where the latest may be old. All visitors share it."""
    toolbox = resources.toolbox()
    told, now = toolbox.told(*DIFF), resources.now()
    gap = GOOGLE_EVERY if uses_google() else LOCAL_EVERY
    is_old = told is None or told.at is None or (now - told.at > gap and (uses_google() or told.stamp != stamp()))
    if is_old:
        toolbox.ask(*DIFF, stamp=stamp())
    return told


@st.fragment(run_every=5)
def standing(here: Context) -> None:
    """Draw what the sheet role says of itself."""
    now = resources.now()
    rows = [row for row in tables.parts(resources.snapshot(), now, here.language) if row["part"] == "sheet"]
    kinds = {
        "part": ("text", "110px"),
        "state": ("chip", "130px"),
        "detail": ("wrap", "minmax(200px, 1fr)"),
        "seen": ("until", "110px"),
    }
    parts.table("sheet_part", tables.columns(here.language, "health", kinds), rows, here, now)


@st.fragment(run_every=2)
def beside(here: Context) -> None:
    """Draw both sides: how many agree, and cell by cell what does not."""
    told = told_now()
    with st.container(key="beside"):
        if told is None:
            st.caption(here.say("sheet.comparing"))
            for _ in range(3):
                st.skeleton(height=44)
            return
        if told.problem:
            parts.empty(here.say("sheet.none"), safe.markdown(told.problem), key="nothing_sheet")
            return
        found = sheet_view.read_comparison(told.body)
        pressed = _draw_comparison(here, found, told)
    does, _, about = (pressed or "").partition(" ")
    ticket_id, _, column = about.partition(" ")
    if does == sheet_view.PUSH:
        push(here, ticket_id)
    elif does == sheet_view.PULL:
        pull(here, found, ticket_id, column)


def _draw_comparison(here: Context, found: sheet_view.Comparison, told: Told) -> str | None:
    if found.drift.stop:
        st.warning(here.say("sheet.stopped"), icon=":material/front_hand:")
        st.text(safe.show(found.drift.stop))
    with st.container(horizontal=True, key="sheet_figures"):
        st.metric(here.say("sheet.equal"), f"{found.equal:,}", border=True)
        st.metric(here.say("sheet.differ"), f"{found.differing:,}", border=True)
        st.metric(here.say("sheet.only_here"), f"{len(found.only_here):,}", border=True)
        st.metric(here.say("sheet.only_there"), f"{len(found.drift.unknown):,}", border=True)
    rows = sheet_view.rows(found, resources.snapshot().cards, here.language, may_act=here.me.may_act, reveal=here.reveal)
    kinds = {
        "id": ("id", "116px"),
        "column": ("text", "96px"),
        "ours": ("wrap", "minmax(120px, 1fr)"),
        "theirs": ("wrap", "minmax(120px, 1fr)"),
        "whose": ("chip", "178px"),
        "because": ("wrap", "minmax(140px, 1.2fr)"),
        "act": ("buttons", "202px"),
    }
    pressed = None
    if rows:
        pressed = parts.table("sheet_differences", tables.columns(here.language, "sheet", kinds), rows, here, resources.now())
    elif not found.drift.stop:
        st.caption(here.say("sheet.all_equal"))
    with st.container(horizontal=True, vertical_alignment="center", key="compared"):
        seconds = (resources.now() - told.at).seconds if told.at else 0
        st.caption(here.say("sheet.compared", seconds=seconds, tickets=f"{found.tickets:,}"))
        running = resources.toolbox().is_running(*DIFF)
        if st.button(here.say("sheet.again"), key="again", type="tertiary", icon=":material/refresh:", disabled=running):
            resources.toolbox().ask(*DIFF, stamp=stamp())
    return pressed


def push(here: Context, ticket_id: str) -> None:
    """Ask for the row to be written as the ticket is; the sheet role does it when the worker has agreed."""
    card = resources.snapshot().cards.get(ticket_id)
    if card is not None:
        actions.ask(here.me, here.language, here.say("sheet.push"), PushRow, card.ticket(), ticket_id=ticket_id)


def pull(here: Context, found: sheet_view.Comparison, ticket_id: str, column: str) -> None:
    """Ask for what the sheet says, in the visitor's name; what cannot be read is told as the sheet would tell it."""
    card, one = resources.snapshot().cards.get(ticket_id), sheet_view.find(found, ticket_id, column)
    if card is None or one is None:
        return
    try:
        command = sheet_view.command_of(one, card, resources.rules().book.team.team, resources.now())
    except CommandRefused as refusal:
        st.toast(safe.markdown(str(refusal)), icon=":material/block:", duration="long")
        return
    values = command.model_dump(exclude={"id", "group", "at", "actor", "kind"})
    actions.ask(here.me, here.language, here.say("sheet.pull"), type(command), card.ticket(), **values)


@st.fragment(run_every=5)
def edits(here: Context) -> None:
    """Draw the latest changes that people made in the sheet, refused ones among them."""
    found = [event for event in resources.snapshot().recent if event.actor and event.actor.kind is ActorKind.SHEET][-30:]
    parts.draw(
        "timeline",
        "sheet_edits",
        {
            "events": story.timeline(found, here.language, with_ticket=True, name_of=resources.name_of),
            "words": {"label": here.say("sheet.edits")},
        },
    )
    if not found:
        st.caption(here.say("sheet.no_edits"))


here = context()
with st.container(horizontal=True, vertical_alignment="center"):
    st.header(here.say("sheet.title"), anchor=False)
    st.space("stretch")
    if resources.settings().cs_sheet_id.startswith("https://"):
        st.link_button(here.say("sheet.open"), resources.settings().cs_sheet_id, icon=":material/open_in_new:")
standing(here)
beside(here)
with st.container(border=True, key="edits"):
    st.subheader(here.say("sheet.edits"), anchor=False)
    edits(here)
