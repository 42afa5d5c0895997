"""Filters live in the address, under names that no language changes: a link or a reload shows the same."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Literal

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


def choose(
    key: str,
    options: Sequence[str],
    label: str,
    name_of: Callable[[str], str],
    *,
    look: Literal["segments", "pills"] = "segments",
    default: str | None = None,
) -> str:
    """Draw one choice of several that lives in the address and return it; the first of the options is the usual default."""
    default = default or options[0]
    seed(key, default, options)
    draw = st.pills if look == "pills" else st.segmented_control
    draw(
        label,
        options,
        required=True,
        key=key,
        on_change=keep,
        args=(key, default),
        format_func=name_of,
        label_visibility="collapsed",
    )
    chosen = str(st.session_state.get(key))
    return chosen if chosen in options else default


def select(
    key: str, options: Sequence[str], label: str, nothing: str, name_of: Callable[[str], str] = str, width: int = 170
) -> None:
    """Draw a filter that lives in the address; with nothing chosen it lets everything through, and says so."""
    seed(key, None, options)
    st.selectbox(
        label,
        options,
        key=key,
        on_change=keep,
        args=(key, None),
        format_func=name_of,
        index=None,
        placeholder=nothing,
        label_visibility="collapsed",
        width=width,
    )


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
