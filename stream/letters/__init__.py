"""Dead letters: what could not be handled, kept with its original bytes, to be looked at and tried again."""

from __future__ import annotations
