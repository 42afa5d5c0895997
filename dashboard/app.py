"""The frame of all pages: who is here, where they can go, the strip on top, and the page itself."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import cookies, parts, resources
from dashboard.context import context
from dashboard.header import draw_header
from dashboard.loading import draw_loading
from dashboard.sidebar import draw_sidebar
from dashboard.sign_in import ask_visitor, go_back_where_asked, known_visitor
from dashboard.words import closest, say

st.set_page_config(
    page_title="Groupdesk", page_icon=Path(__file__).with_name("static") / "icon.svg", layout="wide", initial_sidebar_state=228
)
parts.style()
st.logo(Path(__file__).with_name("static") / "logo.svg", icon_image=Path(__file__).with_name("static") / "icon.svg", size="large")

language = st.query_params.get("lang") or st.session_state.get("language") or cookies.read("groupdesk_lang")
st.session_state["language"] = language = closest(language or st.context.locale)
known = known_visitor(resources.settings())

pages = {
    say(language, section): [
        st.Page(f"views/{file}.py", title=say(language, f"{file}.title"), icon=icon, url_path=file, default=file == "board")
        for file, icon in files
    ]
    for section, files in {
        "app.work": [
            ("board", ":material/view_list:"),
            ("ticket", ":material/confirmation_number:"),
            ("review", ":material/rule_settings:"),
            ("followups", ":material/notifications:"),
            ("insights", ":material/insights:"),
        ],
        "app.rules": [("rules", ":material/rule:"), ("simulator", ":material/play_circle:")],
        "app.system": [
            ("sheet", ":material/table:"),
            ("health", ":material/monitor_heart:"),
            ("connection", ":material/qr_code_2:"),
        ],
    }.items()
}
# The pages are there before anybody has signed in, so that a link to one of them holds.
page = st.navigation(pages, position="sidebar" if known else "hidden")
if known is None:
    ask_visitor(resources.settings(), language)
st.session_state["me"] = known
go_back_where_asked()
draw_sidebar(context())
draw_header(context())
if draw_loading(context()):
    page.run()
