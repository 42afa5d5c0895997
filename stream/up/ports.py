"""Ports: is one free, and which one is taken instead of 0."""

from __future__ import annotations

import socket

from stream.errors import PortTaken
from stream.settings import Settings
from stream.up.roles import Role


def is_free(host: str, port: int) -> bool:
    """Tell whether nobody listens there. A host that is not ours counts as free: the role itself tells that better."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno not in _IN_USE
    return True


_IN_USE = {48, 98, 10048}  # EADDRINUSE on macOS, Linux, Windows


def host_of(settings: Settings, role: Role) -> str:
    """Return the address that a role with a port listens on."""
    host: str = getattr(settings, (role.port_setting or "").replace("_port", "_host"))
    return host


def settle_ports(settings: Settings, roles: list[Role]) -> dict[str, int]:
    """Return the port of each role that has one, a free one where the setting is 0; raises `PortTaken`."""
    ports: dict[str, int] = {}
    for role in roles:
        if role.port_setting is None:
            continue
        host, port = host_of(settings, role), int(getattr(settings, role.port_setting))
        if port == 0:
            with socket.create_server((host, 0)) as probe:
                port = probe.getsockname()[1]
        elif not is_free(host, port):
            name = role.port_setting.upper()
            raise PortTaken(f"Port {port} of the {role.name} is in use by another program; stop that one, or set {name}.")
        ports[role.name] = port
    return ports
