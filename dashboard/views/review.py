"""Review: messages that neither the rules nor a model decided, for a person to make a ticket of or to put away."""

from __future__ import annotations

import streamlit as st

from dashboard import actions, parts, resources, review, tables
from dashboard.context import Context, context
from stream.core.commands import Judge, Open
from stream.core.review import ReviewItem

SHOWN = 100


@st.fragment(run_every=1)
def queue(here: Context) -> None:
    """Draw the queue, the oldest first."""
    items = [one for one in resources.snapshot().review if (one.group, one.message_id) not in asked()]
    rows = review.rows(items[:SHOWN], resources.choices()[0], here.language, reveal=here.reveal, may_act=here.me.may_act)
    kinds = {
        "text": ("wrap", "minmax(170px, 1.6fr)"),
        "who": ("text", "104px"),
        "group": ("text", "124px"),
        "at": ("until", "72px"),
        "standing": ("chip", "122px"),
        "because": ("wrap", "minmax(110px, .8fr)"),
        "thought": ("text", "92px"),
        "act": ("buttons", "188px"),
    }
    with st.container(key="review"):
        if not rows:
            parts.empty(here.say("review.empty"), here.say("review.empty_hint"))
            return
        pressed = parts.table("review_queue", tables.columns(here.language, "review", kinds), rows, here, resources.now())
        st.caption(here.say("review.count", count=len(items)))
    if pressed:
        does, _, message_id = pressed.partition(" ")
        item = next((one for one in items if one.message_id == message_id), None)
        if item is not None:
            decide(here, item, does)


def decide(here: Context, item: ReviewItem, does: str) -> None:
    """Ask for what the visitor pressed; the row goes with the next refresh."""
    if does == "open":
        is_asked = actions.ask_in(item.group, here.me, here.language, here.say("review.open"), Open, message_id=item.message_id)
    else:
        is_asked = actions.ask_in(
            item.group,
            here.me,
            here.language,
            here.say("review.dismiss"),
            Judge,
            is_answered=False,
            message_id=item.message_id,
            detection=review.dismissal(here.me.name),
        )
    if is_asked:
        asked().add((item.group, item.message_id))


def asked() -> set[tuple[str, str]]:
    """Return the messages that this visitor has just decided."""
    found: set[tuple[str, str]] = st.session_state.setdefault("reviewed", set())
    return found


here = context()
parts.heading(here.say("review.title"))
st.caption(here.say("review.hint"))
queue(here)
