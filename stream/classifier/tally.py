"""What the classifier did, for the heartbeat: counts only grow."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass
class Tally:
    """Tokens are as the server counted them, or estimated where it does not say. `answer_ms` is the latest answer's time."""

    calls: int = 0
    call_failures: int = 0
    answers_unusable: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_hits: int = 0
    judged_by_model: int = 0
    judged_locally: int = 0
    left_to_people: int = 0
    unreadable: int = 0
    answer_ms: float = 0.0

    def counts(self) -> dict[str, int]:
        """Return the counts by name."""
        return {name: value for name, value in asdict(self).items() if isinstance(value, int)}
