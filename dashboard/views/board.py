"""Board: everything that waits, the one due soonest first."""

from __future__ import annotations

import streamlit as st

from dashboard import address, frames, parts, resources, safe
from dashboard.context import Context, context
from dashboard.frames import VIEWS, Filter

PAGE = 100
LAYOUTS = ("list", "columns")


def controls(here: Context) -> None:
    """Draw the filters. All of them live in the address, so a link shows the same to everybody."""
    groups, categories, _ = resources.choices()
    with st.container(key="controls", horizontal=True, vertical_alignment="bottom"):
        address.choose("view", VIEWS, here.say("board.view"), lambda view: here.say(f"view.{view}"), look="pills")
    address.seed("q", "")
    with st.container(key="narrow", horizontal=True, vertical_alignment="center"):
        st.text_input(
            here.say("board.search"),
            key="q",
            on_change=address.keep,
            args=("q", ""),
            type="search",
            placeholder=here.say("board.search"),
            label_visibility="collapsed",
            icon=":material/search:",
            live=True,
            width=320,
        )
        all_groups, all_categories = here.say("board.all_groups"), here.say("board.all_categories")
        address.select("group", list(groups), here.say("board.group"), all_groups, lambda jid: groups.get(jid, jid))
        address.select("category", categories, here.say("board.category"), all_categories, safe.show)
        st.space("stretch")
        address.choose("layout", LAYOUTS, here.say("board.layout"), lambda name: here.say(f"board.{name}"))


@st.fragment(run_every=1)
def tickets(here: Context) -> None:
    """Draw the tickets; every second, from what the live view knows by then."""
    snapshot, now = resources.snapshot(), resources.now()
    state = st.session_state
    mine = resources.assignees_of(here.me.name)
    wanted = Filter(state.get("view") or "open", state.get("q") or "", state.get("group"), state.get("category"), mine)
    found = frames.select(snapshot, wanted, now)
    limit = int((state.get("board") or {}).get("limit") or PAGE)
    parts.draw(
        "board",
        "board",
        {
            "rows": [
                frames.board_row(card, now, here.language, reveal=here.reveal, name_of=resources.name_of)
                for card in found[:limit]
            ],
            "total": len(found),
            "limit": limit,
            "mode": state.get("layout") or "list",
            "now": now.isoformat(),
            "words": frames.board_words(here.language),
        },
        on_limit_change=lambda: None,
    )
    with st.container(key="empty"):
        if not found:
            kind = "none" if snapshot.cards else "empty"
            parts.empty(here.say(f"board.{kind}"), here.say(f"board.{kind}_hint"))


here = context()
controls(here)
tickets(here)
