"""Rules: what each does, what is wrong in the folder, and what they, or a changed version of them, make of messages."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from dashboard import address, parts, resources, rule_usage, safe, tables, trial
from dashboard.context import Context, context
from dashboard.rule_trials import draw_backtest, draw_corrections
from stream.core.people import Role

PARTS = ("rules", "try", "backtest", "corrections")
STATS = ("rules", "stats")
COUNT_AGAIN = timedelta(minutes=5)


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


@st.fragment(run_every=3)
def table(here: Context) -> None:
    """Draw the rules, the busiest first, as counted over the messages that Kafka holds."""
    now, book, toolbox = resources.now(), resources.rules().book, resources.toolbox()
    if not book.rules.rules:
        parts.empty(here.say("rules.empty"), here.say("rules.empty_hint"), key="nothing_rules")
        return
    told = toolbox.told(*STATS)
    if told is None or told.stamp != book.version or (told.at and now - told.at > COUNT_AGAIN):
        toolbox.ask(*STATS, stamp=book.version)
    usage = rule_usage.usage_of(told.body) if told and not told.problem else None
    counts = rule_usage.count_views(book, usage)

    def name_of(view: str) -> str:
        return here.say(f"rules.view_{view}") + ("" if counts[view] is None else f"  {counts[view]}")

    view = address.choose("hits", rule_usage.VIEWS, here.say("rules.view"), name_of, look="pills")
    rows = rule_usage.rows(book, resources.snapshot().cards.values(), usage, view, now, here.language)
    kinds = {
        "title": ("wrap", "minmax(200px, 1.8fr)"),
        "rule": ("text", "minmax(130px, .8fr)"),
        "says": ("chip", "96px"),
        "priority": ("number", "60px"),
        "fitted": ("bar", "128px"),
        "decided": ("number", "76px"),
        "tickets": ("number", "84px"),
        "last": ("until", "92px"),
        "remark": ("chip", "166px"),
    }
    if rows:
        columns = tables.columns(here.language, "rules", kinds, only_wide=("priority", "tickets"))
        parts.table("rules_table", columns, rows, here, now)
    else:
        parts.empty(here.say(f"rules.no_{view}"), here.say("rules.no_view_hint"), key="nothing_hits")
    if told and told.problem:
        st.caption(safe.markdown(told.problem))
    elif told:
        st.caption(here.say("rules.note", messages=f"{told.body.get('messages', 0):,}"))
    else:
        st.caption(here.say("rules.counting"))


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
        st.caption(here.say("rules.try_empty"))
        return
    told = trial.explain(text, Role(role), resources.rules().book.rules, here.language, resources.now())
    parts.draw("facts", "trial", {"facts": told.facts, "words": {}, "now": resources.now().isoformat()})
    kinds = {
        "title": ("wrap", "minmax(150px, 1fr)"),
        "rule": ("text", "140px"),
        "says": ("chip", "100px"),
        "weight": ("number", "66px"),
        "counted": ("chip", "130px"),
        "checks": ("checks", "minmax(220px, 1.5fr)"),
    }
    if told.rules:
        parts.table("trial_rules", tables.columns(here.language, "rules", kinds), told.rules, here, resources.now())
    else:
        st.caption(here.say("trial.no_rule"))
    if told.question:
        with st.expander(here.say("trial.question")):
            st.code(told.question, language=None, wrap_lines=True)


here = context()
with st.container(horizontal=True, vertical_alignment="center", key="controls"):
    st.header(here.say("rules.title"), anchor=False)
    st.space("stretch")
    part = address.choose("part", PARTS, here.say("rules.title"), lambda part: here.say(f"rules.part_{part}"))
problems(here)
{"rules": table, "try": attempt, "backtest": draw_backtest, "corrections": draw_corrections}[part](here)
