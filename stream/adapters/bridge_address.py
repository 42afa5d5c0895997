"""Where this machine reaches the bridge: as BRIDGE_HOST and BRIDGE_PORT say, or, where that port is 0, as the bridge noted it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from stream.settings import Settings

_EVERYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104 -- compared, not bound


def bridge_address(settings: Settings) -> str:
    """Return `http://host:port`; with BRIDGE_PORT=0 that of the last bridge of this DATA_DIR, with port 0 if there was none."""
    if settings.bridge_port == 0:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            return _file(settings).read_text().strip() or _url(settings, 0)
    return _url(settings, settings.bridge_port)


def note_bridge_address(settings: Settings, port: int) -> None:
    """Keep the address of a bridge that listens now; where DATA_DIR cannot be written, it serves all the same."""
    draft = _file(settings).with_name(f".bridge-address.{os.getpid()}")
    with contextlib.suppress(OSError):
        draft.write_text(f"{_url(settings, port)}\n")
        draft.replace(_file(settings))


def _file(settings: Settings) -> Path:
    return settings.data_dir / "bridge-address"


def _url(settings: Settings, port: int) -> str:
    host = "127.0.0.1" if settings.bridge_host in _EVERYWHERE else settings.bridge_host
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
