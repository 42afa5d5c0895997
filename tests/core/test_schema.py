from __future__ import annotations

import json
from pathlib import Path

import pytest

from stream.core.schema import CONTRACTS, contract_schema

GOLDEN = Path(__file__).parents[1] / "data" / "schemas"


@pytest.mark.parametrize("topic", sorted(CONTRACTS))
def test_a_changed_contract_is_a_visible_change(topic: str) -> None:
    """Write it down with: python -m stream schema TOPIC > tests/data/schemas/TOPIC.json."""
    assert contract_schema(topic) == json.loads((GOLDEN / f"{topic}.json").read_text())
