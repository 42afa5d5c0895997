"""What a message costs with more rules, beside the standard library looking for each in turn."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from stream.adapters.rule_files import load_book
from stream.bench.figures import median
from stream.bench.load import conversation
from stream.core.detect import Facts, detect
from stream.core.rule_match import RuleSet

_WORDS = ("printer", "router", "invoice", "parcel", "login", "terminal", "scanner", "gateway", "ledger", "voucher")
_ROUNDS = 5


def measure_matching(rule_counts: tuple[int, ...], messages: int) -> dict[str, dict[str, float]]:
    """Return microseconds a message by number of rules: `ours`, `re`, and `ours_ms_to_load` for reading the rules."""
    texts = [each.text for each in conversation(messages, 10, seed=4)]
    found = {}
    for count in rule_counts:
        with tempfile.TemporaryDirectory(prefix="groupdesk-bench-") as name:
            folder = Path(name)
            (folder / "detect").mkdir()
            (folder / "detect" / "bench.yaml").write_text(_rules(count))
            began = time.perf_counter()
            rules = load_book(folder).rules
            to_load = (time.perf_counter() - began) * 1000
        patterns = [re.compile(rf"\b{_phrase(number)}\b", re.IGNORECASE) for number in range(count)]
        found[str(count)] = {
            "ours": _us_each(texts, partial(_by_rules, rules)),
            "re": _us_each(texts, partial(_one_by_one, patterns)),
            "ours_ms_to_load": to_load,
        }
    return found


def _by_rules(rules: RuleSet, text: str) -> object:
    return detect(Facts(text), rules)


def _one_by_one(patterns: list[re.Pattern[str]], text: str) -> object:
    return [each for each in patterns if each.search(text)]


def _us_each(texts: list[str], work: Callable[[str], object]) -> float:
    rounds = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        for text in texts:
            work(text)
        rounds.append((time.process_time() - began) * 1e6 / len(texts))
    return median(rounds)


def _phrase(number: int) -> str:
    return f"{_WORDS[number % 10]} {_WORDS[number // 10 % 10]} {number}"


def _rules(count: int) -> str:
    lines = ["version: 1", "rules:"]
    for number in range(count):
        phrase = _phrase(number)
        lines += [
            f"  - id: bench-{number}",
            f"    title: Bench rule {number}",
            f'    when: {{any: [{{phrases: ["{phrase}"]}}]}}',
            "    then: {ticket: {}, weight: 1.0}",
            f'    match: ["the {phrase} fails"]',
        ]
    return "\n".join(lines) + "\n"
