"""Google's answers told apart: what may be sent again, what must be looked at first, and what a person has to mend."""

from __future__ import annotations

import requests
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from gspread.exceptions import APIError, GSpreadException

from stream.adapters.sheet_port import OutcomeUnclear, SheetBusy
from stream.errors import SheetError

FAILURES = (GSpreadException, requests.RequestException, GoogleAuthError, PermissionError, ValueError, TypeError, KeyError)

_LOST_ANSWER_S = 10.0  # a write whose connection broke has landed by then, or never will
_TIMED_OUT_S = 60.0
_QUOTA_S = 5.0


class CellsRefused(SheetError):
    """Google refused what was written; one of the rows holds something that it does not take."""


class GridChanged(SheetBusy):
    """Rows, columns or tabs are not where they were read any more; the sheet is read again."""


def explain(error: Exception, *, is_write: bool, email: str) -> SheetError:
    """Return our error for one of `FAILURES`; `is_write` tells whether something may have been done."""
    match error:
        case APIError():
            return _explain_answer(error, is_write=is_write, email=email)
        case requests.ConnectTimeout():
            return SheetBusy("Google does not answer; the rows are kept and written later.")
        case requests.Timeout():
            return _lost("Google took too long to answer", is_write=is_write, hold_s=_TIMED_OUT_S)
        case RefreshError():
            return _explain_token(error)
        case TransportError():
            return SheetBusy("Google's token service does not answer; the rows are kept and written later.")
        case requests.RequestException() | ValueError():
            return _lost("The connection to Google broke off", is_write=is_write, hold_s=_LOST_ANSWER_S)
        case _:
            return SheetError(f"Google could not be asked ({type(error).__name__}: {error}).")


def _lost(what: str, *, is_write: bool, hold_s: float) -> SheetBusy:
    if is_write:
        return OutcomeUnclear(f"{what}; the sheet is read again before anything is sent again.", hold_s=hold_s)
    return SheetBusy(f"{what}; the rows are kept and written later.", retry_after_s=1.0)


def _explain_answer(error: APIError, *, is_write: bool, email: str) -> SheetError:
    status = error.response.status_code  # `error.code` is -1 for a page of HTML
    said = str(error.error.get("message", ""))[:300] if isinstance(error.error, dict) else ""
    if status == requests.codes.too_many_requests:
        return SheetBusy("Google's quota is used up for the moment; the rows are kept.", _retry_after(error.response))
    if status >= requests.codes.server_error or status == requests.codes.request_timeout:
        return _lost(f"Google answered {status}", is_write=is_write, hold_s=_LOST_ANSWER_S)
    if status == requests.codes.not_found:
        return SheetError("There is no sheet with this id (404); paste the sheet's address into CS_SHEET_ID.")
    if status == requests.codes.forbidden:
        return _explain_forbidden(error, said, email, is_write=is_write)
    if status == requests.codes.unauthorized:
        return SheetError("Google does not know this service account (401); make a new key and set GOOGLE_SERVICE_ACCOUNT_KEY.")
    if "exceeds grid limits" in said or "Unable to parse range" in said:
        return GridChanged(f"The sheet changed while it was being written ({said}).", retry_after_s=1.0)
    if "protected cell" in said:
        return SheetError(f"Somebody protected cells of the sheet; let {email} edit them (Data, Protected sheets and ranges).")
    if "limit of 10000000 cells" in said:
        return SheetError("The workbook is full: Google allows 10 million cells; start a new sheet, or delete tabs and columns.")
    return CellsRefused(f"Google refused a row ({status}): {said}")


def _explain_forbidden(error: APIError, said: str, email: str, *, is_write: bool) -> SheetError:
    body = error.response.text
    if "SERVICE_DISABLED" in body or "accessNotConfigured" in body or "has not been used in project" in body:
        return SheetError(
            "The Google Sheets API is switched off in the service account's project (403); switch it on under "
            "“APIs & Services”, wait a minute, and try again."
        )
    if "RATE_LIMIT" in body or "rateLimitExceeded" in body:
        return SheetBusy("Google's quota is used up for the moment; the rows are kept.", _QUOTA_S)
    how = "shared with us for reading alone" if is_write else "not shared with us"  # each pass, and each check, reads first
    return SheetError(f"The sheet is {how} (403); share it with {email} as Editor. Google says: {said or 'forbidden'}")


def _explain_token(error: RefreshError) -> SheetError:
    if getattr(error, "retryable", False) or "Error 5" in str(error):
        return SheetBusy("Google's token service is out of order; the rows are kept and written later.")
    text = str(error)
    if "invalid_grant" in text and "JWT" in text:
        return SheetError("Google refused the key's signature or time; set this machine's clock, or make a new key.")
    return SheetError("Google refused the service account's key; it was deleted or disabled: make a new one.")


def _retry_after(response: requests.Response) -> float:
    try:
        return max(_QUOTA_S, float(response.headers.get("Retry-After", "")))
    except ValueError:
        return _QUOTA_S
