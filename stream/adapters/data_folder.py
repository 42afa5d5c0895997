"""The data folder, made before anything is put into it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from stream.errors import StateError


def make_data_folder(folder: Path) -> None:
    """Make the folder where it is missing, for its owner alone; raises `StateError` where it cannot be written."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StateError(
            f"{folder.resolve()} cannot be written ({error.strerror}); set DATA_DIR to a folder of your own."
        ) from error
