"""Rules: what each brought in, what is wrong in the folder, and what they say of a message you try."""

from __future__ import annotations

import streamlit as st

from dashboard import parts, resources, safe, tables, trial
from dashboard.context import Context, context
from stream.core.people import Role


def shorten(file: str) -> str:
    """Return the file's path inside the rules folder."""
    return file.removeprefix(f"{resources.settings().rules_dir.as_posix()}/")


@st.fragment(run_every=2)
def problems(here: Context) -> None:
    """Draw what a person has to put right, with file and line; the last good version stays in use meanwhile."""
    watcher = resources.rules()
    with st.container(key="problems"):
        if watcher.problems:
            st.error(here.say("rules.problems", count=len(watcher.problems)), icon=":material/rule:")
            rows = [
                {"place": f"{shorten(one.file)}:{one.line}", "path": one.path, "message": safe.show(one.message)}
                for one in watcher.problems
            ]
            kinds = {"place": ("text", "240px"), "path": ("text", "200px"), "message": ("wrap", "minmax(240px, 1fr)")}
            parts.table("rule_problems", tables.columns(here.language, "rules", kinds), rows, here, resources.now())
        else:
            st.caption(here.say("rules.fine", count=len(watcher.book.rules.rules), version=watcher.book.version))


@st.fragment(run_every=5)
def table(here: Context) -> None:
    """Draw the rules, the busiest first."""
    now = resources.now()
    rows = tables.rules(resources.rules().book, resources.snapshot().cards.values(), now)
    kinds = {
        "title": ("text", "minmax(180px, 1.3fr)"),
        "rule": ("text", "minmax(130px, .8fr)"),
        "says": ("chip", "100px"),
        "mode": ("text", "70px"),
        "priority": ("number", "70px"),
        "day": ("number", "64px"),
        "week": ("bar", "150px"),
        "last": ("until", "110px"),
    }
    if rows:
        parts.table("rules_table", tables.columns(here.language, "rules", kinds), rows, here, now)
        st.caption(here.say("rules.note"))
    else:
        parts.empty(here.say("rules.empty"), here.say("rules.empty_hint"), key="nothing_rules")


@st.fragment
def attempt(here: Context) -> None:
    """Let the visitor try a message; the same rules decide as in the worker."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_area(
            here.say("rules.try"), key="try_text", height=80, max_chars=4_000, placeholder=here.say("rules.try_hint")
        )
        role = st.segmented_control(
            here.say("rules.author"),
            [Role.CUSTOMER.value, Role.STAFF.value],
            default=Role.CUSTOMER.value,
            required=True,
            format_func=lambda one: here.say(f"rules.{one}"),
        )
    if not text.strip():
        return
    told = trial.explain(text, Role(role), resources.rules().book.rules, here.language)
    parts.draw("facts", "trial", {"facts": told.facts, "words": {}, "now": resources.now().isoformat()})
    kinds = {
        "title": ("text", "minmax(180px, 1fr)"),
        "rule": ("text", "160px"),
        "says": ("chip", "100px"),
        "weight": ("number", "70px"),
        "counted": ("chip", "150px"),
    }
    if told.rules:
        parts.table("trial_rules", tables.columns(here.language, "rules", kinds), told.rules, here, resources.now())


here = context()
st.header(here.say("rules.title"), anchor=False)
problems(here)
with st.container(border=True, key="try"):
    st.subheader(here.say("rules.try_title"), anchor=False)
    attempt(here)
table(here)
