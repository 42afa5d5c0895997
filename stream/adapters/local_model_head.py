"""The head of the local classifier: multinomial logistic regression over `features`, kept as JSON, in plain numpy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError, model_validator

from stream.adapters.local_model import NAME
from stream.adapters.local_model_features import FEATURES, LABELS
from stream.core.detection import Label
from stream.core.value import Value
from stream.errors import StateError

FILE = "local-head.json"
_PENALTY = 0.1  # of squared weights over standardised features; chosen by cross-validation, flat from 0.05 to 0.2
_STEPS = 400


class Head(Value):
    """Weights by label (in the order ticket, update, noise), over features less `mean`, divided by `scale`."""

    schema_version: int = 1
    embedder: str = NAME
    learned_at: datetime
    examples: int
    corrections: int = 0
    score: float | None = None  # macro-F1 in cross-validation, when it was learned
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]
    bias: tuple[float, ...]

    @model_validator(mode="after")
    def _has_the_right_shape(self) -> Self:
        rows = (self.mean, self.scale, *self.weights)
        if any(len(row) != FEATURES for row in rows) or not len(self.weights) == len(self.bias) == len(LABELS):
            raise ValueError(f"this head is not for {FEATURES} features and {len(LABELS)} labels")
        if self.embedder != NAME:
            raise ValueError(f"this head was learned over {self.embedder}, and {NAME} is in use")
        return self

    @property
    def version(self) -> str:
        """Return the name under which decisions remember this head."""
        return f"head-{self.learned_at:%Y%m%d-%H%M}"


def read_head(path: Path) -> Head | None:
    """Return the head in this file, None when there is no file; raises `StateError` when it cannot be used."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        return Head.from_json(raw)
    except ValidationError as error:
        raise StateError(f"{path} is no head of this version ({error.errors()[0]['msg']}); run `groupdesk learn`.") from error


def fit(rows: Any, labels: Sequence[Label], learned_at: datetime, corrections: int = 0, score: float | None = None) -> Head:
    """Learn a head from rows of features and their labels; deterministic. Rare labels count as much as common ones."""
    import numpy as np  # noqa: PLC0415 - comes with the extra

    truth = np.array([LABELS.index(label) for label in labels])
    mean = rows.mean(axis=0)
    scale = rows.std(axis=0)
    scale[scale < 1e-6] = 1.0  # always the same: tells nothing
    inputs = (rows - mean) / scale
    wanted = np.eye(len(LABELS))[truth]
    each = np.bincount(truth, minlength=len(LABELS)).clip(1)
    share = (np.sqrt(len(truth) / (len(LABELS) * each)))[truth][:, None] / len(truth)
    weights, bias = _descend(np, inputs, wanted, share)
    return Head(
        learned_at=learned_at,
        examples=len(labels),
        corrections=corrections,
        score=score,
        mean=_rounded(mean),
        scale=_rounded(scale),
        weights=tuple(_rounded(row) for row in weights.T),
        bias=_rounded(bias),
    )


def _descend(np: Any, inputs: Any, wanted: Any, share: Any) -> tuple[Any, Any]:
    """Minimise the penalised cross-entropy by Nesterov's accelerated gradient, with the step that its curvature allows."""
    columns = np.hstack([inputs, np.ones((len(inputs), 1))])
    curvature = 0.5 * np.linalg.norm(columns * np.sqrt(share), ord=2) ** 2 + _PENALTY
    now = before = np.zeros((columns.shape[1], wanted.shape[1]))
    for step in range(_STEPS):
        ahead = now + step / (step + 3) * (now - before)
        slope = columns.T @ (share * (_softmax(np, columns @ ahead) - wanted))
        slope[:-1] += _PENALTY * ahead[:-1]
        before, now = now, ahead - slope / curvature
    return now[:-1], now[-1]


def probabilities(head: Head, rows: Any) -> Any:
    """Return, for each row of features, the probability of each label."""
    import numpy as np  # noqa: PLC0415 - comes with the extra

    inputs = (rows - np.array(head.mean)) / np.array(head.scale)
    return _softmax(np, inputs @ np.array(head.weights).T + np.array(head.bias))


def _softmax(np: Any, scores: Any) -> Any:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def _rounded(row: Any) -> tuple[float, ...]:
    return tuple(round(float(value), 5) for value in row)
