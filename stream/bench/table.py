"""The figures as a table for people."""

from __future__ import annotations

from typing import Any


def as_table(found: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    rows = [(name, f"{value:,.2f}") for name, value in found.items() if isinstance(value, float)]
    lines = ["| what | measured |", "|---|---|", *(f"| {name} | {told} |" for name, told in rows)]
    return "\n".join([*lines, "", f"{found['machine']}. Broker: {found['broker']}."])
