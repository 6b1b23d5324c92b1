"""What of the installed libraries goes into the bundle. Of Qt and of pywin32 only what is named here; of the others all
but what nobody runs: headers, stubs, tests and the tools' own notes.
"""

from __future__ import annotations

import shutil
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from distribution.binaries import file_version
from distribution.wheels import SOURCE_ONLY

QT_MODULES = ("Core", "Gui", "Network", "PrintSupport", "Svg", "Widgets")
"""What the program imports of PySide6; a test compares it with the sources."""

QT_PLUGINS = (
    "platforms/qwindows.dll",
    "platforms/qoffscreen.dll",  # commands and the demonstration without a window
    "styles/qmodernwindowsstyle.dll",
    "iconengines/qsvgicon.dll",
    "imageformats/qsvg.dll",
    "imageformats/qico.dll",
    "imageformats/qjpeg.dll",
    "networkinformation/qnetworklistmanager.dll",
)

QT_TRANSLATIONS = ("qtbase_pt_BR.qm",)

QT_KEPT = (
    "PySide6/*.py",
    "PySide6/pyside6.abi3.dll",
    *(f"PySide6/Qt{name}.pyd" for name in QT_MODULES),
    *(f"PySide6/Qt6{name}.dll" for name in QT_MODULES),
    *(f"PySide6/plugins/{name}" for name in QT_PLUGINS),
    *(f"PySide6/translations/{name}" for name in QT_TRANSLATIONS),
    "shiboken6/*.py",
    "shiboken6/Shiboken.pyd",
    "shiboken6/shiboken6.abi3.dll",
)

PYWIN32_KEPT = ("win32/*.pyd", "win32/lib/*.py")
PYWIN32_DROPPED = (
    "adodbapi/*",
    "isapi/*",
    "pythonwin/*",
    "win32com/*",
    "win32comext/*",
    "pythoncom.py",
    "pywin32.version.txt",
    "PyWin32.chm",
    "win32/lib/pywin32_*.py",  # the set-up of its own path, which the list of paths replaces, and its tests
    "win32/win32help.pyd",
)

DROPPED = (
    "bin/*",
    "Scripts/*",
    "*.pth",
    "*.pyi",
    "*.pxd",
    "*.pyx",
    "*.h",
    "*.c",
    "*.lib",
    "*.pdb",
    "*.chm",
    "*/py.typed",
    "*/__pycache__/*",
    "*/tests/*",
    "*/test/*",
    "*/testing/*",
    "lxml/includes/*",
)
"""Of every library. SQLAlchemy's `testing` is for the makers of dialects."""

METADATA_KEPT = ("METADATA", "entry_points.txt")
"""Of a library's own notes: what importlib.metadata answers from, by which keyring finds its vaults."""

BUILT_HERE = tuple(f"{name.replace('-', '_')}-" for name in SOURCE_ONLY)
"""Libraries whose notes are written by whatever version of the packaging tools built them; nobody asks for them."""

RUNTIME_OF_C = ("msvcp140.dll", "msvcp140_1.dll", "msvcp140_2.dll", "vcruntime140.dll", "vcruntime140_1.dll")
"""Microsoft's C and C++ library: CPython, PySide6 and Shiboken bring one each, and a process loads only the first."""

SYSTEM_DLLS_OF_PYWIN32 = "pywin32_system32/pywintypes3*.dll"


def is_kept(name: PurePosixPath) -> bool:
    """Whether the file with this name (relative to the folder of libraries) is shipped."""
    text = name.as_posix()

    def matches(patterns: tuple[str, ...]) -> bool:
        return any(fnmatchcase(text, pattern) for pattern in patterns)

    top = name.parts[0]
    if top in ("PySide6", "shiboken6"):
        # fnmatch's star crosses folders, so the depth of the pattern counts too.
        return any(fnmatchcase(text, pattern) and pattern.count("/") == text.count("/") for pattern in QT_KEPT)
    if top == "win32":
        kept = any(fnmatchcase(text, pattern) and pattern.count("/") == text.count("/") for pattern in PYWIN32_KEPT)
        return kept and not matches(PYWIN32_DROPPED)
    if top == "pywin32_system32":
        return False  # put beside the interpreter, where Windows finds it
    if top.endswith(".dist-info"):
        return len(name.parts) == 2 and name.name in METADATA_KEPT and not top.startswith(BUILT_HERE)
    return not matches(DROPPED) and not matches(PYWIN32_DROPPED)


def put_libraries(installed: Path, bundle: Path) -> None:
    """Copy what is shipped of the libraries into `bundle`/site, and the C libraries beside the interpreter."""
    for path in sorted(installed.rglob("*")):
        name = PurePosixPath(path.relative_to(installed).as_posix())
        if path.is_file() and is_kept(name):
            target = bundle / "site" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    for path in installed.glob(SYSTEM_DLLS_OF_PYWIN32):
        shutil.copyfile(path, bundle / "python" / path.name)
    _put_c_runtime(installed, bundle / "python")


def _put_c_runtime(installed: Path, target: Path) -> None:
    """One copy of each of Microsoft's DLLs, the newest that any library brings, beside the interpreter."""
    for folder in ("PySide6", "shiboken6"):
        for name in RUNTIME_OF_C:
            path, present = installed / folder / name, target / name
            if path.exists() and (not present.exists() or file_version(path) > file_version(present)):
                shutil.copyfile(path, present)
