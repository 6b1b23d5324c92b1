"""Compiled code for the bundle: made once by its own interpreter, so that no start of the program compiles anything.

The files say “unchecked hash”: the interpreter takes them without looking at the source's date, and their contents
depend on the sources alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from distribution.runtime import Runtime
from distribution.steps import Stopped, run

FOLDERS = ("programa", "site")

# One process and one order, so that what the interpreter shares between texts is the same each time.
_SCRIPT = """
import py_compile, sys
from pathlib import Path
sys.pycache_prefix = None  # beside the sources, wherever whoever builds keeps such files
bundle = Path(sys.argv[1])
for folder in sys.argv[2:]:
    for source in sorted(bundle.joinpath(folder).rglob("*.py"), key=lambda path: path.as_posix()):
        py_compile.compile(
            str(source),
            dfile=source.relative_to(bundle).as_posix(),
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
"""


def compile_all(bundle: Path, runtime: Runtime) -> None:
    """Put a .pyc beside every source of the bundle; Stopped names the first that did not get one."""
    with tempfile.TemporaryDirectory(prefix="retaguarda-") as temporary:
        work = Path(temporary)
        script = work / "compilar.py"
        script.write_text(_SCRIPT, encoding="utf-8")
        # The runtime's own list of paths, not the bundle's: here it runs outside.
        command: list[str | Path] = [runtime.folder / "python.exe", "-B", "-X", "utf8", script, bundle, *FOLDERS]
        if sys.platform == "win32":
            run(command, what="Compilar os módulos")
        else:
            _under_wine(command, work)
    tag = f"cpython-3{runtime.minor}"
    for folder in FOLDERS:
        for source in sorted((bundle / folder).rglob("*.py")):
            # Never trust wine's exit status: look at what was made.
            if not (source.parent / "__pycache__" / f"{source.stem}.{tag}.pyc").is_file():
                raise Stopped(f"Compilar os módulos: {source.relative_to(bundle)} ficou sem código compilado.")


def _under_wine(command: list[str | Path], work: Path) -> None:
    wine = shutil.which("wine64") or shutil.which("wine")
    if wine is None:
        raise Stopped("Compilar os módulos: falta o wine. Rode python3 dev.py windows, que o instala.")
    environment = {
        "WINEPREFIX": str(work / "wine"),
        "WINEARCH": "win64",
        "WINEDEBUG": "-all",
        "WINEDLLOVERRIDES": "mscoree,mshtml,winemenubuilder.exe=",  # no question about .NET, no menu of the person's
        "DISPLAY": "",
        "PYTHONHASHSEED": "0",
    }
    try:
        run([wine, *command], environment=environment, what="Compilar os módulos")
    finally:
        # Of this very prefix alone; it may have ended by itself, which its exit status calls a failure.
        for ending in ("-k", "-w"):
            subprocess.run(["wineserver", ending], env={**os.environ, **environment}, capture_output=True, check=False)
