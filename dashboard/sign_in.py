"""The door of the dashboard: returns the visitor, or shows how to sign in and stops."""

from __future__ import annotations

import time
from typing import NoReturn
from urllib.parse import parse_qsl, urlencode, urlsplit

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
PAGES = ("board", "ticket", "review", "followups", "insights", "rules", "simulator", "sheet", "health", "connection")
_WANTED, _WANTED_S = "groupdesk_wanted", 600


@st.cache_resource(show_spinner=False)
def _attempts() -> Attempts:
    return Attempts()


def oidc_is_configured() -> bool:
    """Tell whether `[auth]` stands in Streamlit's secrets."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:  # Streamlit's way to say that there is no secrets file
        return False


def known_visitor(settings: Settings) -> Visitor | None:
    """Return who is here, or None while nobody has said so."""
    if oidc_is_configured():
        if not st.user.is_logged_in:
            return None
        email = str(st.user.get("email") or "") if st.user.get("email_verified", True) else ""
        return Visitor(str(st.user.get("name") or email or "unknown"), role_for_email(settings, email))
    if not has_password(settings):
        return Visitor(st.session_state.get("my_name") or cookies.read(NAME_COOKIE) or "local", Role.ADMIN)
    known: Visitor | None = st.session_state.get("visitor")
    if known is None and not st.session_state.get("signed_out"):
        known = unseal(cookies.read(COOKIE), settings, time.time())
    if known is not None and st.session_state.get("cookie"):
        cookies.write(COOKIE, st.session_state["cookie"], SESSION_S)
    return known


def ask_visitor(settings: Settings, language: str) -> NoReturn:
    """Ask who is here, and end the run of the page: what comes after is for those who have said so."""
    if oidc_is_configured():
        st.title(say(language, "sign_in.title"))
        st.button(say(language, "sign_in.company"), type="primary", icon=":material/login:", on_click=st.login)
        cookies.write(_WANTED, f"{urlsplit(st.context.url or '').path}?{urlencode(st.query_params.to_dict())}", _WANTED_S)
    else:
        found = _ask(settings, language)
        if found is not None:
            st.session_state["visitor"] = found
            st.session_state["signed_out"] = False
            st.session_state["cookie"] = seal(found, settings, time.time())
            st.rerun()
    st.stop()


def sign_out() -> None:
    """Forget who is here."""
    if oidc_is_configured():
        st.logout()
    st.session_state["visitor"] = None
    st.session_state["signed_out"] = True


def go_back_where_asked() -> None:
    """Go to the page that was asked for before somebody signed in elsewhere: a provider sends everybody to the first page."""
    asked = cookies.read(_WANTED)
    if not asked or st.session_state.get("was_sent_back") or not oidc_is_configured():
        return
    st.session_state["was_sent_back"] = True
    path, _, query = asked.partition("?")
    page = path.strip("/").rpartition("/")[2]
    if page in PAGES:
        st.switch_page(f"views/{page}.py", query_params=dict(parse_qsl(query)))


def _ask(settings: Settings, language: str) -> Visitor | None:
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
    return None
