"""The rules folder, read into a `Book`: every problem of every file in one report, and no half-checked rule in use.

    groups.yaml, team.yaml      who Groupdesk acts for and who is staff
    lists/<language>.yaml       named lists of words
    detect/*.yaml               rules with their own examples
    followups.yaml, model.yaml  read by the parts that they belong to

A detect file with a problem, or with an example that fails, is left out as a whole.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any

from stream.adapters.rule_examples import failing_examples
from stream.adapters.rule_salvage import problems_of_lists, problems_of_rules
from stream.adapters.rule_snapshot import Snapshot, Unreadable, take_snapshot, version_of
from stream.adapters.yaml_lines import Document, Problem, did_you_mean, fit, read_yaml
from stream.core.book import Book
from stream.core.followup_policy import FollowUps
from stream.core.groups_config import GroupsFile
from stream.core.rule_match import NamedLists, RuleSet
from stream.core.rule_match_compile import RuleSource, compile_rules, join_lists, read_lists, read_spellings
from stream.core.rules import LANGUAGE, ListFile, RuleFile
from stream.core.team import Team
from stream.errors import RulesError

__all__ = ["Loaded", "Snapshot", "build_book", "load_book", "take_snapshot", "version_of"]

# Files that other parts read, with the function that reads them: (path, problems) -> what the Book carries, or None.
_READERS = {
    "followups.yaml": ("stream.adapters.follow_up_files", "load_follow_ups"),
    "model.yaml": ("stream.adapters.model_files", "load_model"),
}
_TOP = ("groups.yaml", "team.yaml", *_READERS)

_NO_LANGUAGE = "a file here is named for the language of its words: en.yaml, id.yaml, pt.yaml, es.yaml, or any.yaml for all"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A book, the problems of the files that are not in it, and the files (as bytes) that are."""

    book: Book
    problems: tuple[Problem, ...]
    used: Snapshot


def load_book(rules_dir: Path) -> Book:
    """Read the whole folder; raises `RulesError` with every problem, one a line, when there is any."""
    loaded = build_book(rules_dir, take_snapshot(rules_dir))
    if loaded.problems:
        raise RulesError("\n".join(map(str, loaded.problems)))
    return loaded.book


def build_book(rules_dir: Path, snapshot: Snapshot, last_good: Loaded | None = None) -> Loaded:
    """Build a book of these files; a file with a problem is replaced by its last good version, or left out."""
    return _Builder(rules_dir, snapshot, last_good).build()


@dataclass(slots=True)
class _RuleFileRead:
    document: Document
    file: RuleFile
    lists: NamedLists

    def sources(self) -> list[RuleSource]:
        return [RuleSource(rule, self.document.file, place, self.lists) for place, rule in enumerate(self.file.rules)]


class _Builder:
    def __init__(self, rules_dir: Path, snapshot: Snapshot, last_good: Loaded | None) -> None:
        self._dir = rules_dir
        self._snapshot = dict(snapshot)
        self._last = last_good
        self._old: Snapshot = last_good.used if last_good else {}
        self._problems: list[Problem] = []
        self._used: dict[str, bytes] = {}
        self._lists = NamedLists()
        self._files: dict[str, _RuleFileRead] = {}
        self._documents: dict[str, Document] = {}

    def build(self) -> Loaded:
        self._refuse_strangers()
        groups = self._read_model("groups.yaml", GroupsFile, GroupsFile(version=1))
        team = self._read_model("team.yaml", Team, Team())
        self._lists = self._read_lists()
        self._files = self._read_rule_files()
        rules = self._without_faults()
        follow_ups = self._read_by_owner("followups.yaml", self._last.book.follow_ups if self._last else FollowUps())
        self._check_names(groups, follow_ups)
        model = self._read_by_owner("model.yaml", self._last.book.model if self._last else None)
        version = version_of(self._used)
        book = Book(version, rules.under(version), groups, team, follow_ups, model)
        return Loaded(book, tuple(sorted(set(self._problems))), dict(self._used))

    def _shown(self, name: str) -> str:
        return (self._dir / name).as_posix()

    def _refuse_strangers(self) -> None:
        for name, raw in list(self._snapshot.items()):
            folder = PurePosixPath(name).parent.as_posix()
            if isinstance(raw, Unreadable):
                self._problems.append(Problem(self._shown(name), 1, "", raw.decode()))
                del self._snapshot[name]
                if name in self._old:
                    self._snapshot[name] = self._old[name]
                continue
            if name.endswith(".ics"):
                self._used[name] = self._snapshot[name]
                continue
            if name in _TOP or folder in {"detect", "lists"} or folder.startswith("detect/"):
                continue
            near = get_close_matches(name, _TOP, 1, cutoff=0.8)
            hint = f", did you mean {near[0]}?" if near else "; rules belong in detect/, word lists in lists/"
            self._problems.append(Problem(self._shown(name), 1, "", f"no part of Groupdesk reads this file{hint}"))
            del self._snapshot[name]

    def _versions(self, name: str) -> list[bytes]:
        """Return the file's bytes as they are, then as they were when they were last good."""
        versions = [self._snapshot[name]] if name in self._snapshot else []
        if versions and self._old.get(name) not in (None, versions[0]):
            versions.append(self._old[name])
        return versions

    def _read_model(self, name: str, model: type[Any], default: Any) -> Any:
        for raw in self._versions(name):
            document, problems = read_yaml(self._shown(name), raw)
            value = None
            if document is not None:
                value, misfits = fit(document, model)
                problems += misfits or _twice(document, value)
            self._problems += self._new(name, raw, problems)
            if document is not None and value is not None and not problems:
                self._used[name] = raw
                self._documents[name] = document
                return value
        return default

    def _new(self, name: str, raw: bytes, problems: list[Problem]) -> list[Problem]:
        """Problems of an old version are not told: the person who reads them sees the new one."""
        return problems if raw == self._snapshot.get(name) else []

    def _read_lists(self) -> NamedLists:
        read: list[NamedLists] = []
        for name in self._in_folder("lists"):
            language = PurePosixPath(name).stem
            for raw in self._versions(name):
                lists, problems = self._one_list_file(name, raw, None if language == "any" else language)
                self._problems += self._new(name, raw, problems)
                if lists is not None and not problems:
                    self._used[name] = raw
                    read.append(lists)
                    break
        return join_lists(read)

    def _one_list_file(self, name: str, raw: bytes, language: str | None) -> tuple[NamedLists | None, list[Problem]]:
        if not re.match(LANGUAGE, language or "any"):
            return None, [Problem(self._shown(name), 1, "", _NO_LANGUAGE)]
        document, problems = read_yaml(self._shown(name), raw)
        if document is None:
            return None, problems
        file, misfits = fit(document, ListFile)
        if file is None:
            return None, problems + misfits + problems_of_lists(document)
        lists, faults = read_lists(document.file, file.lists, language)
        spellings, more = read_spellings(document.file, file.spellings)
        problems += [document.problem(fault.path, fault.message) for fault in (*faults, *more)]
        return NamedLists(lists.by_name, spellings), problems

    def _in_folder(self, folder: str) -> list[str]:
        return [name for name in self._snapshot if name.startswith(f"{folder}/")]

    def _read_rule_files(self) -> dict[str, _RuleFileRead]:
        files: dict[str, _RuleFileRead] = {}
        owners: dict[str, str] = {}
        for name in self._in_folder("detect"):
            for raw in self._versions(name):
                read, problems = self._one_rule_file(name, raw, owners)
                self._problems += self._new(name, raw, problems)
                if read is not None and not problems:
                    self._used[name] = raw
                    files[name] = read
                    owners |= {rule.id: read.document.file for rule in read.file.rules}
                    break
        return files

    def _one_rule_file(self, name: str, raw: bytes, owners: Mapping[str, str]) -> tuple[_RuleFileRead | None, list[Problem]]:
        document, problems = read_yaml(self._shown(name), raw)
        if document is None:
            return None, problems
        file, misfits = fit(document, RuleFile)
        if file is None:
            return None, problems + misfits + problems_of_rules(document, self._lists)
        lists, faults = read_lists(document.file, file.lists, None)
        problems += [document.problem(fault.path, fault.message) for fault in faults]
        seen = dict(owners)
        for place, rule in enumerate(file.rules):
            if rule.id in seen:
                where = "above" if seen[rule.id] == document.file else f"in {seen[rule.id]}"
                problems.append(document.problem(("rules", place, "id"), f"the id {rule.id} is used {where} already"))
            seen[rule.id] = document.file
        return _RuleFileRead(document, file, lists), problems

    def _without_faults(self) -> RuleSet:
        """Compile, and check every example; a file with a fault falls back to its last good version, or is left out."""
        while True:  # each round replaces or removes a file at least
            rules, faults = compile_rules((source for read in self._files.values() for source in read.sources()), self._lists)
            problems: dict[str, list[Problem]] = {}
            for name, read in self._files.items():
                own = [read.document.problem(f.path, f.message) for f in faults if f.file == read.document.file]
                failed = [] if own else failing_examples(read.file.rules, rules)
                found = own + [read.document.problem(path, message) for path, message in failed]
                if found:
                    problems[name] = found
            if not problems:
                return rules
            self._fall_back(problems)

    def _fall_back(self, problems: Mapping[str, list[Problem]]) -> None:
        kept = {name: read for name, read in self._files.items() if name not in problems}
        owners = {rule.id: read.document.file for read in kept.values() for rule in read.file.rules}
        for name, found in problems.items():
            raw = self._used.pop(name)
            self._problems += self._new(name, raw, found)
            old = self._old.get(name)
            if old is None or old == raw:
                continue
            read, faults = self._one_rule_file(name, old, owners)
            if read is not None and not faults:
                self._used[name] = old
                kept[name] = read
        self._files = {name: kept[name] for name in self._files if name in kept}

    def _check_names(self, groups: GroupsFile, follow_ups: FollowUps) -> None:
        """Tell of policies and tags that are nowhere else; the default policy is used instead, so nothing is left out."""
        known = [policy.id for policy in follow_ups.policies]
        tags = sorted({f"tag:{tag}" for group in groups.groups for tag in group.tags})
        for read in self._files.values():
            for place, rule in enumerate(read.file.rules):
                wanted = rule.then.ticket.follow_up if rule.then.ticket else None
                if wanted and wanted not in known:
                    self._tell_no_policy(read.document, ("rules", place, "then", "ticket", "follow_up"), wanted, known)
                for number, name in enumerate(rule.when.groups):
                    near = did_you_mean(name, tags) if name.startswith("tag:") and name not in tags else ""
                    if near:  # a tag that no group has yet may come; one that nearly is one will not
                        path = ("rules", place, "when", "groups", number)
                        self._problems.append(read.document.problem(path, f"no group in groups.yaml has {name}{near}"))
        for place, group in enumerate(groups.groups):
            if group.policy and group.policy not in known:
                self._tell_no_policy(self._documents["groups.yaml"], ("groups", place, "policy"), group.policy, known)

    def _tell_no_policy(self, document: Document, path: tuple[str | int, ...], wanted: str, known: list[str]) -> None:
        self._problems.append(document.problem(path, f"followups.yaml has no policy {wanted}{did_you_mean(wanted, known)}"))

    def _read_by_owner(self, name: str, default: Any) -> Any:
        module, function = _READERS[name]
        if name not in self._snapshot:
            return FollowUps() if name == "followups.yaml" else None
        if find_spec(module) is None:
            return default
        problems: list[Problem] = []
        value = getattr(importlib.import_module(module), function)(self._dir / name, problems)
        self._problems += problems
        if problems or value is None:
            if name in self._old:
                self._used[name] = self._old[name]
            return default
        self._used[name] = self._snapshot[name]
        return value


def _twice(document: Document, value: Any) -> list[Problem]:
    """Return a problem for each group that is named twice."""
    seen: set[str] = set()
    problems = []
    for place, group in enumerate(getattr(value, "groups", ())):
        if group.jid in seen:
            problems.append(document.problem(("groups", place, "jid"), f"the group {group.jid} is named above already"))
        seen.add(group.jid)
    return problems
