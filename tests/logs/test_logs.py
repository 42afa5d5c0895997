"""A traceback in a log tells where, never what: local variables hold texts of messages, and secrets."""

from __future__ import annotations

import subprocess
import sys

import pytest

_FAILS = """
import logging
from stream import logs
from stream.settings import Settings

def fail(text):
    raise RuntimeError("it broke")

logs.configure(Settings(_env_file=None, log_json={as_json}), "worker")
for log in (logging.getLogger("faust.worker"), logs.get("stream.worker")):
    try:
        fail("CAN" + "ARY")
    except RuntimeError:
        log.exception("failed")
"""


@pytest.mark.parametrize("as_json", [False, True])
def test_a_traceback_shows_no_local_variable(as_json: bool) -> None:
    told = subprocess.run([sys.executable, "-c", _FAILS.format(as_json=as_json)], capture_output=True, text=True, check=True)
    assert told.stderr.count("RuntimeError: it broke") == 2
    assert "CANARY" not in told.stderr
