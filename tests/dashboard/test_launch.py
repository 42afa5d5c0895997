from __future__ import annotations

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboard.launch import require_port, require_sign_in
from stream.cli import main
from stream.errors import OpenToStrangers, PortTaken
from stream.settings import Settings, load_settings


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "desk.example.org"])  # noqa: S104 - must be refused, not bound
def test_it_never_stands_open_to_the_network(host: str) -> None:
    with pytest.raises(OpenToStrangers, match="DASHBOARD_PASSWORD"):
        require_sign_in(Settings(_env_file=None, dashboard_host=host), has_oidc=False)
    require_sign_in(Settings(_env_file=None, dashboard_host=host, dashboard_password="p"), has_oidc=False)


def test_the_command_refuses_with_status_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    load_settings.cache_clear()
    told = CliRunner().invoke(main, ["dashboard"], env={"DASHBOARD_HOST": "0.0.0.0"})  # noqa: S104 - must be refused, not bound
    assert told.exit_code == 2
    assert told.output.startswith("Error: DASHBOARD_HOST=0.0.0.0 would show all tickets to anybody")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_needs_no_password(host: str) -> None:
    require_sign_in(Settings(_env_file=None, dashboard_host=host), has_oidc=False)


def test_a_taken_port_is_one_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PortTaken, match="DASHBOARD_PORT"):
            require_port(Settings(_env_file=None, dashboard_port=other.getsockname()[1]))
