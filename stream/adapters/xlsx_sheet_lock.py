"""Whether a spreadsheet program has the file open, told by the owner file that it puts beside it."""

from __future__ import annotations

from pathlib import Path


def find_editor(path: Path) -> str | None:
    """Return which program has the workbook open, and who, as far as its owner file tells; None when nobody has."""
    office = path.with_name(f".~lock.{path.name}#")
    if office.exists():
        who = _owner(office)
        return f"LibreOffice{who} (or it ended badly and left {office.name})"
    if path.with_name(f"~${path.name}").exists():
        return f"Excel (or it ended badly and left ~${path.name})"
    return None


def _owner(lock: Path) -> str:
    try:
        fields = lock.read_text(encoding="utf-8", errors="replace").split(",")
    except OSError:
        return ""
    names = [field.strip() for field in fields[:3] if field.strip()]
    return f" by {names[0]}" if names else ""
