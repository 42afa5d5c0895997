"""Secrets of our own: those that nobody set are made once and kept in the data folder, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from stream.errors import StateError
from stream.settings import Settings


def webhook_secret(settings: Settings) -> str:
    """Return what a webhook must bring in X-Webhook-Secret: WEBHOOK_SECRET, else the one kept in DATA_DIR/webhook-secret."""
    return _own(settings.webhook_secret, settings.data_dir / "webhook-secret")


def operator_secret(settings: Settings) -> str:
    """Return what opens /qr-cs: OPERATOR_SECRET, else the one kept in DATA_DIR/operator-secret."""
    return _own(settings.operator_secret, settings.data_dir / "operator-secret")


def _own(given: SecretStr, file: Path) -> str:
    if given.get_secret_value():
        return given.get_secret_value()
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            _make(file)
        kept = file.read_text().strip()
    except OSError as error:
        raise StateError(f"{file} cannot be read or made ({error.strerror}); check who owns DATA_DIR.") from error
    if not kept:
        raise StateError(f"{file} is empty; remove it, and a new secret is made at the next start.")
    return kept


def _make(file: Path) -> None:
    # Written whole under another name first, then linked: of two roles that start together, one wins and both read the same.
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(24) + "\n")
    try:
        os.link(draft, file)
    except FileExistsError:
        return
    finally:
        draft.unlink()
