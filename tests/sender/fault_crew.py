"""The processes of a fault run: the real worker and bridge, and the real sender that dies where the plan says."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from stream.settings import Settings
from stream.simulator.evolution_server import DEFAULT_KEY
from tests.sender.fault_stage import ROOT

_KEPT = {"kafka_bootstrap_servers", "topic_prefix", "topic_partitions", "data_dir", "rules_dir", "cs_instance", "bridge_port"}


class Crew:
    """`evolution_url` is where they find WhatsApp; set it before the first start."""

    def __init__(self, settings: Settings, plan: Path, *, has_intent: bool) -> None:
        self.evolution_url = ""
        self._settings = settings
        self._plan = plan
        self._has_intent = has_intent
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        told = self._settings.model_dump(mode="json", include=_KEPT) | {
            "evolution_api_url": self.evolution_url,
            "evolution_api_key": DEFAULT_KEY,
            "webhook_secret": self._settings.webhook_secret.get_secret_value(),
        }
        if name == "sender":
            command = [sys.executable, str(Path(__file__).with_name("faulty_sender.py")), json.dumps(told), str(self._plan)]
            command += [] if self._has_intent else ["--no-intent"]
        else:
            command = [sys.executable, "-m", "stream", name]
        env = os.environ | {key.upper(): str(value) for key, value in told.items()} | {"PYTHONPATH": str(ROOT)}
        with (self._settings.data_dir / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                command, env=env, cwd=self._settings.data_dir, stdout=log, stderr=log, start_new_session=True
            )

    def pid_of(self, name: str) -> int:
        return self._running[name].pid

    def restart_the_dead(self) -> None:
        for name, child in list(self._running.items()):
            if child.poll() is not None:
                self.start(name)

    def stop(self) -> None:
        for child in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(signal.SIGKILL)
            child.wait()
