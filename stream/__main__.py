"""`python -m stream` is `groupdesk`."""

from __future__ import annotations

from stream.cli import main

main(prog_name="groupdesk")
