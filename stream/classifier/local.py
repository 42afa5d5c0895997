"""The local classifier: a verdict where it is sure enough, and the reason why not elsewhere. It never stops anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stream import logs
from stream.adapters.local_model import LocalModelMissing
from stream.adapters.local_model_features import LABELS, features
from stream.adapters.local_model_head import FILE, Head, probabilities, read_head
from stream.core.detection import Detection, Label, Stage
from stream.core.model_rules import LocalBelieved
from stream.core.rule_match import RuleSet
from stream.errors import StateError
from stream.settings import Settings

log = logs.get(__name__)

DECIDED_BY = "local"


@dataclass(frozen=True)
class Opinion:
    """The likeliest label and how likely it is."""

    label: Label
    probability: float


def head_path(settings: Settings) -> Path:
    """Return the file of the head that is in use."""
    return settings.local_head or settings.data_dir / FILE


class LocalClassifier:
    """The head in DATA_DIR, read again when `groupdesk learn` has written a new one. `why_not` tells why there is none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._head: Head | None = None
        self.why_not = ""

    @property
    def head(self) -> Head | None:
        """The head as it is now in the file; None with the reason in `why_not`."""
        try:
            stat = self._path.stat()
        except OSError:
            self._head, self._stamp = None, None
            self.why_not = "there is no local classifier yet; `groupdesk learn` makes one of corrections"
            return None
        if (stat.st_mtime_ns, stat.st_size) != self._stamp:
            self._stamp = (stat.st_mtime_ns, stat.st_size)
            try:
                self._head, self.why_not = read_head(self._path), ""
            except StateError as error:
                self._head, self.why_not = None, str(error)
                log.warning("local head", reason=str(error))
        return self._head

    def opinions(self, texts: Sequence[str], rules: RuleSet) -> list[Opinion] | None:
        """Return an opinion on each text, or None (see `why_not`) when there is no classifier that works."""
        head = self.head
        if head is None or not texts:
            return [] if head is not None else None
        try:
            shares = probabilities(head, features(texts, rules))
        except LocalModelMissing as error:
            self.why_not = str(error)
            return None
        return [Opinion(LABELS[int(row.argmax())], round(float(row.max()), 3)) for row in shares]


def decide(opinion: Opinion, base: Detection, head: Head, believed: LocalBelieved) -> Detection:
    """Return the detection for an opinion: decided when it is likely enough, else undecided with what was thought.

    What the rules had found of a message (its language, category of hints) stays.
    """
    detection = base.but(
        label=opinion.label,
        stage=Stage.LOCAL,
        decided_by=DECIDED_BY,
        version=head.version,
        confidence=opinion.probability,
        status=base.status if opinion.label is Label.UPDATE else None,
        reason="",
    )
    if opinion.probability >= believed.of(opinion.label):
        return detection
    thought = f"the local classifier thinks {opinion.label}, {opinion.probability:.0%} likely"
    return detection.but(label=Label.UNDECIDED, reason=thought, status=None)
