"""gspread's client with what it lacks: timeouts, our own quota, another server's address, and errors that say what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import requests
from gspread.http_client import HTTPClient

from stream.adapters.google_sheet_errors import FAILURES, explain
from stream.adapters.google_sheet_quota import Quota
from stream.errors import GroupdeskError

_GOOGLE = re.compile(r"^https://(sheets|www)\.googleapis\.com")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TIMEOUTS_S = (5.0, 30.0)  # to connect, to answer


class SheetsHttp(HTTPClient):  # type: ignore[misc] # gspread is untyped
    """Sends each request once: whether it may be sent again is for the pass to say, which reads first."""

    def __init__(self, auth: Any, server: str, quota: Quota, email: str) -> None:
        super().__init__(auth)
        self.set_timeout(_TIMEOUTS_S)
        self._server = server.rstrip("/")
        self._quota = quota
        self._email = email
        self.requests = 0

    def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> requests.Response:
        """Take the request's share of the quota and send it; raises `SheetError` and its kinds."""
        kind = "read" if method.lower() == "get" else "write"
        self._quota.take(kind)
        self.requests += 1
        url = _GOOGLE.sub(self._server, endpoint) if self._server else endpoint
        try:
            response: requests.Response = super().request(method, url, *args, **kwargs)
            response.json()  # a cut or wrong body is a lost answer, whatever its status
        except GroupdeskError:
            raise
        except FAILURES as error:
            status = getattr(getattr(error, "response", None), "status_code", None)
            if status == requests.codes.too_many_requests:
                self._quota.drain(kind)
            raise explain(error, is_write=kind == "write", email=self._email) from error
        return response

    def metadata(self, sheet_id: str) -> Mapping[str, Any]:
        """Return properties of the spreadsheet and its tabs, without cells; one read."""
        found: Mapping[str, Any] = self.fetch_sheet_metadata(sheet_id)
        return found

    def values(self, sheet_id: str, tab: str) -> list[list[str]]:
        """Return all cells of a tab as people see them; one read."""
        answer = self.values_get(
            sheet_id, quote_tab(tab), params={"valueRenderOption": "FORMATTED_VALUE", "majorDimension": "ROWS"}
        )
        return [[_text(cell) for cell in row] for row in answer.get("values", [])]


def quote_tab(title: str) -> str:
    """Return a tab's title as A1 notation wants it."""
    return "'" + title.replace("'", "''") + "'"


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell if cell.isascii() else _SURROGATE.sub("\ufffd", cell)  # half a character cannot be stored or published
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    return "" if cell is None else str(cell)
