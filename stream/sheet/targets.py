"""Which sheet the settings ask for: Google's where a sheet and a key are given, else the local .xlsx file."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from stream.adapters.sheet_port import Sheet
from stream.adapters.xlsx_sheet import XlsxSheet
from stream.errors import SettingsError
from stream.settings import Settings


def uses_google(settings: Settings) -> bool:
    """Tell whether tickets go to Google; half of the two settings is an error that `open_sheet` tells."""
    return bool(settings.cs_sheet_id.strip() or settings.google_service_account_key.get_secret_value().strip())


def open_sheet(settings: Settings) -> Sheet:
    """Return the sheet that the settings name; raises `SettingsError` where they contradict themselves."""
    if not uses_google(settings):
        return XlsxSheet(settings.sheet_path)
    from stream.adapters.google_sheet import open_google_sheet  # noqa: PLC0415 # 0.4 s that a local sheet need not wait for

    return open_google_sheet(settings)


def sheet_zone(settings: Settings) -> ZoneInfo:
    """Return the zone of the times in the sheet; raises `SettingsError` when there is none of that name."""
    try:
        return ZoneInfo(settings.sheet_timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(
            f"SHEET_TIMEZONE `{settings.sheet_timezone}` is no time zone; write it like America/Sao_Paulo."
        ) from error
