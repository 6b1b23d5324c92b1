"""The program as a wheel, also by `pip install .` (PEP 517): its own files, two commands, and the entry of the menus.

Standard library only: whoever builds it needs nothing else. Two builds of the same sources are equal byte for byte.
"""

from __future__ import annotations

import base64
import hashlib
import tomllib
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.version import VERSION
from distribution.program import PARTS
from distribution.steps import ROOT, epoch

NAME = f"retaguarda-{VERSION}-py3-none-any.whl"
_PACKAGE = "retaguarda"
_ABOUT = f"retaguarda-{VERSION}.dist-info"
_SHARED = f"retaguarda-{VERSION}.data/data/share"
"""Goes to `share` of the environment that the wheel is installed in: the person's own with `pip install --user`."""

_START = Path(__file__).with_name("retaguarda")
_MENU_ENTRY = Path(__file__).with_name("retaguarda.desktop")
_COMMANDS = """\
[console_scripts]
retaguarda = retaguarda:start

[gui_scripts]
retaguarda-janela = retaguarda:start
"""
_ZIP_BEGINS = 315_532_800
"""1980-01-01T00:00:00Z, the first moment that a zip can say; some build systems give 0 as SOURCE_DATE_EPOCH."""

_WHEEL = """\
Wheel-Version: 1.0
Generator: retaguarda
Root-Is-Purelib: true
Tag: py3-none-any
"""


def build_wheel(
    wheel_directory: str, config_settings: dict[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    """Write the wheel into that folder and return its name: the hook of PEP 517, which also gives the other arguments.

    Nothing of them is used.
    """
    write_wheel(Path(wheel_directory) / NAME, ROOT)
    return NAME


def write_wheel(wheel: Path, sources: Path) -> None:
    """Make the wheel of the program in `sources`, the project's folder."""
    moment = datetime.fromtimestamp(max(epoch(), _ZIP_BEGINS), UTC).timetuple()[:6]
    listed: list[str] = []
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:

        def put(name: str, content: bytes) -> None:
            entry = zipfile.ZipInfo(name, moment)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, wherever it is built
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)

        for name, content in _contents(sources):
            put(name, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            listed.append(f"{name},sha256={digest},{len(content)}\n")
        put(f"{_ABOUT}/RECORD", "".join([*listed, f"{_ABOUT}/RECORD,,\n"]).encode())


def _contents(sources: Path) -> Iterator[tuple[str, bytes]]:
    """Every file but the list of them, in an order that is always the same."""
    for file in sorted(_START.glob("*.py")):
        yield f"{_PACKAGE}/{file.name}", file.read_bytes()
    for file in sorted(_program_files(sources)):
        yield f"{_PACKAGE}/{file.relative_to(sources).as_posix()}", file.read_bytes()
    yield f"{_SHARED}/applications/retaguarda.desktop", _MENU_ENTRY.read_bytes()
    icon = sources / "resources" / "icons" / "app.svg"
    yield f"{_SHARED}/icons/hicolor/scalable/apps/retaguarda.svg", icon.read_bytes()
    yield f"{_ABOUT}/METADATA", _metadata(sources).encode()
    yield f"{_ABOUT}/WHEEL", _WHEEL.encode()
    yield f"{_ABOUT}/entry_points.txt", _COMMANDS.encode()
    yield f"{_ABOUT}/LICENSE", (sources / "LICENSE").read_bytes()


def _program_files(sources: Path) -> Iterator[Path]:
    for part in PARTS:
        whole = sources / part
        for file in [whole] if whole.is_file() else whole.rglob("*"):
            hidden = any(name.startswith(".") or name == "__pycache__" for name in file.relative_to(sources).parts)
            if file.is_file() and not hidden and file.suffix != ".pyc":
                yield file


def _metadata(sources: Path) -> str:
    """What pip reads (Core metadata specifications, 2.1), from the project's own description."""
    project = tomllib.loads((sources / "pyproject.toml").read_text("utf-8"))["project"]
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {project['name']}",
        f"Version: {VERSION}",
        f"Summary: {project['description']}",
        f"License: {project['license']}",
        f"Requires-Python: {project['requires-python']}",
        *(f"Requires-Dist: {requirement}" for requirement in project["dependencies"]),
    ]
    return "\n".join(lines) + "\n"
