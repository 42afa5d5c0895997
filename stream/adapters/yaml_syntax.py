"""What in a file is not YAML at all: told in words, and cut out, so that the rest of the file can be looked at too."""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

NOT_READ = "the rest of this file was not read"
_ITEM = re.compile(r"( *)- ")
# What the library says, and what the person who edits the file can do about it.
_WORDS = (
    ("mapping values are not allowed", "a colon and a space stand in the middle of a text; put the text in quotes"),
    ("expected ',' or ']'", "a [list] is not closed, or a comma is missing in it"),
    ("expected ',' or '}'", "a {group} is not closed, or a comma is missing in it"),
    ("could not find expected ':'", "a colon is missing on this line or on the one above"),
    ("expected '-' indicator", "this line does not stand where it belongs; indent it like its neighbours"),
    ("expected <block end>", "this line does not stand where it belongs; indent it like its neighbours"),
    ("expected key", "this line does not stand where it belongs; indent it like its neighbours"),
    ("block sequence entries are not allowed", "a list with - begins on a line of its own"),
    ("cannot start any token", "a text cannot begin with this character; put the text in quotes"),
    ("expected alphabetic or numeric", "a text cannot begin with & or *; put the text in quotes"),
    ("expected <document start>", "something stands here that belongs to no key; check indents"),
)
_CONTROL = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def explain_syntax(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """Return the line on which to look, and what is wrong there."""
    if not isinstance(error, yaml.MarkedYAMLError):
        found = _CONTROL.search(text)
        line = text.count("\n", 0, found.start()) + 1 if found else 1
        return (
            line,
            f"not YAML: there is an unseen character (U+{ord(found.group()):04X}) on this line"
            if found
            else f"not YAML: {error}",
        )
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    here = text.splitlines()[line - 1 : line]
    if error.context_mark and "quoted scalar" in (error.context or ""):
        return error.context_mark.line + 1, "not YAML: the quote that opens on this line is not closed"
    if here and "\t" in here[0]:
        return line, "not YAML: there is a tab on this line; indent with spaces"
    said = error.problem or error.context or "it cannot be read"
    if error.context_mark and "flow" in (error.context or ""):  # found out later than where it began
        line = error.context_mark.line + 1
        here = text.splitlines()[line - 1 : line]
    words = next((words for part, words in _WORDS if part in said), f"{said}; check indents, colons and quotes")
    if here and here[0].count("'") > 2 and "not closed" in words:  # a pair is fine
        words += "; or an apostrophe ends a '...' text: put it in \"...\""
    return line, f"not YAML: {words}"


def cut_out(lines: Sequence[str], line: int) -> tuple[list[str], range] | None:
    """Return the lines without the item of a list (`- ...`) that this line is in, an empty one in its place, and its lines.

    Lines are counted from 1, and no line changes its number. None where the line is in no item.
    """
    indents = [len(found.group(1)) for each in lines if (found := _ITEM.match(each))]
    if not indents:
        return None
    outer = " " * min(indents)
    begins = [number for number, each in enumerate(lines, 1) if each.startswith(outer + "- ")]
    begin = max((number for number in begins if number <= line), default=0)
    if not begin or any(_is_key(each) for each in lines[begin:line]):
        return None
    after = (
        number for number, each in enumerate(lines, 1) if number > begin and (each.startswith(outer + "- ") or _is_key(each))
    )
    end = next(after, len(lines) + 1)
    return [*lines[: begin - 1], outer + "- {}", *[""] * (end - begin - 1), *lines[end - 1 :]], range(begin, end)


def _is_key(line: str) -> bool:
    return line[:1] not in ("", " ", "#", "-", "\t")
