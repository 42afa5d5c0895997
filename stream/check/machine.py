"""The machine: folders, ports, import names and the C checksum that Kafka clients need for speed."""

from __future__ import annotations

import importlib.util
import socket
import tempfile
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

from filelock import FileLock, Timeout

from stream.check.finding import Finding, note, problem, well
from stream.settings import Settings
from stream.up.ports import host_of, is_free
from stream.up.readiness import answers
from stream.up.roles import ROLES


def check_machine(settings: Settings, unreadable: frozenset[str] = frozenset()) -> list[Finding]:
    """Return what this machine lacks, and what it has, in the order in which a start would need it.

    What stands in an `unreadable` setting is not looked at.
    """
    return [*_folder(settings), *_ports(settings, unreadable), *_import_names(), *_checksum()]


def is_up(settings: Settings) -> bool:
    """Tell whether `groupdesk up` runs in this data folder."""
    lock = settings.data_dir / "up.lock"
    if not lock.exists():
        return False
    try:
        with FileLock(lock, timeout=0):
            return False
    except Timeout:
        return True


def _folder(settings: Settings) -> Iterable[Finding]:
    folder = settings.data_dir.resolve()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            yield well("data folder", f"{folder} can be written.")
    except OSError as error:
        yield problem("data folder", f"{folder} cannot be written ({error.strerror}).", "Set DATA_DIR to a folder of your own.")


def _ports(settings: Settings, unreadable: frozenset[str]) -> Iterable[Finding]:
    running = is_up(settings)
    for role in ROLES.values():
        if role.port_setting is None or unreadable & {role.port_setting, role.port_setting.replace("_port", "_host")}:
            continue
        host, port = host_of(settings, role), getattr(settings, role.port_setting)
        if not _is_ours(host):
            name = role.port_setting.replace("_port", "_host").upper()
            yield problem(
                "port", f"{name} is {host}, which is no address of this machine.", "Set 127.0.0.1, or 0.0.0.0 to be reached."
            )
        elif port == 0:
            yield well("port", f"The {role.name} takes a port that is free.")
        elif is_free(host, port):
            yield well("port", f"Port {port} of the {role.name} is free.")
        elif running:
            yield well("port", f"Port {port} of the {role.name} is used by the `groupdesk up` that runs now.")
        elif role.ready_path and answers(f"http://127.0.0.1:{port}{role.ready_path}"):
            yield well("port", f"Port {port} of the {role.name} is used by the {role.name} that runs now.")
        else:
            yield problem(
                "port",
                f"Port {port} of the {role.name} is in use by another program.",
                f"Stop that program, or set {role.port_setting.upper()}.",
            )


def _is_ours(host: str) -> bool:
    try:
        with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            return True
    except OSError:  # a name that nobody knows, or an address of another machine
        return False


def _import_names() -> Iterable[Finding]:
    ours = Path(__file__).resolve().parents[2]
    owners = packages_distributions()
    for name in ("stream", "dashboard"):
        found = importlib.util.find_spec(name)
        place = Path(found.origin).resolve().parents[1] if found and found.origin else None
        strangers = sorted(set(owners.get(name, [])) - {"groupdesk"})
        if place != ours:
            yield problem(
                "imports", f"`import {name}` finds {place}, not ours.", "Run from another folder or a clean environment."
            )
        elif strangers:
            yield problem(
                "imports", f"Package {', '.join(strangers)} installs `{name}` too.", f"pip uninstall {' '.join(strangers)}"
            )
        else:
            yield well("imports", f"`{name}` is ours.")


def _checksum() -> Iterable[Finding]:
    if importlib.util.find_spec("crc32c") is None:
        yield note("crc32c", "The C checksum is missing: Kafka clients are much slower.", "pip install 'kafka-python[crc32c]'")
    else:
        yield well("crc32c", "The C checksum is installed.")
