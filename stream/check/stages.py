"""The stages of a full check: each is tried once, timed, and ends ok, failed with what to do, or skipped with the reason."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from stream.errors import GroupdeskError


class Result(StrEnum):
    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Stage:
    """What became of one stage. `to_do` is set where it failed."""

    name: str
    result: Result
    told: str
    elapsed_ms: float
    to_do: str = ""


class StageFailed(GroupdeskError):
    """A stage did not come about."""

    def __init__(self, told: str, to_do: str) -> None:
        super().__init__(told)
        self.to_do = to_do


class StageSkipped(GroupdeskError):
    """A stage was left out; the text says why."""


@dataclass
class Stages:
    """Runs stages and keeps what became of them; `show` sees each as it ends."""

    show: Callable[[Stage], None] = lambda _stage: None
    done: list[Stage] = field(default_factory=list)

    def run(self, name: str, attempt: Callable[[], str], *, after: tuple[str, ...] = (), since: float | None = None) -> bool:
        """Try a stage and tell whether it is ok. It is skipped where one of the stages `after` which it comes is not.

        Its time begins now, or at `since` of `time.perf_counter` for one that sums up others.
        """
        broken = next((each for each in after if not self.is_ok(each)), None)
        started = time.perf_counter() if since is None else since
        if broken is not None:
            return self._keep(Stage(name, Result.SKIPPED, f"It needs “{broken}”.", 0.0))
        try:
            told = attempt()
        except StageSkipped as reason:
            stage = Stage(name, Result.SKIPPED, str(reason), _ms_since(started))
        except StageFailed as failure:
            stage = Stage(name, Result.FAILED, str(failure), _ms_since(started), failure.to_do)
        except GroupdeskError as error:
            stage = Stage(name, Result.FAILED, str(error), _ms_since(started), "Do what the sentence says, and check again.")
        else:
            stage = Stage(name, Result.OK, told, _ms_since(started))
        return self._keep(stage)

    def is_ok(self, name: str) -> bool:
        return any(stage.name == name and stage.result is Result.OK for stage in self.done)

    @property
    def to_fix(self) -> Stage | None:
        """The first stage that failed: those after it may have failed because of it."""
        return next((stage for stage in self.done if stage.result is Result.FAILED), None)

    def _keep(self, stage: Stage) -> bool:
        self.done.append(stage)
        self.show(stage)
        return stage.result is Result.OK


def _ms_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1_000, 1)
