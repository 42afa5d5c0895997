"""Rules proposed from corrections: what corrected messages of one kind have in common, and messages of other kinds have not.

A proposal is only made when the loader accepts it with its examples, and when it puts right more than it spoils.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from stream.adapters.rule_files import Snapshot, build_book
from stream.core.book import Book
from stream.core.corrections import Correction, latest
from stream.core.detect import Facts, detect
from stream.core.detection import Detection, Label
from stream.core.model_mask import mask
from stream.core.rule_match import COMMON, SMALL_TALK
from stream.core.text import fold

FILE = "detect/suggested.yaml"
_LONGEST_PHRASE = 4  # words
_FEWEST = 2  # corrections that a phrase must be in: one is an anecdote
_MOST_PHRASES = 8
_MOST_EXAMPLES = 6
_EXAMPLE_CHARS = 200
Kind = tuple[Label, str | None]


@dataclass(frozen=True)
class Suggestion:
    """A rule with its effect on the corrections: how many it puts right, and how many it spoils."""

    rule_id: str
    title: str
    kind: Kind
    phrases: tuple[str, ...]
    match: tuple[str, ...]
    no_match: tuple[str, ...]
    mended: int = 0
    spoiled: int = 0

    def as_rule(self) -> dict[str, object]:
        """Return the rule as it stands in YAML."""
        label, category = self.kind
        then: dict[str, object] = {label.value: True if label is Label.NOISE else ({"category": category} if category else {})}
        then["weight"] = 2.0  # people have said so: it outweighs the rule that was wrong
        rule: dict[str, object] = {"id": self.rule_id, "title": self.title, "when": {"any": [{"phrases": list(self.phrases)}]}}
        rule |= {"then": then, "match": list(self.match)}
        return {**rule, "no_match": list(self.no_match)} if self.no_match else rule


def suggest(corrections: Sequence[Correction], book: Book, rules_dir: Path, snapshot: Snapshot) -> list[Suggestion]:
    """Return the rules that would put right what people had to, the most useful first."""
    examples = [(mask(one.text), _kind(one)) for one in latest(corrections)]
    own_examples = [
        (text, (compiled.rule.then.label, compiled.rule.then.ticket.category if compiled.rule.then.ticket else None))
        for compiled in book.rules.rules
        for text in compiled.rule.match
    ]
    found: list[Suggestion] = []
    known = set(book.rules.by_id)
    for kind in sorted({kind for _, kind in examples}, key=str):
        wrong = [text for text, of in examples if of == kind and not _says(detect(Facts(text=text), book.rules), kind)]
        others = [text for text, of in [*examples, *own_examples] if not _agree(of, kind)]
        draft = _draft(kind, wrong, others, book, known)
        checked = draft and _checked(draft, examples, book, rules_dir, snapshot)
        if checked is not None:
            known.add(checked.rule_id)
            found.append(checked)
    return sorted(found, key=lambda one: one.spoiled - one.mended)


def as_yaml(suggestions: Sequence[Suggestion]) -> str:
    """Return the suggestions as a file of the rules folder."""
    head = (
        "# yaml-language-server: $schema=../rules.schema.json\n"
        "# Proposed by `groupdesk rules suggest` from corrections. Read the phrases before you keep them.\n"
    )
    lines = {one.rule_id: f"  # puts {one.mended} corrections right, spoils {one.spoiled}" for one in suggestions}
    body = yaml.safe_dump(
        {"version": 1, "rules": [one.as_rule() for one in suggestions]}, allow_unicode=True, sort_keys=False, width=120
    )
    for rule_id, comment in lines.items():
        body = body.replace(f"- id: {rule_id}\n", f"- id: {rule_id}{comment}\n", 1)
    return head + body


def _kind(correction: Correction) -> Kind:
    return correction.label, correction.category if correction.label is Label.TICKET else None


def _says(detection: Detection, kind: Kind) -> bool:
    label, category = kind
    return detection.label is label and (category is None or detection.category == category)


def _agree(one: Kind, other: Kind) -> bool:
    """Whether a message of one kind may fit a rule for the other: tickets whose category nobody named may be of any."""
    return one[0] is other[0] and (one[1] == other[1] or None in (one[1], other[1]))


def _draft(kind: Kind, wrong: Sequence[str], others: Sequence[str], book: Book, known: set[str]) -> Suggestion | None:
    dull = _dull_words(book)
    elsewhere = {phrase for text in others for phrase in _phrases(text, dull)}
    of_text = {text: set(_phrases(text, dull)) - elsewhere for text in wrong}
    chosen: list[str] = []
    left = dict(of_text)
    while left and len(chosen) < _MOST_PHRASES:
        counts = Counter(phrase for phrases in left.values() for phrase in phrases)
        # The phrase in most texts; among equals the longer one says more, and the order makes it the same every time.
        best = max(counts, key=lambda phrase: (counts[phrase], len(phrase.split()), phrase), default="")
        if not best or counts[best] < _FEWEST:
            break
        chosen.append(best)
        left = {text: phrases for text, phrases in left.items() if best not in phrases}
    if not chosen:
        return None
    label, category = kind
    name = f"suggested-{category or label.value}"
    number = next(n for n in range(1, 1000) if (name if n == 1 else f"{name}-{n}") not in known)
    what = {
        Label.TICKET: f"of category {category}" if category else "a ticket",
        Label.NOISE: "nothing to do",
        Label.UPDATE: "an update",
    }
    return Suggestion(
        rule_id=name if number == 1 else f"{name}-{number}",
        title=f"People say that this is {what[label]}",
        kind=kind,
        phrases=tuple(chosen),
        match=tuple(text[:_EXAMPLE_CHARS] for text in of_text if text not in left and len(text) <= _EXAMPLE_CHARS)[
            :_MOST_EXAMPLES
        ],
        no_match=tuple(dict.fromkeys(text for text in others if len(text) <= _EXAMPLE_CHARS))[:2],
    )


def _checked(
    draft: Suggestion, examples: Sequence[tuple[str, Kind]], book: Book, rules_dir: Path, snapshot: Snapshot
) -> Suggestion | None:
    """Return the draft with its effect, or None when the loader refuses it or it spoils as much as it mends."""
    raw = as_yaml([draft]).encode()
    name = next(n for n in (FILE, *(f"detect/suggested-{i}.yaml" for i in range(2, 1000))) if n not in snapshot)
    loaded = build_book(rules_dir, {**snapshot, name: raw})
    if any(problem.file.endswith(name) for problem in loaded.problems):
        return None
    before = [_says(detect(Facts(text=text), book.rules), kind) for text, kind in examples]
    after = [_says(detect(Facts(text=text), loaded.book.rules), kind) for text, kind in examples]
    mended = sum(now and not was for was, now in zip(before, after, strict=True))
    spoiled = sum(was and not now for was, now in zip(before, after, strict=True))
    if mended <= spoiled:
        return None
    return Suggestion(**{**vars(draft), "mended": mended, "spoiled": spoiled})


def _dull_words(book: Book) -> frozenset[str]:
    lists = book.rules.lists.by_name
    return frozenset(
        word
        for name in (COMMON, *SMALL_TALK)
        for entries in lists.get(name, ())
        for expression in entries.expressions
        for word in expression.words
    )


def _phrases(text: str, dull: frozenset[str]) -> Iterator[str]:
    """Yield the runs of words that say something by themselves: with a word that is neither common nor a number."""
    words = fold(text)
    for start in range(len(words)):
        for end in range(start + 1, min(start + _LONGEST_PHRASE, len(words)) + 1):
            run = words[start:end]
            if any(not word.isalpha() for word in run):
                break
            if any(word not in dull and len(word) > 2 for word in run) and run[0] not in dull and run[-1] not in dull:
                yield " ".join(run)
