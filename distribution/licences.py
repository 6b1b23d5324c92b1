"""The licences of everything in the bundle that others made, in one folder with a list of who made what."""

from __future__ import annotations

import email
import shutil
from pathlib import Path

from distribution.runtime import Runtime
from distribution.steps import Stopped

FOLDER = "licencas"
TEXTS = Path(__file__).parent / "licences"

NAMES = ("licen", "copying", "notice", "copyright", "authors")
"""How the files that carry a licence begin, lower case."""

LGPL = ("pyside6_essentials", "shiboken6")
"""Their wheels bring no text of the licence that is taken here, the LGPL 3."""

READ_ME = """\
O Retaguarda é distribuído com os componentes abaixo, cada um sob a licença de quem o fez. Os textos estão nas pastas \
ao lado, uma por componente.

O Qt, o PySide6, o Shiboken e o psycopg estão sob a LGPL 3 (LGPL-3.0.txt, que completa a GPL-3.0.txt): são \
bibliotecas separadas, nas pastas site\\PySide6, site\\shiboken6, site\\psycopg e site\\psycopg_binary da instalação, \
que podem ser trocadas por outra versão compatível. O código-fonte deles está no endereço de cada um.

"""


def put_licences(installed: Path, runtime: Runtime, bundle: Path) -> None:
    """Gather the licences of the installed libraries and of CPython; Stopped names a library without any."""
    target = bundle / FOLDER
    target.mkdir(parents=True)
    rows = [("CPython", runtime.version, "PSF-2.0", "https://www.python.org")]
    if (runtime.folder / "LICENSE.txt").is_file():
        (target / "CPython").mkdir()
        shutil.copyfile(runtime.folder / "LICENSE.txt", target / "CPython" / "LICENSE.txt")
    for notes in sorted(installed.glob("*.dist-info"), key=lambda path: path.name.lower()):
        name, version, licence, address = _what(notes)
        rows.append((name, version, licence, address))
        own = target / name
        files = [path for path in sorted(notes.rglob("*")) if path.is_file() and _is_licence(path.relative_to(notes))]
        if not files and notes.name.split("-")[0] not in LGPL:
            raise Stopped(f"A biblioteca {name} {version} veio sem licença; veja em {address} qual é e inclua o texto.")
        for path in files:
            place = own / path.relative_to(notes)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
    for path in sorted(TEXTS.glob("*.txt")):
        shutil.copyfile(path, target / path.name)
    lines = [f"{name} {version}\n    {licence}\n    {address}\n" for name, version, licence, address in rows]
    (target / "LEIA-ME.txt").write_text(READ_ME + "\n".join(lines), encoding="utf-8-sig", newline="\r\n")


def _is_licence(name: Path) -> bool:
    return "licenses" in name.parts[:-1] or name.name.lower().startswith(NAMES)


def _what(notes: Path) -> tuple[str, str, str, str]:
    """Name, version, licence and address of a library, by its METADATA."""
    fields = email.message_from_string((notes / "METADATA").read_text(encoding="utf-8"))
    stated = fields.get("License-Expression") or fields.get("License") or ""
    classified = [
        text.rpartition(" :: ")[2] for text in fields.get_all("Classifier", []) if text.startswith("License ::")
    ]
    # Some write the whole text into the field.
    licence = stated if stated and "\n" not in stated else ", ".join(classified) or "veja o texto"
    projects = [text.partition(",")[2].strip() for text in fields.get_all("Project-URL", [])]
    address = fields.get("Home-page") or next(iter(projects), "")
    return fields["Name"], fields["Version"], licence, address
