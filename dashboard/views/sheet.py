"""Sheet: the team's sheet beside our state, and what people changed in it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import actions, parts, resources, safe, sheet_view, story, tables
from dashboard.context import Context, context
from stream.core.commands import ActorKind
from stream.core.sheet_columns import BY_NAME
from stream.errors import CommandRefused, SheetError


@st.cache_data(ttl=10, max_entries=2, show_spinner=False)
def comparison(_modified_at: float, _tickets_version: int) -> sheet_view.Comparison | str:
    """Return the comparison, or why there is none; worked out at most once in ten seconds for all visitors."""
    settings = resources.settings()
    try:
        grid = sheet_view.read_grid(settings.sheet_path)
        cards = resources.snapshot().cards.values()
        return sheet_view.compare(grid, cards, resources.now(), ZoneInfo(settings.sheet_timezone), resources.name_of)
    except SheetError as error:
        return str(error)


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


@st.fragment(run_every=5)
def beside(here: Context) -> None:
    """Draw both sides: how many agree, and cell by cell what does not."""
    path = resources.settings().sheet_path
    found = comparison(path.stat().st_mtime if path.exists() else 0.0, resources.snapshot().tickets_version)
    with st.container(key="beside"):
        if isinstance(found, str):
            parts.empty(here.say("sheet.none"), safe.markdown(found), key="nothing_sheet")
            return
        with st.container(horizontal=True, key="sheet_figures"):
            st.metric(here.say("sheet.equal"), found.equal, border=True)
            st.metric(here.say("sheet.differ"), len({one.ticket_id for one in found.differences}), border=True)
            st.metric(here.say("sheet.only_here"), len(found.only_here), border=True)
            st.metric(here.say("sheet.only_there"), len(found.only_there), border=True)
        rows = [
            {
                "id": one.ticket_id,
                "column": BY_NAME[one.column].header,
                "ours": safe.show(one.ours),
                "theirs": safe.show(one.theirs),
                "whose": tables.chip(
                    here.say("sheet.theirs_holds" if one.by_person else "sheet.ours_holds"), "warn" if one.by_person else "none"
                ),
                "act": [{"text": here.say("sheet.take"), "press": f"{one.ticket_id} {one.column}"}]
                if one.by_person and here.me.may_act
                else None,
            }
            for one in found.differences[:200]
        ]
        rows += [{"id": one, "whose": tables.chip(here.say("sheet.will_be_added"), "none")} for one in found.only_here[:100]]
        rows += [
            {"id": safe.show(one), "whose": tables.chip(here.say("sheet.unknown_row"), "warn")} for one in found.only_there[:100]
        ]
        kinds = {
            "id": ("id", "124px"),
            "column": ("text", "110px"),
            "ours": ("text", "minmax(140px, 1fr)"),
            "theirs": ("text", "minmax(140px, 1fr)"),
            "whose": ("chip", "220px"),
            "act": ("buttons", "150px"),
        }
        pressed = None
        if rows:
            pressed = parts.table(
                "sheet_differences", tables.columns(here.language, "sheet", kinds), rows, here, resources.now(), opens=True
            )
        else:
            st.caption(here.say("sheet.all_equal"))
    for one in found.differences:
        if pressed == f"{one.ticket_id} {one.column}":
            take(here, one)


def take(here: Context, one: sheet_view.Difference) -> None:
    """Ask for what the sheet says, in the visitor's name; what cannot be read is told as the sheet would tell it."""
    card = resources.snapshot().cards.get(one.ticket_id)
    if card is None:
        return
    try:
        command = sheet_view.command_of(one, card, resources.rules().book.team.team, resources.now())
    except CommandRefused as refusal:
        st.toast(safe.markdown(str(refusal)), icon=":material/block:", duration="long")
        return
    values = command.model_dump(exclude={"id", "group", "at", "actor", "kind"})
    actions.ask(here.me, here.language, here.say("sheet.take"), type(command), card.ticket(), **values)


@st.fragment(run_every=5)
def edits(here: Context) -> None:
    """Draw the latest changes that people made in the sheet, refused ones among them."""
    found = [event for event in resources.snapshot().recent if event.actor and event.actor.kind is ActorKind.SHEET][-30:]
    parts.draw(
        "timeline",
        "sheet_edits",
        {"events": story.timeline(found, here.language, with_ticket=True), "words": {"label": here.say("sheet.edits")}},
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
if resources.settings().cs_sheet_id:
    st.caption(here.say("sheet.google"))
else:
    beside(here)
with st.container(border=True, key="edits"):
    st.subheader(here.say("sheet.edits"), anchor=False)
    edits(here)
