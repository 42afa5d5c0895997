"""Starts a role for the proof: `python -m tests.proof.role ROLE`. Waits are shortened, and a safeguard may be left out."""

from __future__ import annotations

import functools
import os
import resource
import select
import signal
import sys
import time

from stream import crash_points, logs
from stream.settings import load_settings
from stream.up.roles import ROLES
from tests.proof import sabotage


def shorten_waits() -> None:
    """Let doubts about a message be settled within seconds: as before, each wait is longer than what it waits for."""
    import stream.sender.role as sender_role
    from stream.core.sending import SendingLimits
    from stream.transport import carriers
    from stream.transport.evolution import EvolutionTransport

    limits = {"gap_s": 0.0, "per_minute": 100_000, "claim_s": 3, "settle_s": 8, "second_look_s": 1, "retry_s": 1}
    sender_role.SendingLimits = lambda **_: SendingLimits(**limits)
    carriers.EvolutionTransport = functools.partial(EvolutionTransport, send_timeout_s=4.0, typing_ms=0)


def limit_files() -> None:
    """Let files grow no further than PROOF_FILE_LIMIT says, which to a program is a full disk."""
    if limit := os.environ.get("PROOF_FILE_LIMIT"):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))


def sleep_without_clock() -> None:
    """Let `time.sleep` wait in `select`: under libfaketime Python's own way of sleeping fails."""
    if "FAKETIME_TIMESTAMP_FILE" in os.environ:
        time.sleep = lambda seconds: select.select([], [], [], max(0.0, seconds))


def main() -> None:
    name = sys.argv[1]
    sleep_without_clock()
    limit_files()
    shorten_waits()
    sabotage.leave_out(os.environ.get("PROOF_WITHOUT", ""))
    settings = load_settings()
    crash_points.arm(settings)
    logs.configure(settings, name)
    ROLES[name].load()(settings)


if __name__ == "__main__":
    main()
