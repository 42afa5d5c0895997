"""LibreOffice without a window: opens the .xlsx as a person's program does, changes cells, and saves it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from xml.sax.saxutils import escape

PROGRAM = shutil.which("soffice")

_LIBRARY = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE library:library PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "library.dtd">
<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard" library:readonly="false"
 library:passwordprotected="false"><library:element library:name="Person"/></library:library>"""
_MODULE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Person"
 script:language="StarBasic">{code}</script:module>"""
_CODE = """
Sub Work
  Dim hidden(0) As New com.sun.star.beans.PropertyValue
  hidden(0).Name = "Hidden"
  hidden(0).Value = True
  document = StarDesktop.loadComponentFromURL("{url}", "_blank", 0, hidden())
  sheet = document.Sheets.getByName("Tickets")
  {acts}
  FileCopy "{lock}", "{seen}"
  document.store()
  document.close(True)
End Sub
"""


class Office:
    """Runs in a profile of its own below `folder`. `lock_seen` is what stood in the owner file while the workbook was open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._profile = folder / "profile"
        self.lock_seen = ""

    def edit(self, workbook: Path, *acts: str) -> None:
        """Open a workbook, do what lines of Basic say to `sheet`, and save it in its own form."""
        library = self._profile / "user" / "basic" / "Standard"
        if not library.exists():
            self._run("--terminate_after_init")
            library.mkdir(parents=True, exist_ok=True)
        seen, lock = self._folder / "seen.txt", workbook.with_name(f".~lock.{workbook.name}#")
        code = _CODE.format(url=workbook.as_uri(), acts="\n  ".join(acts), lock=lock, seen=seen)
        (library / "script.xlb").write_text(_LIBRARY)
        (library / "Person.xba").write_text(_MODULE.format(code=escape(code)))
        self._run("macro:///Standard.Person.Work")
        self.lock_seen = seen.read_text() if seen.exists() else ""

    def convert(self, workbook: Path, kind: str) -> Path:
        """Return the file that the program writes of a workbook, such as its `csv` or `pdf`."""
        self._run("--convert-to", kind, "--outdir", str(self._folder), str(workbook))
        return self._folder / f"{workbook.stem}.{kind.partition(':')[0]}"

    def _run(self, *arguments: str) -> None:
        assert PROGRAM is not None
        command = [PROGRAM, f"-env:UserInstallation={self._profile.as_uri()}", "--headless", "--norestore", *arguments]
        subprocess.run(command, check=True, capture_output=True, timeout=180)
