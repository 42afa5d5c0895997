"""Run the stages of detection over labelled messages: what each decides is kept, what it leaves open goes to the next."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from pydantic import ValidationError

from stream.core.book import Book
from stream.core.detect import Facts, detect
from stream.core.detection import Detection, Label, Stage
from stream.core.value import Value
from stream.errors import GroupdeskError
from stream.settings import Settings

Scalar = str | int | float | bool | None  # ids come back as they were given, whatever they are


class LabelledMessage(Value):
    """One line of an evaluation file. Whatever else stands in the line is not read."""

    id: Scalar
    text: str
    lang: str
    label: Label


Decide = Callable[[Sequence[LabelledMessage], Book, Settings], Sequence[Detection]]

# Each stage after the rules is a function of (messages, book, settings) that gives one detection a message, undecided where
# it would rather not say. A stage whose module is not there, or that answers with `StageMissing`, is left out.
_LATER_STAGES: dict[Stage, str] = {
    Stage.LOCAL: "stream.classifier.evaluate:decide_locally",
    Stage.MODEL: "stream.classifier.evaluate:decide_by_model",
}


class StageMissing(GroupdeskError):
    """The stage is not set up; leave it out with --stage."""


@dataclass(frozen=True, slots=True)
class Run:
    """The detections of a file, which stages ran, and how long a message took (microseconds, all stages together).

    Of the rules it is the time of the processor, so that whatever else runs on the machine is not counted; the later stages
    wait for others, and what counts of those that ran is the time that passed.
    """

    messages: tuple[LabelledMessage, ...]
    detections: tuple[Detection, ...]
    stages: tuple[Stage, ...]
    us_per_message: float


def read_messages(lines: Iterable[str | bytes]) -> tuple[LabelledMessage, ...]:
    """Read an evaluation file; raises `GroupdeskError` naming the first line that does not fit."""
    return tuple(_read(raw, number) for number, raw in enumerate(lines, 1) if raw.strip())


def run_stages(messages: Sequence[LabelledMessage], book: Book, settings: Settings, upto: Stage | None) -> Run:
    """Run the rules and the later stages up to `upto` (None: all that are set up).

    Raises `StageMissing` when the stage asked for by name is not set up.
    """
    wanted = [Stage.LOCAL, Stage.MODEL] if upto is None else [s for s in _LATER_STAGES if _order(s) <= _order(upto)]
    ran = [Stage.RULES]
    began = time.thread_time()
    detections = [detect(Facts(text=message.text), book.rules) for message in messages]
    took = time.thread_time() - began
    for stage in wanted:
        decide = _decider(stage)
        open_ones = [place for place, detection in enumerate(detections) if detection.label is Label.UNDECIDED]
        if decide is None and stage is upto:
            raise StageMissing(f"The stage {stage} is not installed.")
        if decide is None:
            continue
        began = time.perf_counter()
        try:
            answers = decide([messages[place] for place in open_ones], book, settings)
        except StageMissing:
            if stage is upto:
                raise
            continue
        took += time.perf_counter() - began
        ran.append(stage)
        for place, answer in zip(open_ones, answers, strict=True):
            detections[place] = answer
    return Run(tuple(messages), tuple(detections), tuple(ran), 1e6 * took / max(1, len(messages)))


def _order(stage: Stage) -> int:
    return [Stage.RULES, Stage.LOCAL, Stage.MODEL].index(stage)


def _decider(stage: Stage) -> Decide | None:
    module, _, function = _LATER_STAGES[stage].partition(":")
    package = module.rpartition(".")[0]
    if find_spec(package) is None or find_spec(module) is None:
        return None
    found: Decide = getattr(importlib.import_module(module), function)
    return found


def _read(raw: str | bytes, number: int) -> LabelledMessage:
    try:
        message = LabelledMessage.from_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the line"
        raise GroupdeskError(
            f"Line {number} of the evaluation file does not fit ({place}: {first['msg']}); "
            "each line needs id, text, lang and label."
        ) from error
    if message.label is Label.UNDECIDED:
        raise GroupdeskError(f"Line {number} of the evaluation file does not fit: label is ticket, update or noise.")
    return message
