"""The file of a scripted chat: people, groups, and who says what when. A mistake is told with what it should be."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from stream.errors import GroupdeskError
from stream.simulator.instance import Group
from stream.simulator.shapes import Person


class ChatFileError(GroupdeskError):
    """The chat file cannot be played."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class PersonSpec(_Part):
    """`lid` and `phone` are digits; either may be missing. `own` marks our own number: what it writes comes back as fromMe."""

    name: str
    lid: str | None = None
    phone: str | None = None
    own: bool = False
    admin: bool = False

    def person(self) -> Person:
        lid = f"{self.lid}@lid" if self.lid else None
        phone = f"{self.phone.lstrip('+')}@s.whatsapp.net" if self.phone else None
        return Person(self.name, lid, phone, self.admin)


class GroupSpec(_Part):
    jid: str = Field(pattern=r"^\d[\d-]{9,30}@g\.us$")
    subject: str
    mode: Literal["lid", "pn"] = "lid"
    people: tuple[str, ...]

    def group(self, people: dict[str, PersonSpec]) -> Group:
        return Group(self.jid, self.subject, [people[name].person() for name in self.people], self.mode)


class Line(_Part):
    """One thing that happens, `after` seconds from the one before.

    Exactly one of say, image, video, voice, sticker, file, react, edit and delete says what; `say` beside image, video, file
    or edit is the caption or the new text.

    `as` names the message so that later lines can `quote`, `react` ... `to`, `edit` or `delete` it. `by_api` makes an own
    message one that was sent through the API, which comes back as an echo.
    """

    after: float = Field(4.0, ge=0)
    group: str = Field(alias="in")
    who: str = Field(alias="from")
    alias: str | None = Field(None, alias="as")
    say: str | None = None
    image: bool = False
    video: bool = False
    voice: bool = False
    sticker: bool = False
    file: str | None = None
    quote: str | None = None
    mention: tuple[str, ...] = ()
    react: str | None = None
    to: str | None = None
    edit: str | None = None
    delete: str | None = None
    by_api: bool = False

    @property
    def media(self) -> str | None:
        """Return the kind of attachment, or None for a plain text."""
        kinds = {"image": self.image, "video": self.video, "audio": self.voice, "sticker": self.sticker, "document": self.file}
        return next((kind for kind, is_set in kinds.items() if is_set), None)

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        acts = [self.react is not None, self.edit is not None, self.delete is not None, self.media is not None]
        if sum(acts) > 1 or (sum(acts) == 0 and self.say is None):
            raise ValueError("a line needs exactly one of say, image, video, voice, sticker, file, react, edit or delete")
        if self.react is not None and self.to is None:
            raise ValueError("react needs `to`: the name of the message")
        if self.edit is not None and self.say is None:
            raise ValueError("edit needs `say`: the new text")
        return self


class Chat(_Part):
    """A whole scripted chat. `expect` is for a reader and for tests: what it should bring about."""

    title: str
    instance: str = "cs-ticket-monitor"
    expect: dict[str, int] = {}
    people: dict[str, PersonSpec]
    groups: dict[str, GroupSpec]
    lines: tuple[Line, ...]

    @property
    def duration(self) -> float:
        """Return the seconds from the first line to the last."""
        return sum(line.after for line in self.lines[1:])

    @property
    def owner(self) -> Person | None:
        return next((spec.person() for spec in self.people.values() if spec.own), None)

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        wrong = [
            f"group {g}: {name} is not in people" for g, s in self.groups.items() for name in s.people if name not in self.people
        ]
        named: set[str] = set()
        for number, line in enumerate(self.lines, start=1):
            wrong += [f"line {number}: {name!r} {problem}" for name, problem in self._unknown(line, named)]
            if line.alias:
                named.add(line.alias)
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def _unknown(self, line: Line, named: set[str]) -> list[tuple[str, str]]:
        people = [(name, "is not in people") for name in (line.who, *line.mention) if name not in self.people]
        group = [] if line.group in self.groups else [(line.group, "is not in groups")]
        targets = [name for name in (line.quote, line.to, line.edit, line.delete) if name]
        return people + group + [(name, "is not the name of an earlier line (`as`)") for name in targets if name not in named]


def load_chat(path: Path) -> Chat:
    """Read a chat file; raises `ChatFileError` with every problem in it."""
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise ChatFileError(f"{path} cannot be read ({problem.strerror}); give the path of a chat file.") from problem
    except UnicodeDecodeError as problem:
        raise ChatFileError(f"{path} is not UTF-8; save it anew as UTF-8.") from problem
    except yaml.YAMLError as problem:
        mark, what = getattr(problem, "problem_mark", None), getattr(problem, "problem", None) or "it cannot be read"
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ChatFileError(f"{where} is not valid YAML: {what}; demo/README.md shows the form.") from problem
    try:
        return Chat.model_validate(raw)
    except ValidationError as problem:
        told = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg'].removeprefix('Value error, ')}" for e in problem.errors()
        )
        raise ChatFileError(f"{path}: {told}") from problem
