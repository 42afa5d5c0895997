"""Filters live in the address, under names that no language changes: a link or a reload shows the same."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st


def seed(key: str, default: str | None, allowed: Collection[str] | None = None) -> None:
    """Give the widget `key` its value: what the address newly says, at first what this visitor chose last, else `default`.

    Values outside `allowed` are not taken; None allows every text.
    """
    told = st.query_params.get(key)
    if key in st.session_state and told == _written().get(key):
        return  # the address has not been changed but by us
    if key not in st.session_state:
        told = told or _remembered().get(key)
    value = told if told is not None and (allowed is None or told in allowed) else default
    st.session_state[key] = value
    _write(key, value, default)


def keep(key: str, default: str | None) -> None:
    """Write the widget's new value to the address; a callback."""
    _write(key, st.session_state[key], default)


def _write(key: str, value: str | None, default: str | None) -> None:
    _remembered()[key] = value
    if value and value != default:
        st.query_params[key] = value
    elif key in st.query_params:
        del st.query_params[key]
    _written()[key] = st.query_params.get(key)


def _remembered() -> dict[str, str | None]:
    found: dict[str, str | None] = st.session_state.setdefault("address", {})
    return found


def _written() -> dict[str, str | None]:
    found: dict[str, str | None] = st.session_state.setdefault("address_written", {})
    return found
