"""The compose stack under trial: its commands, its health report, and webhooks through its proxy."""
# ruff: noqa: INP001 -- beside a script of its own, in no package

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PROJECT = "groupdesk-trial"


def free_address() -> str:
    """Return an address of this machine on which nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


PROXY, DASHBOARD = free_address(), free_address()


class Failed(Exception):
    """A step's promise did not hold; the text says what was seen."""


def within(seconds: float, is_so: Callable[[], bool], what: str) -> None:
    """Wait until something is so; raise `Failed` with `what` when it takes longer."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds:.0f} s: {what}")
        time.sleep(1)


class Stack:
    """The stack under trial: runs its compose commands, asks its bridge, and posts webhooks through its proxy."""

    def __init__(self, compose: list[str], scratch: Path) -> None:
        self.compose = compose
        told = subprocess.run([*compose, "version"], capture_output=True, text=True, check=False)  # noqa: S603 -- what was asked for
        self.engine = "podman" if "podman" in told.stdout else "docker"
        self.secrets = scratch / "secrets"
        self.log = scratch / "log"
        self.environment = os.environ | {
            "COMPOSE_PROJECT_NAME": PROJECT, "COMPOSE_PROFILES": "", "SECRETS_DIR": str(self.secrets),
            "PROXY_LISTEN": PROXY, "DASHBOARD_LISTEN": DASHBOARD, "EVOLUTION_API_URL": "", "WEBHOOK_URL": "",
        }  # fmt: skip
        self.posted = 0

    def run(self, *words: str, **changed: str) -> str:
        """Run a compose command and return what it printed; raise `Failed` when it ends badly."""
        return self._call([*self.compose, *words], self.environment | changed)

    def ask_engine(self, *words: str) -> str:
        return self._call([self.engine, *words], self.environment)

    def _call(self, command: list[str], environment: dict[str, str]) -> str:
        told = subprocess.run(  # noqa: S603 -- built here
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        with self.log.open("a") as log:
            log.write(f"$ {shlex.join(command)}\n{told.stdout}{told.stderr}\n")
        if told.returncode != 0:
            words = [line for line in f"{told.stdout}\n{told.stderr}".splitlines() if line.strip() and "WARNING" not in line]
            told_last = next((line for line in words if line.startswith("To fix first")), words[-1] if words else "nothing")
            raise Failed(f"{told_last} (exit status {told.returncode})")
        return told.stdout

    def containers(self, service: str, *, ended_too: bool = False) -> list[str]:
        """Return the ids of a service's containers that run, or of those that have ended too."""
        labels = [f"com.docker.compose.project={PROJECT}", f"com.docker.compose.service={service}"]
        which = ["--all"] if ended_too else []
        return self.ask_engine("ps", "-q", *which, *(word for label in labels for word in ("--filter", f"label={label}"))).split()

    def down(self, *words: str) -> None:
        """Take the stack down, the workers first: not every program counts those in that were added."""
        for container in self.containers("worker", ended_too=True):
            self.ask_engine("rm", "--force", container)
        self.run("down", *words)
        left = self.ask_engine("ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}").split()
        if left:
            raise Failed(f"{len(left)} containers are left after `down`")

    def report(self) -> dict[str, Any]:
        """Return the bridge's health report, empty while it cannot be had."""
        try:
            with urllib.request.urlopen(f"http://{PROXY}/webhook/cs-tickets", timeout=5) as answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except (OSError, ValueError):
            return {}

    def works(self, *parts: str) -> bool:
        told = self.report().get("parts", {})
        return all(told.get(part, {}).get("status") == "ok" for part in parts)

    def open_tickets(self) -> int:
        return int(self.report().get("gauges", {}).get("worker", {}).get("tickets_open", -1))

    def rows(self) -> int:
        first = self.report().get("parts", {}).get("sheet", {}).get("detail", "").partition(" ")[0]
        return int(first) if first.isdigit() else -1

    def received(self) -> int:
        return int(self.report().get("counts", {}).get("received", -1))

    def post(self, count: int) -> None:
        """Post requests of that many people, each until it is accepted, as Evolution would."""
        secret = (self.secrets / "webhook_secret").read_text().strip()
        for _ in range(count):
            self.posted += 1
            body = json.dumps(a_request(self.posted)).encode()
            headers = {"Content-Type": "application/json", "X-Webhook-Secret": secret}
            asked = urllib.request.Request(f"http://{PROXY}/webhook/cs-tickets", body, headers)
            within(60, lambda asked=asked: is_accepted(asked), f"webhook {self.posted} accepted")


def is_accepted(asked: urllib.request.Request) -> bool:
    """Post once and tell whether it was stored."""
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310 -- our own proxy
            return bool(answer.status == 200)
    except OSError:
        return False


def a_request(number: int) -> dict[str, Any]:
    """Return a webhook of a person who asks for something, in one of five groups."""
    group, person = f"12036340000000000{number % 5}@g.us", f"18000000000{number:04}@lid"
    key = {"remoteJid": group, "fromMe": False, "id": f"3EB0TRIAL{number:08}", "participant": person, "addressingMode": "lid"}
    return {
        "event": "messages.upsert",
        "instance": "cs-ticket-monitor",
        "data": {
            "key": key,
            "pushName": f"Trial {number}",
            "message": {"conversation": f"my order {4000 + number} has not arrived, where is it?"},
            "messageType": "conversation",
            "messageTimestamp": int(time.time()),
        },
        "sender": "5511900000000@s.whatsapp.net",
    }


def find_compose() -> list[str]:
    """Return the program that reads compose files, as words."""
    if os.environ.get("COMPOSE"):
        return shlex.split(os.environ["COMPOSE"])
    docker = shutil.which("docker")
    asked = [["info"], ["compose", "version"]]  # the program alone is of no use without its engine
    if docker and not any(subprocess.run([docker, *words], capture_output=True, check=False).returncode for words in asked):  # noqa: S603
        return [docker, "compose"]
    if shutil.which("podman-compose"):
        return ["podman-compose"]
    sys.exit("Neither docker compose nor podman-compose is here; install one, or name it: COMPOSE=... deploy/trial.py")
