"""Connection: the WhatsApp number, where its webhooks must go, and when the last one came. The QR code stays with the bridge."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import bridge, parts, resources, safe, tables
from dashboard.context import Context, context
from dashboard.people import Role

_TONES = {"ok": "good", "degraded": "warn", "down": "bad"}


@st.fragment(run_every=3)
def report(here: Context) -> None:
    """Draw what the bridge says of itself and of the number."""
    answer = bridge.read_health(resources.settings())
    with st.container(key="bridge_report"):
        if answer.status is None:
            st.error(here.say("connection.no_bridge"), icon=":material/cloud_off:")
            st.text(answer.problem)
            return
        rows = [_part_row(name, part) for name, part in answer.body.get("parts", {}).items()]
        kinds = {
            "part": ("text", "130px"),
            "state": ("chip", "120px"),
            "detail": ("wrap", "minmax(220px, 1fr)"),
            "since": ("until", "120px"),
        }
        parts.table("bridge_parts", tables.columns(here.language, "connection", kinds), rows, here, resources.now())
        counts = answer.body.get("counts", {})
        with st.container(horizontal=True, key="bridge_counts"):
            for name in ("received", "duplicates", "ignored", "dead_letters", "tickets_opened"):
                st.metric(here.say(f"connection.{name}"), f"{counts.get(name, 0):,}", border=True)


def _part_row(name: str, part: dict[str, Any]) -> dict[str, Any]:
    status = str(part.get("status", "down"))
    return {
        "part": name,
        "state": tables.chip(status, _TONES.get(status, "none")),
        "detail": safe.show(str(part.get("detail", ""))),
        "since": part.get("since"),
    }


here = context()
parts.heading(here.say("connection.title"))
report(here)
with st.container(border=True, key="webhook"):
    st.subheader(here.say("connection.webhook"), anchor=False)
    st.caption(here.say("connection.webhook_hint"))
    st.code(resources.settings().webhook_address, language=None)
if here.me.role.may(Role.ADMIN):
    with st.container(border=True, key="pairing"):
        st.subheader(here.say("connection.pairing"), anchor=False)
        st.caption(here.say("connection.pairing_hint"))
        host, port = bridge.address(resources.settings())
        st.link_button(here.say("connection.open_pairing"), f"http://{host}:{port}/qr-cs", icon=":material/qr_code_2:")
st.caption(here.say("connection.notice"))
