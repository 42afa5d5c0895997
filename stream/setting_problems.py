"""What is wrong with the values of settings, in our words: one sentence a setting, and never the value, which may be a secret."""

from __future__ import annotations

from typing import Any, get_args

from annotated_types import Ge, Le
from pydantic import ValidationError
from pydantic.fields import FieldInfo


def describe(error: ValidationError, fields: dict[str, FieldInfo]) -> dict[str, str]:
    """Return the sentence for each setting that cannot be used, by the setting's name in lower case."""
    told: dict[str, str] = {}
    for each in error.errors(include_input=False, include_url=False):
        name = str(each["loc"][0]).lower()
        told.setdefault(name, f"{name.upper()} {_what(each, fields[name])}")
    return told


def _what(error: Any, field: FieldInfo) -> str:
    kind = str(error["type"])
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind == "literal_error":
        *most, last = map(str, get_args(field.annotation))
        return f"must be {', '.join(most)} or {last}."
    if kind.startswith("bool"):
        return "must be true or false."
    low, high = _bounds(field)
    number = "a whole number" if field.annotation is int else "a number"
    if low is not None and high is not None:
        return f"must be {number} from {low:g} to {high:g}."
    if low is not None:
        return f"must be {number} of {low:g} or more."
    return "has a value that cannot be used; .env.example tells what it takes."


def _bounds(field: FieldInfo) -> tuple[Any, Any]:
    low = next((each.ge for each in field.metadata if isinstance(each, Ge)), None)
    return low, next((each.le for each in field.metadata if isinstance(each, Le)), None)
