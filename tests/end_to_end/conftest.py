from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from system import System

from stream.settings import Settings


@pytest.fixture
def system(settings: Settings) -> Iterator[System]:
    running = System(settings)
    yield running
    running.close()
