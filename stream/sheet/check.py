"""Whether the sheet can be used: every way in which it cannot, told apart, with what to do."""

from __future__ import annotations

import os
from typing import NamedTuple

from stream.adapters.sheet_port import ARCHIVE_TAB, GUIDE_TAB, TICKET_TAB
from stream.adapters.xlsx_sheet import XlsxSheet
from stream.adapters.xlsx_sheet_lock import find_editor
from stream.errors import SettingsError, SheetError
from stream.settings import Settings
from stream.sheet.targets import sheet_zone, uses_google


class SheetFinding(NamedTuple):
    """One result: whether it is well, how it is in one sentence, and what to do where it is not."""

    is_well: bool
    told: str
    to_do: str = ""


def check_sheet(settings: Settings) -> list[SheetFinding]:
    """Look at the sheet that the settings name. For Google that is one read and one write of nothing; nothing is changed."""
    try:
        sheet_zone(settings)
        return _check_google(settings) if uses_google(settings) else _check_file(settings)
    except (SettingsError, SheetError) as error:
        told, _, to_do = str(error).partition("; ")
        return [SheetFinding(is_well=False, told=told.rstrip(".") + ".", to_do=to_do or told)]


def _check_google(settings: Settings) -> list[SheetFinding]:
    from stream.adapters.google_sheet import open_google_sheet  # noqa: PLC0415 # 0.4 s that a local sheet need not wait for
    from stream.adapters.google_sheet_key import account_email  # noqa: PLC0415 # the same

    sheet = open_google_sheet(settings)
    try:
        email = account_email(settings)
        titles = sheet.probe()
    finally:
        sheet.close()
    found = [SheetFinding(is_well=True, told=f"{email} may edit {sheet.name}.")]
    if TICKET_TAB not in titles:
        used = ARCHIVE_TAB in titles or GUIDE_TAB in titles
        told = f"The sheet has no tab “{TICKET_TAB}” (it has {', '.join(titles)})."
        to_do = f"Rename the tab of tickets back to “{TICKET_TAB}”." if used else "Nothing: it is made with the first ticket."
        found.append(SheetFinding(is_well=not used, told=told, to_do=to_do))
    return found


def _check_file(settings: Settings) -> list[SheetFinding]:
    path = settings.sheet_path
    folder = path.parent
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        raise SheetError(f"{path} cannot be written; give this user the right to write in {folder}, or set XLSX_PATH.")
    if not path.exists():
        return [SheetFinding(is_well=True, told=f"{path} will be made with the first ticket.")]
    XlsxSheet(path).read()
    editor = find_editor(path)
    if editor:
        return [SheetFinding(is_well=True, told=f"{path} is open in {editor}; rows are added when it is closed.")]
    return [SheetFinding(is_well=True, told=f"{path} can be read and written.")]
