#!/usr/bin/env python3
"""Tries the compose stack of this checkout for real, and prints a line for each thing that it promises.

    deploy/trial.py                            with `docker compose`, or podman-compose where there is no Docker
    COMPOSE="podman-compose" deploy/trial.py   with another program that reads compose files

It builds the image, starts the stack under a name, ports and secrets of its own (one that runs already is left alone), and takes
it down again with its volumes. Needs Python and an engine; takes about five minutes. Exit status 1 when a step failed.
"""
# ruff: noqa: T201, D103 -- a script of its own: it prints, and the name of a step is its sentence

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from trial_stack import DASHBOARD, PROJECT, PROXY, ROOT, Failed, Stack, find_compose, within

LONG_RUNNING = ("kafka", "bridge", "worker", "classifier", "sender", "sheet", "dashboard", "proxy")
_LOW_PORTS = "0000000000000400"  # the one right that the proxy's program does not start without
BATCH = 30  # messages in each part of the trial, every one a request of its own


# --- the steps: each returns what is worth telling, or raises `Failed`


def demands_secrets(stack: Stack) -> str:
    try:
        stack.run("config", SECRETS_DIR="")
    except Failed as failed:
        if "Run deploy/secrets first" in str(failed):
            return "without secrets it does not start, and says what to do"
        raise
    raise Failed("it starts without secrets")


def makes_secrets(stack: Stack) -> str:
    subprocess.run([ROOT / "deploy" / "secrets", stack.secrets], check=True, capture_output=True)  # noqa: S603 -- our own
    return f"{len(list(stack.secrets.iterdir()))} files"


def builds(stack: Stack) -> str:
    stack.run("build", "topics")
    size = int(stack.ask_engine("image", "inspect", "--format", "{{.Size}}", "groupdesk:local"))
    return f"{size / 1e6:.0f} MB with its base"


def starts(stack: Stack) -> str:
    began = time.monotonic()
    stack.run("up", "-d")
    within(300, lambda: stack.works("broker", "bridge", "worker", "rules", "sheet", "dashboard"), "all parts work")
    return f"all parts work after {time.monotonic() - began:.0f} s"


def is_healthy(stack: Stack) -> str:
    """Run each container's own check here: not every engine runs them by itself."""
    for service in LONG_RUNNING:
        for container in stack.containers(service):
            test = json.loads(stack.ask_engine("inspect", "--format", "{{json .Config.Healthcheck.Test}}", container))
            within(60, lambda test=test, container=container: is_well(stack, container, test[1:]), f"{service} is healthy")
    return f"{len(LONG_RUNNING)} services"


def is_well(stack: Stack, container: str, test: list[str]) -> bool:
    try:
        stack.ask_engine("exec", container, *test)
    except Failed:
        return False
    return True


def is_guarded(stack: Stack) -> str:
    probe = "id -u; grep -E '^(NoNewPrivs|CapEff):' /proc/self/status; (echo x > /etc/trial) 2>/dev/null && echo WRITABLE; true"
    for service in LONG_RUNNING:
        told = stack.ask_engine("exec", stack.containers(service)[0], "sh", "-c", probe).split()
        rights = {"0" * 16} | ({_LOW_PORTS} if service == "proxy" else set())
        if told[0] == "0" or told[2] not in rights or told[4] != "1" or "WRITABLE" in told:
            raise Failed(f"{service}: {' '.join(told)}")
    ports = stack.ask_engine("ps", "--filter", f"label=com.docker.compose.project={PROJECT}", "--format", "{{.Ports}}")
    published = {word.partition("->")[0] for word in ports.replace(",", " ").split() if "->" in word}
    if published != {PROXY, DASHBOARD}:
        raise Failed(f"published: {sorted(published)}")
    return "no root, no rights, nothing writable, two ports"


def proxy_guards(stack: Stack) -> str:
    def status(path: str, body: bytes | None = None, secret: str = "") -> int:
        asked = urllib.request.Request(f"http://{PROXY}{path}", body, {"X-Webhook-Secret": secret.strip()})
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310 -- our own proxy
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:  # it hung up before all was sent
            return 413

    wanted = {"/healthz": 200, "/metrics": 404, "/readyz": 404, "/anything": 404}
    seen = {path: status(path) for path in wanted}
    seen["without secret"] = status("/webhook/cs-tickets", b"{}")
    seen["3 MB"] = status("/webhook/cs-tickets", bytes(3_000_000), (stack.secrets / "webhook_secret").read_text())
    if seen != wanted | {"without secret": 401, "3 MB": 413}:
        raise Failed(f"status {seen}")
    half = socket.create_connection((PROXY.partition(":")[0], int(PROXY.partition(":")[2])), timeout=40)
    half.sendall(b"POST /webhook/cs-tickets HTTP/1.1\r\nHost: x\r\n")
    began = time.monotonic()
    half.recv(1000)  # returns when the proxy has had enough
    half.close()
    if not stack.report():
        raise Failed("the bridge is gone")
    return f"401, 404, 413; half a header is ended after {time.monotonic() - began:.0f} s"


def checks_fully(stack: Stack) -> str:
    told = stack.run("exec", "-T", "bridge", "groupdesk", "check", "--full")
    if "\nPass." not in told:
        raise Failed(told.strip().rpartition("\n")[2])
    return next(line for line in told.splitlines() if "End to End" in line).partition("ms")[0].split()[-1] + " ms end to end"


def arrives(stack: Stack, count: int = BATCH, between: Callable[[], object] | None = None) -> str:
    """Post requests, do something in the middle of them, and see that every one is a ticket and a row afterwards, once."""
    within(120, lambda: stack.open_tickets() >= 0 and stack.rows() >= 0, "the counts are there")
    tickets, rows, received = stack.open_tickets(), stack.rows(), stack.received()
    stack.post(count // 2)
    if between is not None:
        between()
    stack.post(count - count // 2)
    wanted = (tickets + count, rows + count, received + count)
    try:
        within(180, lambda: (stack.open_tickets(), stack.rows(), stack.received()) == wanted, "all are tickets and rows")
    except Failed:
        raise Failed(f"tickets, rows, received: {stack.open_tickets(), stack.rows(), stack.received()}, not {wanted}") from None
    return f"{count} posted, {count} tickets, {count} rows"


def scales(stack: Stack) -> str:
    stack.run("up", "-d", "--no-recreate", "--scale", "worker=3")
    within(60, lambda: len(stack.containers("worker")) == 3, "three workers run")
    return arrives(stack)


def survives_a_killed_worker(stack: Stack) -> str:
    return arrives(stack, between=lambda: stack.ask_engine("kill", "--signal", "KILL", stack.containers("worker")[0]))


def survives_a_restart_of_kafka(stack: Stack) -> str:
    return arrives(stack, between=lambda: stack.ask_engine("restart", stack.containers("kafka")[0]))


def keeps_its_state(stack: Stack) -> str:
    before = (stack.open_tickets(), stack.rows(), stack.received())
    stack.down()
    stack.run("up", "-d")
    within(300, lambda: stack.works("broker", "bridge", "worker", "sheet"), "all parts work")
    within(60, lambda: (stack.open_tickets(), stack.rows(), stack.received()) == before, f"tickets, rows, received are {before}")
    return f"{before[0]} open tickets, {before[1]} rows; then {arrives(stack, 4)}"


STEPS: tuple[tuple[str, Callable[[Stack], str]], ...] = (
    ("demands its secrets", demands_secrets),
    ("makes its secrets", makes_secrets),
    ("builds from the lock", builds),
    ("comes up", starts),
    ("health checks", is_healthy),
    ("guarded", is_guarded),
    ("proxy", proxy_guards),
    ("check --full", checks_fully),
    ("three workers", scales),
    ("a worker is killed", survives_a_killed_worker),
    ("Kafka is started anew", survives_a_restart_of_kafka),
    ("down and up again", keeps_its_state),
)


def main() -> int:
    """Run the steps in order; what needs a step that failed is not tried."""
    with tempfile.TemporaryDirectory(prefix="groupdesk-trial-") as folder:
        Path(folder).chmod(0o755)
        stack = Stack(find_compose(), Path(folder))
        failed = False
        try:
            for name, step in STEPS:
                began = time.monotonic()
                try:
                    mark, told = "pass", step(stack)
                except Failed as error:
                    mark, told, failed = "FAIL", str(error), True
                print(f"{mark}  {name:<24} {time.monotonic() - began:>5.0f} s  {told}", flush=True)
                if failed and step in (builds, starts):
                    break
        finally:
            for service in LONG_RUNNING if failed else ():
                for container in stack.containers(service):
                    stack.ask_engine("logs", "--tail", "50", container)
            try:
                stack.down("--volumes")
            except Failed as error:
                print(f"FAIL  taken down               {error}")
                failed = True
            if failed:
                kept = shutil.copy(stack.log, Path(tempfile.gettempdir()) / "groupdesk-trial.log")
                print(f"What was run and printed stands in {kept}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
