"""A small fault run, and the same run of a sender that writes nothing before it sends: that one must be caught.

The large one is run by hand: `python -m tests.sender.fault_run`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sender.fault_run import Run, settings_in

pytestmark = pytest.mark.kafka


async def test_follow_ups_survive_kills_and_faults(kafka: str, tmp_path: Path) -> None:
    run = Run(settings_in(tmp_path, kafka), follow_ups=16, kills=1, seed=5, with_worker=False)
    finding = await run.go(within_s=60)
    assert finding.is_clean, str(finding)
    assert sum(finding.kills.values()) == 1


async def test_a_sender_without_intents_is_caught(kafka: str, tmp_path: Path) -> None:
    run = Run(settings_in(tmp_path, kafka), follow_ups=16, kills=0, seed=5, has_intent=False, with_worker=False)
    finding = await run.go(within_s=60)
    assert finding.twice, str(finding)
    assert not finding.is_clean
