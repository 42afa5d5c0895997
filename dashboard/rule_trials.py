"""Two parts of the Rules page: a changed file tried on the messages of the last days, and corrections waiting to become rules."""

from __future__ import annotations

import streamlit as st

from dashboard import address, parts, resources, rule_change, safe, story, tables
from dashboard.context import Context
from dashboard.insight import corrections
from dashboard.people import Role
from dashboard.rule_change import Change
from stream.adapters.yaml_lines import Problem
from stream.errors import RulesError

DAYS = (1, 3, 7, 14)
SUGGEST = ("rules", "suggest")
# What the form is to show next; it stands beside the form's own keys, which only their widgets may change.
_WANTED = "backtest_wanted"


@st.fragment
def draw_backtest(here: Context) -> None:
    """Draw a rule file to be changed and what the change would have done; nothing of it touches the rules in use."""
    st.caption(here.say("backtest.hint"))
    try:
        known = rule_change.files(resources.settings().rules_dir)
    except RulesError as error:
        parts.empty(here.say("rules.empty"), safe.markdown(str(error)), key="nothing_files")
        return
    _load(known)
    left, right = st.columns([1.1, 1], gap="medium")
    with left:
        change, days = _form(here, known)
    with right:
        _outcome(here, change, days)


def _load(known: list[str]) -> None:
    """Fill the form: with a suggestion that was just picked, else with the file that was just chosen."""
    state = st.session_state
    wanted: Change | None = state.pop(_WANTED, None)
    choice = wanted.file if wanted else state.get("backtest_file") or (known[0] if known else rule_change.NEW_FILE)
    if wanted or state.get("backtest_loaded") != choice or "backtest_text" not in state:
        state["backtest_file"] = choice
        state["backtest_text"] = wanted.text if wanted else rule_change.text_of(resources.settings().rules_dir, choice)
        state["backtest_loaded"] = choice


def _form(here: Context, known: list[str]) -> tuple[Change, int]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        options = list(dict.fromkeys([*known, rule_change.NEW_FILE, st.session_state["backtest_file"]]))
        file = st.selectbox(here.say("backtest.file"), options, key="backtest_file")
        days = st.selectbox(
            here.say("backtest.days"),
            DAYS,
            index=2,
            key="backtest_days",
            format_func=lambda days: here.say("insights.days", days=days),
            width=130,
        )
    text = st.text_area(here.say("backtest.text"), key="backtest_text", height=460, max_chars=200_000)
    return Change(file, text), days


def _outcome(here: Context, change: Change, days: int) -> None:
    """Draw what is wrong with the change, or else the button that tries it, and what came of that."""
    wrong = _problems_of(change)
    with st.container(horizontal=True, vertical_alignment="bottom", key="backtest_buttons"):
        st.space("stretch")
        st.download_button(
            here.say("backtest.download"),
            change.text,
            change.file.rpartition("/")[2],
            "application/yaml",
            icon=":material/download:",
        )
        may = here.me.role.may(Role.OPERATOR) and not wrong
        if st.button(here.say("backtest.run"), type="primary", icon=":material/play_arrow:", disabled=not may):
            folder = rule_change.stage(resources.settings().rules_dir, change)
            st.session_state["backtest"] = ("rules", "backtest", str(folder), "--days", str(days))
            st.session_state["backtest_of"] = change.key
            resources.toolbox().ask(*st.session_state["backtest"], then=lambda: rule_change.unstage(folder))
    if wrong:
        st.error(here.say("backtest.wrong", count=len(wrong)), icon=":material/rule:")
        rows = [{"place": f"{change.file}:{one.line}", "message": safe.show(one.message)} for one in wrong[:20]]
        kinds = {"place": ("text", "150px"), "message": ("wrap", "minmax(160px, 1fr)")}
        parts.table("backtest_problems", tables.columns(here.language, "rules", kinds), rows, here, resources.now())
    _found(here, change.key)


def _problems_of(change: Change) -> list[Problem]:
    """Return what is wrong with the change; reading the whole folder takes a while, so it is done once a change."""
    asked = (change.key, resources.rules().book.version)
    known: tuple[tuple[str, str], list[Problem]] | None = st.session_state.get("backtest_problems_of")
    if known is None or known[0] != asked:
        known = asked, rule_change.problems(resources.settings().rules_dir, change)
        st.session_state["backtest_problems_of"] = known
    return known[1]


@st.fragment(run_every=1)
def _found(here: Context, key: str) -> None:
    """Draw gains and losses as soon as they are known."""
    words, toolbox = st.session_state.get("backtest"), resources.toolbox()
    with st.container(key="backtest_found"):
        if not words:
            st.caption(here.say("backtest.nothing"))
            return
        told = toolbox.told(*words)
        if told is None:
            st.caption(here.say("backtest.running"))
            st.skeleton(height=120)
            return
        if told.problem:
            parts.empty(here.say("backtest.failed"), safe.markdown(told.problem), key="nothing_backtest")
            return
        if st.session_state.get("backtest_of") != key:
            st.caption(here.say("backtest.older"))
        with st.container(horizontal=True, key="backtest_figures"):
            for change in ("gained", "lost", "changed"):
                st.metric(here.say(f"backtest.{change}"), rule_change.count(told.body, change), border=True)
        body = told.body
        st.caption(
            here.say("backtest.told", messages=body["messages"], before=body["tickets_before"], after=body["tickets_after"])
        )
        rows = rule_change.rows(body, here.language, reveal=here.reveal)
        kinds = {
            "change": ("chip", "96px"),
            "text": ("wrap", "minmax(150px, 1.6fr)"),
            "before": ("wrap", "96px"),
            "after": ("wrap", "96px"),
            "by": ("text", "100px"),
        }
        if rows:
            parts.table("backtest_rows", tables.columns(here.language, "backtest", kinds), rows, here, resources.now())
        else:
            st.caption(here.say("backtest.same"))


@st.fragment(run_every=2)
def draw_corrections(here: Context) -> None:
    """Draw the rules that corrections ask for, and the corrections themselves."""
    toolbox, snapshot = resources.toolbox(), resources.snapshot()
    found = corrections(snapshot.recent, None)
    told = toolbox.told(*SUGGEST)
    stamp = (resources.rules().book.version, len(found))
    if told is None or told.stamp != stamp:
        toolbox.ask(*SUGGEST, stamp=stamp)
    with st.container(key="suggested"):
        if told is None:
            st.caption(here.say("corrections.reading"))
            st.skeleton(height=90)
        elif told.problem:
            st.caption(safe.markdown(told.problem))
        elif not told.body.get("suggestions"):
            parts.empty(here.say("corrections.none"), here.say("corrections.none_hint"), key="nothing_suggested")
        else:
            st.caption(here.say("corrections.found", count=told.body["corrections"], rules=len(told.body["suggestions"])))
            for number, one in enumerate(told.body["suggestions"]):
                _suggestion(here, number, one)
    with st.container(border=True, key="corrected"):
        st.subheader(here.say("insights.corrections"), anchor=False)
        events = story.timeline(found[:50], here.language, with_ticket=True, name_of=resources.name_of)
        parts.draw("timeline", "corrections", {"events": events, "words": {"label": here.say("insights.corrections")}})
        if not found:
            st.caption(here.say("corrections.no_event"))


def _suggestion(here: Context, number: int, one: dict[str, object]) -> None:
    rule = one["rule"]
    text = rule_change.as_file([rule] if isinstance(rule, dict) else [])
    with st.container(border=True, key=f"suggestion_{number}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(here.say("corrections.effect", mended=one["mended"], spoiled=one["spoiled"]))
            st.space("stretch")
            if st.button(
                here.say("corrections.try"), key=f"try_{number}", icon=":material/science:", on_click=_try_out, args=(text,)
            ):
                st.rerun()
        st.code(text, language="yaml")


def _try_out(text: str) -> None:
    """Go on to the backtest with this text; a callback, since only those may turn the page's own switch."""
    st.session_state[_WANTED] = Change(rule_change.SUGGESTED, text)
    st.session_state["part"] = "backtest"
    address.keep("part", "rules")
