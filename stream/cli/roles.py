"""The roles as commands: `groupdesk bridge` and so on. Each runs until SIGTERM or Ctrl-C and waits for Kafka if it must."""

from __future__ import annotations

import click

from stream import crash_points, logs
from stream.adapters.data_folder import make_data_folder
from stream.settings import load_settings
from stream.up.roles import ROLES, Role


def _command(role: Role) -> click.Command:
    @click.command(role.name, help=f"{role.does}\n\nRuns until SIGTERM or Ctrl-C. Waits for Kafka, and says so.")
    def run_role() -> None:
        settings = load_settings()
        logs.configure(settings, role.name)
        make_data_folder(settings.data_dir)
        crash_points.arm(settings)
        role.load()(settings)

    return run_role


def __getattr__(name: str) -> click.Command:
    """Return the command of any role of the table, so that a new role needs a line there and one in `COMMANDS`."""
    if name not in ROLES:
        raise AttributeError(name)
    return _command(ROLES[name])
