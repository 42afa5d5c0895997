from __future__ import annotations

from pathlib import Path

import pytest

from stream.up.endings import Endings

_INFO = "2026-03-02T09:00:00.000001Z [info     ] listening [stream.bridge.app] url=http://127.0.0.1:8000\n"
_WARNING = "2026-03-02T09:00:01.000001Z [warning  ] heartbeat not sent [stream.adapters.status] reason=away\n"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    write(tmp_path, "supervisor.log", "2026-03-01 exited: bridge (exit status 1; not expected)\n")
    write(tmp_path, "bridge.log", "Error: of an earlier day\n" + _WARNING)
    return tmp_path


def write(logs: Path, name: str, text: str) -> None:
    with (logs / name).open("a") as file:
        file.write(text)


def ended(logs: Path, how: str, wrote: str = "") -> None:
    write(logs, "supervisor.log", "2026-03-02 09:00:00,1 INFO spawned: 'bridge' with pid 12\n")
    write(logs, "bridge.log", wrote)
    write(logs, "supervisor.log", f"2026-03-02 09:00:02,1 WARN exited: bridge ({how}; not expected)\n")


@pytest.mark.parametrize(
    ("how", "wrote", "told"),
    [
        ("terminated by SIGKILL", _INFO + _WARNING, "was killed (signal 9)"),
        ("terminated by SIGSEGV (core dumped)", _INFO, "was killed (signal 11)"),
        ("terminated by signal 40", "", "was killed (signal 40)"),
        ("exit status 3", _INFO, "ended with exit status 3"),
        ("exit status 1", _WARNING + _INFO, f"ended with exit status 1: {_WARNING.strip()}"),
        ("exit status 1", 'Traceback:\n  File "a"\nKeyError: 4\n' + _INFO, "ended with exit status 1: KeyError: 4"),
        (
            "exit status 1",
            '{"event": "away", "level": "error"}\n',
            'ended with exit status 1: {"event": "away", "level": "error"}',
        ),
        ("exit status 1", _WARNING + "Error: Port 1 is in use.\n", "ended with exit status 1: Port 1 is in use."),
        ("exit status 1", "Error: Two:\n  a.yaml:1\n" + _INFO, "ended with exit status 1: Two:\n  a.yaml:1"),
    ],
)
def test_the_cause_of_an_end_is_told_and_never_an_old_or_harmless_line(logs: Path, how: str, wrote: str, told: str) -> None:
    endings = Endings(logs, ["bridge"])
    assert endings.read() == []
    ended(logs, how, wrote)
    assert [str(ending) for ending in endings.read()] == [told]
    ended(logs, "exit status 4", _INFO)
    (again,) = endings.read()
    assert str(again) == "ended with exit status 4"
    assert not again.is_first


def test_a_log_that_was_begun_anew_is_read_from_its_start(logs: Path) -> None:
    endings = Endings(logs, ["bridge"])
    for name in ("supervisor.log", "bridge.log"):
        (logs / name).unlink()
    ended(logs, "exit status 1", "Error: New.\n")
    (ending,) = endings.read()
    assert ending.is_first
    assert ending.sentence == "New."
