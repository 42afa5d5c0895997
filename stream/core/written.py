"""The base of everything that people write by hand in the rules folder."""

from __future__ import annotations

from pydantic import ConfigDict

from stream.core.value import Value


class Written(Value):
    """A value from a file of the team's: an unknown key is an error, so that a misspelt one is never without effect."""

    model_config = ConfigDict(frozen=True, extra="forbid")
