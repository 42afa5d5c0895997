"""What does not fit, in words for somebody who edits YAML: never in those of Python or of the checking library."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

Path = tuple[str | int, ...]

_MEMBER = re.compile(r"<[\w.]+: ('[^']*')>")  # how an enumeration's member is named where only some are allowed
_NOTHING = "nothing stands here; write something, or take it out (null and ~ mean nothing too, unless in quotes)"
_LONGEST_SHOWN = 80  # characters of what somebody wrote
_QUOTED = re.compile(r"'([^']*)'")
_SHAPES = {
    r"^[a-z0-9][a-z0-9_-]*$": "use small letters, digits, - and _, beginning with a letter or digit",
    r"^[0-9-]+@g\.us$": "a group is named by its JID, digits and @g.us (`groupdesk whatsapp groups` lists them)",
    r"^(any|[a-z]{2,3}(-[a-z0-9]{2,8})?)$": "a language is named by its code, such as en, id, pt or es",
}
_SAID = {
    "tuple_type": "this must be a list: [one, two], or a line with - for each",
    "list_type": "this must be a list: [one, two], or a line with - for each",
    "dict_type": "this must have keys of its own",
    "string_type": "this must be text; put it in quotes",
    "int_type": "this must be a whole number",
    "int_parsing": "this must be a whole number",
    "int_from_float": "this must be a whole number",
    "float_type": "this must be a number",
    "float_parsing": "this must be a number",
    "bool_type": "this must be true or false",
    "bool_parsing": "this must be true or false",
    "string_too_short": "this is empty",
    "too_short": "this list is empty",
}


def explain_misfit(model: type[BaseModel], detail: dict[str, Any]) -> tuple[Path, str]:
    """Return the path and the message of one of pydantic's error details about `model`."""
    path: Path = tuple(part for part in detail["loc"] if not (isinstance(part, str) and part.startswith("function-")))
    return path, _message(model, path, detail)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `, did you mean ...?` when a known word is near, else nothing."""
    near = get_close_matches(word, list(known), 1, cutoff=0.6)
    return f", did you mean {near[0]}?" if near else ""


def _message(model: type[BaseModel], path: Path, detail: dict[str, Any]) -> str:
    kind, said, given = detail["type"], str(detail["msg"]), detail.get("input")
    if kind == "extra_forbidden":
        known = _keys_at(model, path[:-1])
        if path[-1] == "<<":
            return "unknown key: << is not read here; write the keys out, or name a list of words ($name)"
        return "unknown key" + (did_you_mean(str(path[-1]), known) or f"; known here: {', '.join(known)}")
    if kind in _SAID_BY:
        return _SAID_BY[kind](detail)
    if given is None and kind.endswith("_type"):
        return _NOTHING
    here = f" (here: {_shown(given)})" if isinstance(given, str | int | float) and given != "" else ""
    if kind == "model_type":
        return f"this must have keys of its own; known here: {', '.join(_keys_at(model, path))}{here}"
    said = said.replace("input should be", "this must be").replace("Input should be", "this must be")
    return _SAID.get(kind, said[:1].lower() + said[1:]) + here


def _not_among(detail: dict[str, Any]) -> str:
    given = detail.get("input")
    expected = _MEMBER.sub(r"\1", str(detail["ctx"]["expected"])).replace("True", "true").replace("False", "false")
    if expected in {"true", "1"}:
        return f"this can only be {expected}, without quotes (here: {_shown(given)})"
    return f"{_shown(given)} is none of {expected}{did_you_mean(str(given), _QUOTED.findall(expected))}"


def _wrong_shape(detail: dict[str, Any]) -> str:
    pattern = str(detail["ctx"]["pattern"])
    return f"{_shown(detail['input'])} does not look right; {_SHAPES.get(pattern, f'it must fit {pattern}')}"


_SAID_BY: dict[str, Callable[[dict[str, Any]], str]] = {
    "missing": lambda _: "this key is missing",
    "enum": _not_among,
    "literal_error": _not_among,
    "value_error": lambda detail: str(detail["msg"]).removeprefix("Value error, "),
    "string_pattern_mismatch": _wrong_shape,
    "string_too_long": lambda detail: f"this is too long: at most {detail['ctx']['max_length']} characters",
}


def _shown(given: object) -> str:
    shown = str(given).lower() if given is None or isinstance(given, bool) else repr(given)
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}..."


def _keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """Return the keys that the model knows at this path, by their names in the file."""
    models: list[type[BaseModel]] = [model]
    for part in path:
        if isinstance(part, int):
            continue
        models = [
            inner
            for one in models
            for name, info in one.model_fields.items()
            if part in (name, info.alias)
            for inner in _models_in(info.annotation)
        ]
    return [info.alias or name for one in models for name, info in one.model_fields.items()]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for argument in get_args(annotation) for found in _models_in(argument)]
