"""How a question to a model can fail: nobody answered, or the answer is of no use."""

from __future__ import annotations

from stream.errors import GroupdeskError

_OUR_FAULT = frozenset({401, 403, 404})  # a wrong key or model name: calling again will not mend it


class ModelUnavailable(GroupdeskError):
    """The model did not answer; messages wait until it does."""

    def __init__(self, message: str | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.is_refused = status in _OUR_FAULT


class AnswerUnusable(GroupdeskError):
    """The model's answer cannot be used for these messages."""
