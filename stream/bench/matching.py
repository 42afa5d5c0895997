"""(d) What a message costs with more rules, beside the standard library.

The reference is what one would write with `re`: a compiled pattern a rule, looked for one by one, or all joined into one
alternation. Both only find; ours also reads accents and emphasis away, weighs what was found and decides.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from stream.adapters.rule_files import load_book
from stream.bench.figures import median
from stream.bench.load import talk
from stream.core.detect import Facts, detect
from stream.core.rule_match import RuleSet

RULES = (10, 100, 1_000)
_WORDS = ("printer", "router", "invoice", "parcel", "login", "terminal", "scanner", "gateway", "ledger", "voucher")
_ROUNDS = 5


async def measure_matching(messages: int) -> dict[str, dict[str, float]]:
    """Return µs of CPU a message by number of rules: `ours`, `re_each`, `re_joined`; `ours_ms_to_load` is to read the rules."""
    said = [each.text for each in talk(messages, 10, seed=4)]
    return {str(count): _measure(count, [_with_hits(text, number, count) for number, text in enumerate(said)]) for count in RULES}


def _measure(count: int, texts: list[str]) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="groupdesk-bench-") as name:
        folder = Path(name)
        (folder / "detect").mkdir()
        (folder / "detect" / "bench.yaml").write_text(rules_file(count))
        began = time.perf_counter()
        rules = load_book(folder).rules
        to_load = (time.perf_counter() - began) * 1000
    patterns = [re.compile(rf"\b{re.escape(_phrase(number))}\b", re.IGNORECASE) for number in range(count)]
    joined = re.compile("|".join(pattern.pattern for pattern in patterns), re.IGNORECASE)
    return {
        "ours": _us_each(texts, partial(_by_rules, rules)),
        "re_each": _us_each(texts, partial(_one_by_one, patterns)),
        "re_joined": _us_each(texts, joined.findall),
        "ours_ms_to_load": to_load,
    }


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


def _with_hits(text: str, number: int, rules: int) -> str:
    """Every tenth message is what one of the rules looks for."""
    return f"{text}, and the {_phrase(number % rules)} fails" if number % 10 == 0 else text


def _phrase(number: int) -> str:
    return f"{_WORDS[number % 10]} {_WORDS[number // 10 % 10]} {number}"


def rules_file(count: int) -> str:
    """Return a file of so many rules, each with a phrase of its own."""
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
