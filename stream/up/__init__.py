"""`groupdesk up`: a broker if none is set, and every role, in one terminal, started and stopped in order."""

from __future__ import annotations

from stream.up.session import Session

__all__ = ["Session"]
