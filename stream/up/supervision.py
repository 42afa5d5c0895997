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

from supervisor.xmlrpc import SupervisorTransport

from stream.broker.child import Child
from stream.errors import GroupdeskError
from stream.up.endings import SUPERVISOR_LOG, Ending, Endings

_STOP_S = 15  # then SIGKILL: a worker that crashed in a bad moment may never end by itself
# On two cores six processes that start together are all late: what takes messages and makes tickets of them goes first.
_IN_FRONT = ("bridge", "worker")
_GIVE_WAY = ("nice", "-n", "5")
_SURE_S = 10  # a role that ends sooner is started again after a pause, which grows by a second each time ...
_TRIES = 10  # ... up to this many seconds; then we begin with the short pauses again, for ever
_HEAD = """\
[supervisord]
nodaemon = true
silent = true
logfile = {logs}/{log}
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
    """What supervisord says of a role: `pid` is 0 while it does not run; `gave_up` until we have it started again."""

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
        self._endings = Endings(self.logs, role_names)
        self._child = Child(command, self.logs / "supervisord.console", data_dir / "supervisor.pid")

    def start(self) -> None:
        """Start supervisord, which starts all roles at once."""
        self.logs.mkdir(parents=True, exist_ok=True)
        self._config.write_text(self._configuration())
        self._endings = Endings(self.logs, self._names)
        self._child.start({**os.environ, **self._environment})

    def processes(self) -> list[RoleProcess]:
        """Return the roles as they are now; empty while supervisord itself is still starting."""
        if not self._child.is_alive():
            raise GroupdeskError(f"supervisord ended; see {self._child.log_file} ({self._child.last_words()}).")
        told = self._ask("getAllProcessInfo") or []
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

    def start_again(self, name: str) -> None:
        """Start a role that supervisord has given up; if it cannot just now, the next look finds it as it was."""
        self._ask("startProcess", f"roles:{name}", False)

    def endings(self) -> list[Ending]:
        """Return the ends of roles that nobody asked for, since the last call."""
        return self._endings.read()

    def _ask(self, method: str, *arguments: object) -> Any:
        """Return supervisord's answer, None where it gives none."""
        # A new connection each time: one that failed once, while supervisord was starting, stays unusable.
        transport = SupervisorTransport(None, None, f"unix://{self._run}/supervisor.sock")
        try:
            proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
            return getattr(proxy.supervisor, method)(*arguments)
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return None
        finally:
            transport.close()

    def _configuration(self) -> str:
        programs = [
            _PROGRAM.format(
                name=name,
                command=_escape(shlex.join([*_way(name), sys.executable, "-m", "stream", name])),
                logs=_escape(_escape(str(self.logs))),  # supervisord expands this one twice
                stop=_STOP_S,
                sure=_SURE_S,
                tries=_TRIES,
            )
            for name in self._names
        ]
        head = _HEAD.format(logs=_escape(str(self.logs)), log=SUPERVISOR_LOG, run=self._run, names=",".join(self._names))
        return head + "".join(programs)


def _way(name: str) -> tuple[str, ...]:
    return () if name in _IN_FRONT else _GIVE_WAY


def _escape(text: str) -> str:
    return text.replace("%", "%%")
