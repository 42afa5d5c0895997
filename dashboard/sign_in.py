"""The door of the dashboard: returns the visitor, or shows how to sign in and stops."""

from __future__ import annotations

import time

import streamlit as st

from dashboard import cookies
from dashboard.people import (
    COOKIE,
    SESSION_S,
    Attempts,
    Role,
    Visitor,
    has_password,
    role_for_email,
    role_for_password,
    seal,
    unseal,
)
from dashboard.words import say
from stream.settings import Settings

NAME_COOKIE = "groupdesk_name"


@st.cache_resource(show_spinner=False)
def _attempts() -> Attempts:
    return Attempts()


def oidc_is_configured() -> bool:
    """Tell whether `[auth]` stands in Streamlit's secrets."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:  # Streamlit's way to say that there is no secrets file
        return False


def visitor(settings: Settings, language: str) -> Visitor:
    """Return who is here. Asks and stops the page when that is not known yet."""
    if oidc_is_configured():
        return _by_oidc(settings, language)
    if has_password(settings):
        return _by_password(settings, language)
    return Visitor(st.session_state.get("my_name") or cookies.read(NAME_COOKIE) or "local", Role.ADMIN)


def sign_out() -> None:
    """Forget who is here."""
    if oidc_is_configured():
        st.logout()
    st.session_state["visitor"] = None
    st.session_state["signed_out"] = True


def _by_oidc(settings: Settings, language: str) -> Visitor:
    if not st.user.is_logged_in:
        st.title(say(language, "sign_in.title"))
        st.button(say(language, "sign_in.company"), type="primary", icon=":material/login:", on_click=st.login)
        st.stop()
    email = str(st.user.get("email") or "") if st.user.get("email_verified", True) else ""
    return Visitor(str(st.user.get("name") or email or "unknown"), role_for_email(settings, email))


def _by_password(settings: Settings, language: str) -> Visitor:
    known: Visitor | None = st.session_state.get("visitor")
    if known is None and not st.session_state.get("signed_out"):
        known = unseal(cookies.read(COOKIE), settings, time.time())
    if known is None:
        known = _ask(settings, language)
        st.session_state["visitor"] = known
        st.session_state["signed_out"] = False
        st.session_state["cookie"] = seal(known, settings, time.time())
        st.rerun()
    if st.session_state.get("cookie"):
        cookies.write(COOKIE, st.session_state["cookie"], SESSION_S)
    return known


def _ask(settings: Settings, language: str) -> Visitor:
    if st.session_state.get("signed_out"):
        cookies.write(COOKIE, "", 0)
    with st.container(horizontal_alignment="center"), st.form("sign_in", width=380):
        st.subheader(say(language, "sign_in.title"))
        name = st.text_input(
            say(language, "app.your_name"), autocomplete="name", max_chars=60, help=say(language, "app.your_name_help")
        )
        given = st.text_input(say(language, "sign_in.password"), type="password", autocomplete="current-password")
        pressed = st.form_submit_button(say(language, "sign_in.button"), type="primary", width="stretch")
        if pressed:
            role = None if _attempts().are_too_many() else role_for_password(settings, given)
            if role is not None and name.strip():
                return Visitor(name.strip(), role)
            if role is not None:
                st.error(say(language, "sign_in.name_missing"))
            elif _attempts().are_too_many():
                st.error(say(language, "sign_in.wait"))
            else:
                _attempts().note_wrong()
                st.error(say(language, "sign_in.wrong"))
    return st.stop()
