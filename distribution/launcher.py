"""The two programs that people and the system start, compiled from launcher.c with their icon, version and manifest."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from distribution.icon import write_icon
from distribution.steps import ROOT, run

COMPILER = "x86_64-w64-mingw32-gcc"
RESOURCES = "x86_64-w64-mingw32-windres"

PROGRAMS = (("Retaguarda.exe", True), ("retaguarda-comando.exe", False))
"""Name and whether it is the one without a console."""

HERE = Path(__file__).parent


def put_launchers(bundle: Path, python: str, version: str) -> None:
    """Compile both into `bundle`; `python` is the interpreter's name (python313), `version` the program's (0.1.0)."""
    with tempfile.TemporaryDirectory(prefix="retaguarda-") as temporary:
        work = Path(temporary)
        write_icon(ROOT / "resources" / "icons" / "app.svg", work / "app.ico")
        (work / "launcher.manifest").write_bytes((HERE / "launcher.manifest").read_bytes())
        for name, windowed in PROGRAMS:
            script, compiled = work / "launcher.rc", work / f"{name}.res.o"
            script.write_text(resource_script(name, version), encoding="utf-8")
            run(
                [RESOURCES, "-c", "65001", "-I", work, script, "-O", "coff", "-o", compiled],
                what=f"Preparar os recursos de {name}",
            )
            run(
                [
                    COMPILER,
                    *("-std=c11", "-O2", "-s", "-Wall", "-Wextra", "-Werror", "-municode", "-static-libgcc"),
                    *(("-mwindows", "-DWINDOWED") if windowed else ("-mconsole",)),
                    f'-DPYTHON_DLL=L"{python}.dll"',
                    *("-Wl,--no-insert-timestamp", "-Wl,--dynamicbase", "-Wl,--nxcompat", "-Wl,--high-entropy-va"),
                    *(HERE / "launcher.c", compiled, "-o", bundle / name, "-lshell32", "-luser32", "-ladvapi32"),
                ],
                what=f"Compilar {name}",
            )


def resource_script(name: str, version: str) -> str:
    """The resources of one program, as windres reads them."""
    numbers = ",".join([*(re.findall(r"\d+", version) + ["0"] * 4)[:3], "0"])
    holder = re.search(r"(?m)^Copyright .+$", (ROOT / "LICENSE").read_text(encoding="utf-8"))
    command = name.removesuffix(".exe") != "Retaguarda"
    texts = {
        "041604B0": "Retaguarda – linha de comando" if command else "Retaguarda",
        "040904B0": "Retaguarda – command line" if command else "Retaguarda",
    }
    blocks = "".join(
        f'''    BLOCK "{language}"
    BEGIN
      VALUE "CompanyName", "Retaguarda"
      VALUE "FileDescription", "{text}"
      VALUE "FileVersion", "{version}"
      VALUE "InternalName", "{name.removesuffix(".exe")}"
      VALUE "LegalCopyright", "{holder.group() if holder else ""}"
      VALUE "OriginalFilename", "{name}"
      VALUE "ProductName", "Retaguarda"
      VALUE "ProductVersion", "{version}"
    END
'''
        for language, text in texts.items()
    )
    return f"""#pragma code_page(65001)
1 ICON "app.ico"
1 24 "launcher.manifest"
1 VERSIONINFO
FILEVERSION {numbers}
PRODUCTVERSION {numbers}
FILEFLAGSMASK 0x3fL
FILEFLAGS 0x0L
FILEOS 0x40004L
FILETYPE 0x1L
FILESUBTYPE 0x0L
BEGIN
  BLOCK "StringFileInfo"
  BEGIN
{blocks}  END
  BLOCK "VarFileInfo"
  BEGIN
    VALUE "Translation", 0x0416, 0x04B0, 0x0409, 0x04B0
  END
END
"""
