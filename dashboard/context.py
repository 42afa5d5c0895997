"""What every page needs to know of its visitor: who, in which language, and whether numbers are shown."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from dashboard.people import Role, Visitor
from dashboard.words import say


@dataclass(frozen=True)
class Context:
    """The visitor of this run. `say` is bound to their language."""

    me: Visitor
    language: str
    reveal: bool

    def say(self, key: str, **values: object) -> str:
        return say(self.language, key, **values)


def context() -> Context:
    """Return the context that the frame has set for this session."""
    me: Visitor = st.session_state.get("me", Visitor("local", Role.VIEWER))
    return Context(me, st.session_state.get("language", "en"), bool(st.session_state.get("reveal")) and me.may_reveal)
