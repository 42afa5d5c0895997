"""The side of all pages: language, numbers, and who is signed in."""

from __future__ import annotations

import streamlit as st

from dashboard import cookies, resources, safe
from dashboard.context import Context
from dashboard.people import has_password
from dashboard.sign_in import NAME_COOKIE, oidc_is_configured, sign_out
from dashboard.words import LANGUAGES


def draw_sidebar(context: Context) -> None:
    """Draw what belongs to the visitor, not to a page."""
    with st.sidebar:
        st.space("stretch")
        if context.me.may_reveal:
            st.toggle(context.say("app.show_numbers"), key="reveal", persist_state="session")
        st.selectbox(
            context.say("app.language"),
            list(LANGUAGES),
            index=list(LANGUAGES).index(context.language),
            format_func=LANGUAGES.__getitem__,
            key="chosen_language",
            on_change=_choose_language,
            label_visibility="collapsed",
        )
        if st.session_state.get("chosen_language"):
            cookies.write("groupdesk_lang", context.language)
        is_guarded = has_password(resources.settings()) or oidc_is_configured()
        if is_guarded:
            role = context.say(f"role.{context.me.role}")
            st.caption(context.say("app.signed_in", name=safe.markdown(context.me.name), role=role))
            st.button(context.say("sign_in.out"), on_click=sign_out, icon=":material/logout:", type="tertiary")
        else:
            _ask_name(context)


def _ask_name(context: Context) -> None:
    """Without a sign-in, everybody at this machine says who they are; the browser remembers it."""
    name = st.text_input(
        context.say("app.your_name"),
        context.me.name,
        key="my_name",
        max_chars=60,
        help=context.say("app.your_name_help"),
        persist_state="session",
    )
    if name and name != (cookies.read(NAME_COOKIE) or "local"):
        cookies.write(NAME_COOKIE, name)


def _choose_language() -> None:
    """Keep the choice for this session, this browser and whoever gets the link."""
    st.session_state["language"] = st.session_state["chosen_language"]
    st.query_params["lang"] = st.session_state["chosen_language"]
