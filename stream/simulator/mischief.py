"""What the stand-in does wrong on demand: faults of the calls, queued or at random, and faults of its webhooks."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum


class SendFault(StrEnum):
    """How one sendText or sendReaction goes wrong. `*_AFTER_SEND` means that the group got the message all the same."""

    CONNECTION_CLOSED = "connection_closed"  # 400, never left
    RATE_OVERLIMIT = "rate_overlimit"  # 400, never left
    LICENCE = "licence"  # 503 LICENSE_REQUIRED, never left
    UNAUTHORIZED = "unauthorized"  # 401, never left
    FORBIDDEN_BY_WHATSAPP = "forbidden"  # 400 with the text that a restricted number gives
    TIMED_OUT = "timed_out"  # 400 "Timed Out", and it did not leave
    SERVER_ERROR = "server_error"  # 500, and it did not leave
    SERVER_ERROR_AFTER_SEND = "server_error_after_send"
    DATABASE_ERROR_AFTER_SEND = "database_error_after_send"  # 400; no row, no echo: nothing tells that it left
    TIMEOUT_AFTER_SEND = "timeout_after_send"  # holds the connection until the client gives up
    TIMEOUT_BEFORE_SEND = "timeout_before_send"
    RESET_AFTER_SEND = "reset_after_send"  # closes the connection without an answer
    GARBAGE_AFTER_SEND = "garbage_after_send"  # 201 that is no JSON
    ERROR_INSIDE_200 = "error_inside_200"  # 200 {"error": true}


@dataclass
class Mischief:
    """Set what should go wrong. Rates are 0 to 1 and drawn from `seed`, so a failing run can be played again.

    `next_sends` is used up first, one a call; `send_rates` then draws. `hold_seconds` is how long a timeout is held.
    Webhooks: `duplicate`, `drop` and `late` are shares of the deliveries; late ones wait up to `late_seconds`
    (before the time scale). `swap` lets a delivery overtake the one before it.
    """

    seed: int = 1
    next_sends: deque[SendFault | None] = field(default_factory=deque)
    send_rates: dict[SendFault, float] = field(default_factory=dict)
    hold_seconds: float = 120.0
    is_socket_dead: bool = False  # says "open", delivers and sends nothing
    is_database_down: bool = False  # no webhook at all; calls that need rows answer 500
    is_unlicensed: bool = False
    accepts_when_closed: bool = False  # 201 for what will never leave, as was once recorded after a logout
    duplicate: float = 0.0
    drop: float = 0.0
    late: float = 0.0
    late_seconds: float = 1200.0
    swap: float = 0.0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - faults that can be repeated, not secrets

    def draw_send(self) -> SendFault | None:
        """Return the fault of this call, or None when it may go well."""
        if self.next_sends:
            return self.next_sends.popleft()
        dice = self._random.random()
        for fault, rate in self.send_rates.items():
            dice -= rate
            if dice < 0:
                return fault
        return None

    def draw(self, rate: float) -> bool:
        return rate > 0 and self._random.random() < rate

    def draw_delay(self) -> float:
        return self._random.uniform(0, self.late_seconds)

    def jitter(self, factor: float) -> float:
        return self._random.uniform(-factor, factor)
