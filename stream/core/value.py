"""The base of every contract: a frozen value that is domain object, Kafka payload and JSON Schema at once."""

from __future__ import annotations

from typing import Any, Self

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
        copied = object.__new__(type(self))  # what model_copy does, in a fifth of its time: every step makes many
        object.__setattr__(copied, "__dict__", {**self.__dict__, **changes})
        object.__setattr__(copied, "__pydantic_fields_set__", self.__pydantic_fields_set__ | changes.keys())
        object.__setattr__(copied, "__pydantic_extra__", None)
        object.__setattr__(copied, "__pydantic_private__", None)
        if self.__private_attributes__:  # what was worked out from the fields is worked out anew
            copied.model_post_init(None)
        return copied


def kept_by(value: Value) -> dict[str, Any]:
    """Return what a value has worked out from its fields and keeps, by the names of its private attributes.

    Asking for such an attribute by its name goes a long way through pydantic, which is felt where it is asked for often.
    """
    kept = value.__pydantic_private__
    assert kept is not None
    return kept
