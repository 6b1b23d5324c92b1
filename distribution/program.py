"""The program's own files in the bundle: what runs and what it shows, without tests, tools and documents."""

from __future__ import annotations

import shutil
from pathlib import Path

PARTS = ("main.py", "app", "services", "ui", "resources")


def put_program(sources: Path, bundle: Path) -> None:
    """Copy the program's PARTS from the project's folder into `bundle`/programa, and its licence beside it."""
    target = bundle / "programa"
    target.mkdir(parents=True)
    for part in PARTS:
        source = sources / part
        if source.is_dir():
            shutil.copytree(source, target / part, ignore=_not_shipped)
        else:
            shutil.copyfile(source, target / part)
    # Old editors of Windows, by which an administrator may open it, join the lines that end as Unix does.
    licence = (sources / "LICENSE").read_text(encoding="utf-8")
    (bundle / "LICENCA.txt").write_text(licence, encoding="utf-8-sig", newline="\r\n")


def _not_shipped(_: str, names: list[str]) -> set[str]:
    return {name for name in names if name == "__pycache__" or name.startswith(".") or name.endswith(".pyc")}
