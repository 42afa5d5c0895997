"""The one table of roles: what each is, where its code is, and how to see that it is ready."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from stream.settings import Settings


@dataclass(frozen=True)
class Role:
    """A process of Groupdesk. It is ready when its heartbeat on topic `status` says so, and `ready_path` answers over HTTP."""

    name: str
    entry: str  # module:function, called with the settings; blocks until SIGTERM
    does: str
    port_setting: str | None = None
    ready_path: str | None = None
    beats: bool = True

    def load(self) -> Callable[[Settings], None]:
        """Import the role's code and return its `run`."""
        module, _, attribute = self.entry.partition(":")
        run: Callable[[Settings], None] = getattr(importlib.import_module(module), attribute)
        return run


# In the order in which `groupdesk up` starts them.
ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        Role("bridge", "stream.bridge.app:run", "Take webhooks; answer once Kafka has them.", "bridge_port", "/readyz"),
        Role("worker", "stream.worker.app:run", "Turn messages into tickets."),
        Role("classifier", "stream.classifier.role:run", "Decide what the rules leave open: model, local classifier, people."),
        Role("sheet", "stream.sheet.role:run", "Keep one row a ticket in the Sheet, where people may edit."),
        Role("sender", "stream.sender.role:run", "Say follow-ups in the groups, at most once; watch the connection."),
        Role("dashboard", "dashboard.launch:run", "Serve the Board and the tickets.", "dashboard_port", "/_stcore/health"),
    )
}

# Only started where there is no Evolution to talk to, and somebody wants to see follow-ups go out: the demo.
SIMULATOR = Role(
    "simulator", "stream.simulator.role:run", "Stand in for Evolution API.", "simulator_port", "/simulator/health", beats=False
)
