"""The base of every contract: a frozen value that is domain object, Kafka payload and JSON Schema at once."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen model. Unknown fields are ignored on reading, so that an older reader survives a newer writer."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def to_json(self) -> bytes:
        """Return the canonical bytes: fields in order of declaration, `None` left out."""
        return self.model_dump_json(exclude_none=True).encode()

    @classmethod
    def from_json(cls, raw: bytes | str) -> Self:
        """Read bytes that `to_json` wrote; raises pydantic's `ValidationError` when they do not fit."""
        return cls.model_validate_json(raw)

    def but(self, **changes: object) -> Self:
        """Return a copy with these fields replaced. Values are taken as they are: the caller has the right types."""
        return self.model_copy(update=changes)
