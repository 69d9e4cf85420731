"""A spreadsheet program that recalculates workbooks, for the tests that need one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import python_calamine

ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode"><value>0</value></prop></item>
</oor:items>
"""
"""Setting: recalculate every formula when a workbook is opened, whatever values it brings."""

PROGRAM = shutil.which("soffice") or shutil.which("libreoffice")


def recalculated(book: Path, folder: Path, kind: str = "xlsx") -> Path:
    """The workbook with every formula worked out anew, saved by LibreOffice."""
    assert PROGRAM is not None, "install libreoffice-calc"
    profile = folder / "profile" / "user"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "registrymodifications.xcu").write_text(ALWAYS, encoding="utf-8")
    out = folder / "recalculated"
    subprocess.run(
        [
            PROGRAM,
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            "--headless",
            *("--convert-to", kind, "--outdir", str(out), str(book)),
        ],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return out / f"{book.stem}.{kind}"


def cells(book: Path) -> dict[str, list[list[Any]]]:
    """The values of every sheet."""
    opened = python_calamine.CalamineWorkbook.from_path(str(book))
    return {
        name: opened.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in opened.sheet_names
    }
