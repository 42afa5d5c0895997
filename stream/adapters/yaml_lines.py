"""YAML as people may write it here: safe to read, with the line of every value, and every problem as `file:line: path: ...`.

Read from parser events, without recursion and without Python tags. Plain words stay words: `no`, `on` and `10:30` are
text (YAML 1.1 reads false, true and 630), as YAML 1.2 has it. A key that stands twice is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from stream.adapters.yaml_misfits import did_you_mean, explain_misfit
from stream.adapters.yaml_syntax import NOT_READ, cut_out, explain_syntax

__all__ = ["Document", "Problem", "did_you_mean", "fit", "name_path", "read_yaml"]

MAX_BYTES = 2_000_000
MAX_DEPTH = 32
MAX_VALUES = 300_000  # values in a file, each alias counted as all that it stands for
MAX_ALIASES = 100
MAX_CUTS = 10  # parts of a file that are not YAML; each costs another reading of the file
MAX_CHARS_CUT = 500_000  # in a longer file none is cut out

Path = tuple[str | int, ...]
_Model = TypeVar("_Model", bound=BaseModel)
_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?\Z")
_WORDS_WITH_MEANING = {"true": True, "false": False, "null": None, "~": None, "": None}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something that a person has to put right in a file of the rules folder."""

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.path + ': ' if self.path else ''}{self.message}"


@dataclass(frozen=True, slots=True)
class Document:
    """What a YAML file says, and on which line it says it."""

    file: str
    data: Any
    lines: dict[Path, int] = field(default_factory=dict)
    cut: frozenset[int] = frozenset()  # lines that were not YAML: something empty stands there now

    def problem(self, path: Path, message: str) -> Problem:
        """Return a problem at this path, on the line of its nearest known part."""
        return Problem(self.file, self.line(path), name_path(path), message)

    def line(self, path: Path) -> int:
        """Return the line of the nearest known part of this path."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        return self.lines.get(known, 1)


def name_path(path: Path) -> str:
    """Return a path as people write it: `rules[2].when.any[0].regex`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def read_yaml(file: str, raw: bytes) -> tuple[Document | None, list[Problem]]:
    """Read one file; `file` is its name in problems. Returns None beside the problems when it cannot be used at all."""
    if len(raw) > MAX_BYTES:
        return None, [Problem(file, 1, "", f"the file has {len(raw):,} bytes; {MAX_BYTES:,} are allowed, and it was not read")]
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return None, [Problem(file, line, "", f"this is not UTF-8; save the file as UTF-8 ({NOT_READ})")]
    return _read_parts(file, text)


def _read_parts(file: str, text: str) -> tuple[Document | None, list[Problem]]:
    """Read a text; what is not YAML is told and cut out, so that the rest is looked at as well."""
    problems: list[Problem] = []
    cut: set[int] = set()
    while True:
        reader = _Reader(file)
        try:
            data = reader.read(text)
        except yaml.YAMLError as error:
            line, message = explain_syntax(error, text)
            rest = cut_out(text.splitlines(), line) if len(problems) < MAX_CUTS and len(text) <= MAX_CHARS_CUT else None
            problems.append(Problem(file, line, "", message if rest else f"{message} ({NOT_READ})"))
            if rest is None:
                return None, problems
            text = "\n".join(rest[0]) + "\n"
            cut.update(rest[1])
        except _Refused as refused:
            found = refused.problem
            return None, [*problems, Problem(file, found.line, found.path, f"{found.message} ({NOT_READ})")]
        else:
            return Document(file, data, reader.lines, frozenset(cut)), problems + reader.problems


def fit(document: Document, model: type[_Model]) -> tuple[_Model | None, list[Problem]]:
    """Fit a document to a model; every misfit is a problem with its line and, where one is near, the word meant."""
    if document.data is None:
        return None, [document.problem((), "there is nothing in this file; it must begin with keys, such as `version: 1`")]
    if not isinstance(document.data, dict):
        return None, [document.problem((), "the file must begin with keys, such as `version: 1`")]
    try:
        return model.model_validate(document.data), []
    except ValidationError as error:
        misfits = [explain_misfit(model, dict(detail)) for detail in error.errors(include_url=False)]
        return None, [document.problem(path, message) for path, message in misfits if document.line(path) not in document.cut]


class _Refused(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(slots=True)
class _Open:
    """A collection that is being read."""

    value: Any
    path: Path
    anchor: str | None
    size_before: int
    key: str | None = None


class _Reader:
    """Builds values from parser events, keeping an open collection for each level."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._size = 0
        self._aliases = 0
        self._root: Any = None

    def read(self, text: str) -> Any:
        documents = 0
        for event in yaml.parse(text, Loader=_LOADER):
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.ScalarEvent):
                self._no_tag(event, line)
                self._place(_scalar(event), line, event.anchor)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._no_tag(event, line)
                self._begin({} if isinstance(event, yaml.MappingStartEvent) else [], line, event.anchor)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end()
            elif isinstance(event, yaml.AliasEvent):
                self._alias(str(event.anchor), line)
            elif isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refuse(line, "a second document begins here (---); one file is one document")
        return self._root

    def _refuse(self, line: int, message: str) -> _Refused:
        return _Refused(Problem(self.file, line, name_path(self._here()), message))

    def _no_tag(self, event: Any, line: int) -> None:
        if event.tag not in (None, "!"):
            raise self._refuse(line, f"tags such as {event.tag} are not read here; write plain values")

    def _here(self) -> Path:
        if not self._open:
            return ()
        top = self._open[-1]
        if isinstance(top.value, list):
            return (*top.path, len(top.value))
        return top.path if top.key is None else (*top.path, top.key)

    def _begin(self, value: Any, line: int, anchor: str | None) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise self._refuse(line, f"nested deeper than {MAX_DEPTH} levels")
        if self._open and isinstance(self._open[-1].value, dict) and self._open[-1].key is None:
            raise self._refuse(line, "a key must be a plain word")
        path = self._here()
        self.lines.setdefault(path, line)
        self._grow(1, line)
        self._open.append(_Open(value, path, anchor, self._size))

    def _end(self) -> None:
        done = self._open.pop()
        self._attach(done.value)
        if done.anchor:
            self._anchors[done.anchor] = (done.value, self._size - done.size_before + 1)

    def _alias(self, name: str, line: int) -> None:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise self._refuse(line, f"more than {MAX_ALIASES} aliases; use a list of words ($name) instead")
        if name not in self._anchors:
            raise self._refuse(line, f"*{name} stands for nothing that is complete above this line")
        value, size = self._anchors[name]
        if self._open and isinstance(self._open[-1].value, dict) and self._open[-1].key is None:
            raise self._refuse(line, "a key must be a plain word")
        self._grow(size, line)
        self.lines.setdefault(self._here(), line)
        self._attach(value)

    def _place(self, value: Any, line: int, anchor: str | None) -> None:
        self._grow(1, line)
        top = self._open[-1] if self._open else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self._key(top, value, line)
            return
        self.lines.setdefault(self._here(), line)
        self._attach(value)
        if anchor:
            self._anchors[anchor] = (value, 1)

    def _key(self, top: _Open, value: Any, line: int) -> None:
        key = value if isinstance(value, str) else _key_text(value)
        path = (*top.path, key)
        if key in top.value:
            message = f"this key stands here a second time; the first is on line {self.lines[path]}"
            self.problems.append(Problem(self.file, line, name_path(path), message))
        else:
            self.lines[path] = line
        top.key = key

    def _attach(self, value: Any) -> None:
        if not self._open:
            self._root = value
            return
        top = self._open[-1]
        if isinstance(top.value, list):
            top.value.append(value)
        else:
            top.value[top.key] = value
            top.key = None

    def _grow(self, size: int, line: int) -> None:
        self._size += size
        if self._size > MAX_VALUES:
            raise self._refuse(line, f"more than {MAX_VALUES:,} values, aliases counted in full")


def _scalar(event: Any) -> Any:
    """Read a scalar by YAML 1.2's core rules; quoted ones and blocks are text."""
    text: str = event.value
    if event.style:
        return text
    if text.lower() in _WORDS_WITH_MEANING and (text.islower() or not text.isalpha()):
        return _WORDS_WITH_MEANING[text]
    if _NUMBER.match(text):
        return float(text) if "." in text else int(text)
    return text


def _key_text(value: Any) -> str:
    return {True: "true", False: "false", None: "null"}[value] if value is None or isinstance(value, bool) else str(value)
