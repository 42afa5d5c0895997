"""Timelines played on the pure core: a story with a clock of its own, for tests and for a team's followups.yaml."""

from __future__ import annotations

from stream.timelines.play import Failure, play, run_timelines

__all__ = ["Failure", "play", "run_timelines"]
