"""The set-up: installer.nsi compiled over a bundle, signed when the maker has a command for that, and its checksum."""

from __future__ import annotations

import hashlib
import shlex
import shutil
import tempfile
from pathlib import Path

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from distribution.icon import write_icon
from distribution.launcher import PROGRAMS
from distribution.steps import ROOT, Stopped, run, size_of

SCRIPT = ROOT / "installer.nsi"

PARTS = ("python", "site", "programa", "licencas", "Retaguarda.exe", "retaguarda-comando.exe", "LICENCA.txt")
"""What a bundle is made of; the set-up changes, repairs and removes these and nothing else."""

_PICTURE = ROOT / "resources" / "icons" / "app.svg"
_SIDE = (328, 628)
_SIDE_COLOUR = "#e7eefb"

FILE_PLACE = "{arquivo}"
"""Where a signing command names the file."""


def setup_name(version: str) -> str:
    """What the set-up of a version is called."""
    return f"Retaguarda-{version}-instalar.exe"


def make_setup(bundle: Path, folder: Path, version: str, *, sign: str = "", fast: bool = False) -> Path:
    """Compile the set-up of a bundle into `folder`, its SHA-256 beside it; the path. Stopped when it cannot be.

    `sign` is a command that signs, in place, the file written as {arquivo} in it: the bundle's programs, the
    uninstaller and the set-up. The same bundle without it gives the same bytes. `fast` compresses little, for a trial.
    """
    _check(bundle, sign)
    setup = folder / setup_name(version)
    folder.mkdir(parents=True, exist_ok=True)
    for name, _ in PROGRAMS if sign else ():
        run(
            [part.replace(FILE_PLACE, str(bundle / name)) for part in shlex.split(sign)],
            what=f"Assinar {name}",
        )
    with tempfile.TemporaryDirectory(prefix="retaguarda-") as temporary:
        icon, side, made = (Path(temporary) / name for name in ("app.ico", "lado.bmp", setup.name))
        write_icon(_PICTURE, icon)
        _write_side(side)
        defines = {
            "VERSION": version,
            "BUNDLE": str(bundle.resolve()),
            "OUTPUT": str(made),
            "ICON": str(icon),
            "SIDE": str(side),
            "SIZE_KB": str(size_of(bundle) // 1024),
        }
        if sign:
            defines["SIGN"] = sign.replace(FILE_PLACE, "%1")
        if fast:
            defines["FAST"] = "1"
        options = [f"-D{name}={text}" for name, text in defines.items()]
        run(["makensis", "-V2", "-WX", "-INPUTCHARSET", "UTF8", *options, SCRIPT], what="Compilar o instalador")
        shutil.move(made, setup)  # whole and signed, or not there
    digest = hashlib.sha256(setup.read_bytes()).hexdigest()
    setup.with_name(setup.name + ".sha256").write_text(f"{digest}  {setup.name}\n", encoding="ascii")
    return setup


def _write_side(target: Path) -> None:
    """The picture at the left of the first and of the last page, at twice the size that the pages have at 100 %."""
    image = QImage(*_SIDE, QImage.Format.Format_RGB888)
    image.fill(_SIDE_COLOUR)
    painter = QPainter(image)
    margin = _SIDE[0] // 4
    QSvgRenderer(str(_PICTURE)).render(painter, QRectF(margin, margin, _SIDE[0] - 2 * margin, _SIDE[0] - 2 * margin))
    painter.end()
    if not image.save(str(target)):
        raise Stopped(f"A figura do instalador não pôde ser gravada em {target}.")


def _check(bundle: Path, sign: str) -> None:
    found = {path.name for path in bundle.iterdir()} if bundle.is_dir() else set()
    wrong = sorted(found.symmetric_difference(PARTS))
    if wrong:
        raise Stopped(
            f"A pasta {bundle} não é um conjunto completo: sobra ou falta {', '.join(wrong)}. "
            "Faça-o de novo com python3 dev.py windows."
        )
    if sign and FILE_PLACE not in sign:
        raise Stopped(f"O comando que assina não diz onde entra o arquivo: escreva {FILE_PLACE} no lugar dele.")
