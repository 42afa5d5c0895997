"""Role `dashboard`: starts Streamlit with our options, and refuses to stand open to the network without a sign-in."""

from __future__ import annotations

import importlib
import importlib.util
import ipaddress
import socket
import threading
from pathlib import Path

from streamlit import net_util
from streamlit.web import cli

from dashboard import resources
from dashboard.people import has_password
from dashboard.sign_in import oidc_is_configured
from dashboard.words import strings
from stream import logs
from stream.errors import OpenToStrangers, PortTaken, SettingsError
from stream.settings import Settings

log = logs.get(__name__)

APP = Path(__file__).with_name("app.py")


def run(settings: Settings) -> None:
    """Serve the dashboard until SIGTERM or SIGINT. Raises `OpenToStrangers`, or `PortTaken`."""
    require_sign_in(settings, has_oidc=oidc_is_configured())
    require_port(settings)
    log.info("dashboard", url=f"http://{settings.dashboard_host}:{settings.dashboard_port}")
    logs.configure(settings, "dashboard")
    resources.use(settings)
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()
    resources.heartbeat()
    resources.live_view()  # reads while Streamlit starts, so that the first visitor finds everything there
    # It would ask a server of somebody else's for this machine's address, at start and at every visit by another name.
    net_util.get_external_ip = lambda: None
    options = [f"--{name}={value}" for name, value in server_options(settings).items()]
    cli.main(["run", str(APP), *options], standalone_mode=False)


def _warm_up() -> None:
    """Load while Streamlit starts what the first visitor would else wait for: the words and the libraries behind the pages."""
    strings()
    for library in ("pandas", "pyarrow", "altair"):
        importlib.import_module(library)


def server_options(settings: Settings) -> dict[str, str]:
    """Return Streamlit's options that depend on our settings; the others stand in `.streamlit/config.toml`."""
    return {
        "server.address": settings.dashboard_host,
        "server.port": str(settings.dashboard_port),
        "server.headless": "true",
        "browser.gatherUsageStats": "false",
        "client.showErrorDetails": "none",
    }


def require_sign_in(settings: Settings, *, has_oidc: bool) -> None:
    """Raise `OpenToStrangers` when others can reach the dashboard and nothing asks who they are."""
    if has_oidc and importlib.util.find_spec("authlib") is None:
        raise SettingsError("Sign-in by OIDC needs one more package: pip install 'groupdesk[oidc]'.")
    if not (_is_loopback(settings.dashboard_host) or has_password(settings) or has_oidc):
        raise OpenToStrangers(
            f"DASHBOARD_HOST={settings.dashboard_host} would show all tickets to anybody who can reach this machine; "
            "set DASHBOARD_PASSWORD, configure OIDC, or keep 127.0.0.1."
        )


def require_port(settings: Settings) -> None:
    """Raise `PortTaken` when another program listens on our port; Streamlit would go on with a stack trace."""
    family = socket.AF_INET6 if ":" in settings.dashboard_host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.dashboard_host, settings.dashboard_port))
        except OSError as error:
            raise PortTaken(
                f"Port {settings.dashboard_port} is in use by another program; stop that one or set DASHBOARD_PORT."
            ) from error


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
