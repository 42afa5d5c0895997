"""What the local classifier looks at: the sentence as a vector, what the rules added up, its length, and ? and !."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from stream.adapters.local_model import SIZE, embed
from stream.core.detect import Facts, judge
from stream.core.detection import Label
from stream.core.rule_match import RuleSet

LABELS = (Label.TICKET, Label.UPDATE, Label.NOISE)
FEATURES = SIZE + len(LABELS) + 3


def features(texts: Sequence[str], rules: RuleSet) -> Any:
    """Return a row of `FEATURES` numbers for each text, as a numpy array; raises `LocalModelMissing`."""
    import numpy as np  # noqa: PLC0415 - comes with the extra

    own = np.array([_of_rules(text, rules) for text in texts], dtype=np.float64).reshape(len(texts), FEATURES - SIZE)
    return np.hstack([embed(texts), own])


def _of_rules(text: str, rules: RuleSet) -> list[float]:
    scores = dict(judge(Facts(text=text), rules).scores)
    totals = [min(scores.get(label, 0.0), 3.0) for label in LABELS]
    return [*totals, math.log1p(len(text.split())), float("?" in text), float("!" in text)]
