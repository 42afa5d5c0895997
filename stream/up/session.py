"""A running Groupdesk: broker first, then the roles; watched until told to stop, then stopped in the other order."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout
from pydantic import SecretStr

from stream.adapters.data_folder import make_data_folder
from stream.adapters.topic_admin import ensure_topics
from stream.broker import Broker, start_broker
from stream.errors import GroupdeskError
from stream.settings import Settings, as_environment
from stream.simulator.evolution_server import DEFAULT_KEY
from stream.up.endings import Ending
from stream.up.fresh import forget_everything
from stream.up.ports import host_of, settle_ports
from stream.up.readiness import Heartbeats, answers
from stream.up.roles import ROLES, SIMULATOR, Role
from stream.up.supervision import Supervision

_LOOK_EVERY_S = 0.2  # while something starts
_LOOK_AGAIN_S = 1.0
_OWNER_ALONE = 0o077  # a umask, which every process below us inherits: DATA_DIR holds what customers wrote


class Session:
    """`with Session(settings, say=print) as session: session.watch()`. What goes wrong at the start leaves nothing running."""

    def __init__(
        self,
        settings: Settings,
        *,
        without: frozenset[str] = frozenset(),
        fresh: bool = False,
        simulate: bool = False,
        say: Callable[[str], None] = print,
    ) -> None:
        self.settings = settings
        self.stopping = threading.Event()
        self._roles = [role for role in ROLES.values() if role.name not in without]
        if simulate:  # first, so that it is there when the sender looks for it
            self._roles.insert(0, SIMULATOR)
        self._by_name = {role.name: role for role in self._roles}
        self._fresh = fresh
        self._umask = 0
        self._say = say
        self._lock = FileLock(settings.data_dir / "up.lock")
        self._broker: Broker | None = None
        self._supervision: Supervision | None = None
        self._heartbeats: Heartbeats | None = None
        self._waiting: dict[str, Role] = {}
        self._started: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._umask = os.umask(_OWNER_ALONE)
        try:
            self._take_folder()
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def wait_until_ready(self) -> bool:
        """Watch until every role has been ready once; False when told to stop before that."""
        while self._waiting and not self.stopping.is_set():
            self._look()
            self.stopping.wait(_LOOK_EVERY_S)
        return not self._waiting

    def watch(self) -> None:
        """Keep everything running and tell what ends and starts again, until told to stop."""
        while not self.stopping.is_set():
            self._look()
            self.stopping.wait(_LOOK_EVERY_S if self._waiting else _LOOK_AGAIN_S)

    def _take_folder(self) -> None:
        make_data_folder(self.settings.data_dir)
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            raise GroupdeskError(
                f"`groupdesk up` already runs in {self.settings.data_dir}; stop that one, or give this one another DATA_DIR."
            ) from None

    def _start(self) -> None:
        ports = settle_ports(self.settings, self._roles)
        if self._fresh:
            if self.settings.kafka_bootstrap_servers:
                raise GroupdeskError("--fresh forgets the data of the built-in broker only; unset KAFKA_BOOTSTRAP_SERVERS.")
            forget_everything(self.settings, self._say)
        chosen: dict[str, object] = {self._by_name[name].port_setting or "": port for name, port in ports.items()}
        if SIMULATOR.name in ports:
            chosen["evolution_api_url"] = f"http://127.0.0.1:{ports[SIMULATOR.name]}"
            chosen["evolution_api_key"] = SecretStr(DEFAULT_KEY)
        chosen["data_dir"] = self.settings.data_dir.resolve()
        if self.settings.kafka_bootstrap_servers:
            self._say(f"Broker: {self.settings.kafka_bootstrap_servers}, as KAFKA_BOOTSTRAP_SERVERS says.")
        else:
            self._broker = start_broker(self.settings.data_dir.resolve(), say=self._say)
            self._say(f"Broker: {self._broker.notice}")
            chosen["kafka_bootstrap_servers"] = self._broker.bootstrap
        self.settings = self.settings.model_copy(update=chosen)
        ensure_topics(self.settings)
        self._heartbeats = Heartbeats(self.settings)
        for role in self._roles:
            self._await(role)
        self._supervision = Supervision(self.settings.data_dir, list(self._waiting), as_environment(self.settings))
        self._supervision.start()

    def _await(self, role: Role) -> None:
        self._waiting[role.name] = role
        self._started[role.name] = time.monotonic()
        if self._heartbeats is not None:
            self._heartbeats.expect(role.name)

    def _look(self) -> None:
        if self._supervision is None or self._heartbeats is None:
            return
        processes = self._supervision.processes()
        for process in processes:
            if process.gave_up:
                self._supervision.start_again(process.name)
        for ending in self._supervision.endings():
            self._note_ending(ending)
        self._heartbeats.read()
        pids = {process.name: process.pid for process in processes if process.is_running}
        for role in list(self._waiting.values()):
            if self._is_ready(role, pids.get(role.name, 0)):
                del self._waiting[role.name]
                after = time.monotonic() - self._started[role.name]
                self._say(f"  {role.name:<10} ready after {after:4.1f} s   {self._address(role)}".rstrip())
        if self._broker is not None and not self._broker.is_alive():
            self._say("The broker ended; starting it again.")
            self._broker.restart()

    def _note_ending(self, ending: Ending) -> None:
        """Tell why a role ended, and await it anew; what it says of a thing that a person must mend first is raised."""
        if ending.is_first and ending.sentence and self._waiting:
            told = GroupdeskError(ending.sentence)
            told.exit_status = ending.status or 1
            raise told
        more = "" if ending.status is None else f" (more in {self.settings.data_dir / 'logs' / ending.role}.log)"
        self._say(f"  {ending.role:<10} {ending}; it is started again{more}")
        self._await(self._by_name[ending.role])
        self._renew_trial_broker(ending.role)

    def _renew_trial_broker(self, ended: str) -> None:
        # The trial broker never lets go of a group member that died without a word, and its successor would wait for ever.
        if self._broker is not None and not self._broker.keeps_data and ended == "worker":
            self._say("The trial broker is started again too, because it does not forget the worker that ended.")
            self._broker.restart()

    def _is_ready(self, role: Role, pid: int) -> bool:
        if not pid:  # whoever answers on its port now is another program
            return False
        if role.beats and not (self._heartbeats is not None and self._heartbeats.is_ready(role.name, pid)):
            return False
        return role.ready_path is None or answers(self._address(role) + role.ready_path)

    def _address(self, role: Role) -> str:
        """Return the address at which this machine reaches a role, empty for one without a port."""
        if role.port_setting is None:
            return ""
        host = host_of(self.settings, role)
        reached = "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 -- compared, not bound
        return f"http://{f'[{reached}]' if ':' in reached else reached}:{getattr(self.settings, role.port_setting)}"

    def _stop(self) -> None:
        if self._heartbeats is not None:
            self._heartbeats.close()
        if self._supervision is not None:
            self._supervision.stop()
        if self._broker is not None:
            self._broker.stop()
        self._lock.release()
        os.umask(self._umask)
