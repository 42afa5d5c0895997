"""The roles under supervisord: started, started again when they crash, stopped together; a log file each."""

from __future__ import annotations

import http.client
import os
import shlex
import shutil
import sys
import tempfile
import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from supervisor.xmlrpc import SupervisorTransport

from stream.broker.child import Child
from stream.errors import GroupdeskError

_STOP_S = 15  # then SIGKILL: a worker that crashed in a bad moment may never end by itself
_SURE_S = 10  # a role that ends sooner has failed to start: it is tried a few more times, with pauses that grow, then left
_TRIES = 4
_HEAD = """\
[supervisord]
nodaemon = true
silent = true
logfile = {logs}/supervisor.log
logfile_maxbytes = 1MB
logfile_backups = 1
pidfile = {run}/supervisord.pid
identifier = groupdesk

[unix_http_server]
file = {run}/supervisor.sock
chmod = 0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[group:roles]
programs = {names}
"""
_PROGRAM = """
[program:{name}]
command = {command}
autostart = true
autorestart = true
startsecs = {sure}
startretries = {tries}
stopsignal = TERM
stopwaitsecs = {stop}
killasgroup = true
redirect_stderr = true
stdout_logfile = {logs}/{name}.log
stdout_logfile_maxbytes = 5MB
stdout_logfile_backups = 2
"""


@dataclass(frozen=True)
class RoleProcess:
    """What supervisord says of a role: `pid` is 0 while it does not run; `gave_up` after several failed starts in a row."""

    name: str
    pid: int
    is_running: bool
    gave_up: bool


class Supervision:
    """supervisord and the roles below it. The configuration is written anew at each start, in DATA_DIR/supervisor.conf."""

    def __init__(self, data_dir: Path, role_names: list[str], environment: Mapping[str, str]) -> None:
        self.logs = data_dir.resolve() / "logs"
        self._names = role_names
        self._environment = environment
        self._config = data_dir.resolve() / "supervisor.conf"
        # A socket's path may have 108 characters at most, and a data folder may be deep.
        self._run = Path(tempfile.mkdtemp(prefix="groupdesk-"))
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._config)]
        self._child = Child(command, self.logs / "supervisord.console", data_dir / "supervisor.pid")

    def start(self) -> None:
        """Start supervisord, which starts all roles at once."""
        self.logs.mkdir(parents=True, exist_ok=True)
        self._config.write_text(self._configuration())
        self._child.start({**os.environ, **self._environment})

    def processes(self) -> list[RoleProcess]:
        """Return the roles as they are now; empty while supervisord itself is still starting."""
        if not self._child.is_alive():
            raise GroupdeskError(f"supervisord ended; see {self._child.log_file} ({self._child.last_words()}).")
        # A new connection each time: one that failed once, while supervisord was starting, stays unusable.
        transport = SupervisorTransport(None, None, f"unix://{self._run}/supervisor.sock")
        try:
            told: Any = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor.getAllProcessInfo()
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return []
        finally:
            transport.close()
        return [
            RoleProcess(
                each["name"],
                each["pid"],
                each["statename"] in {"STARTING", "RUNNING"},
                each["statename"] == "FATAL",
            )
            for each in told
        ]

    def stop(self) -> None:
        """Stop all roles at once and wait for them; safe to call twice."""
        self._child.stop(_STOP_S + 5)
        shutil.rmtree(self._run, ignore_errors=True)

    def last_line(self, name: str) -> str:
        """Return the last line that a role wrote, for a message about its end."""
        try:
            lines = click.unstyle((self.logs / f"{name}.log").read_text(errors="replace")).splitlines()
        except OSError:
            return ""
        return next((line for line in reversed(lines) if line.strip()), "")

    def _configuration(self) -> str:
        programs = [
            _PROGRAM.format(
                name=name,
                command=_escape(shlex.join([sys.executable, "-m", "stream", name])),
                logs=_escape(_escape(str(self.logs))),  # supervisord expands this one twice
                stop=_STOP_S,
                sure=_SURE_S,
                tries=_TRIES,
            )
            for name in self._names
        ]
        head = _HEAD.format(logs=_escape(str(self.logs)), run=self._run, names=",".join(self._names))
        return head + "".join(programs)


def _escape(text: str) -> str:
    return text.replace("%", "%%")
