"""Board: everything that waits, the one due soonest first."""

from __future__ import annotations

import streamlit as st

from dashboard import address, frames, parts, resources
from dashboard.context import Context, context
from dashboard.frames import VIEWS, Filter

PAGE = 100
LAYOUTS = ("list", "columns")


def controls(here: Context) -> None:
    """Draw the filters. All of them live in the address, so a link shows the same to everybody."""
    groups, categories, _ = resources.choices()
    address.seed("view", "open", VIEWS)
    address.seed("layout", "list", LAYOUTS)
    address.seed("q", "")
    address.seed("group", None, groups)
    address.seed("category", None, categories)
    with st.container(key="controls", horizontal=True, vertical_alignment="bottom"):
        st.pills(
            here.say("board.view"),
            VIEWS,
            required=True,
            key="view",
            on_change=address.keep,
            args=("view", "open"),
            format_func=lambda view: here.say(f"view.{view}"),
            label_visibility="collapsed",
        )
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
        st.selectbox(
            here.say("board.group"),
            list(groups),
            key="group",
            on_change=address.keep,
            args=("group", None),
            format_func=lambda jid: groups.get(jid, jid),
            index=None,
            placeholder=here.say("board.all_groups"),
            label_visibility="collapsed",
            width=170,
        )
        st.selectbox(
            here.say("board.category"),
            categories,
            key="category",
            on_change=address.keep,
            args=("category", None),
            index=None,
            placeholder=here.say("board.all_categories"),
            label_visibility="collapsed",
            width=164,
        )
        st.space("stretch")
        st.segmented_control(
            here.say("board.layout"),
            LAYOUTS,
            required=True,
            key="layout",
            on_change=address.keep,
            args=("layout", "list"),
            format_func=lambda name: here.say(f"board.{name}"),
            label_visibility="collapsed",
        )


@st.fragment(run_every=1)
def tickets(here: Context) -> None:
    """Draw the tickets; every second, from what the live view knows by then."""
    snapshot, now = resources.snapshot(), resources.now()
    state = st.session_state
    wanted = Filter(state.get("view") or "open", state.get("q") or "", state.get("group"), state.get("category"), here.me.name)
    found = frames.select(snapshot, wanted, now)
    limit = int((state.get("board") or {}).get("limit") or PAGE)
    parts.draw(
        "board",
        "board",
        {
            "rows": [frames.board_row(card, now, here.language, reveal=here.reveal) for card in found[:limit]],
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
