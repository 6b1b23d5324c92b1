"""The program's libraries for Windows: the part of the lock that the program itself needs, as wheels, hash by hash."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from distribution.steps import ROOT, Stopped, run

PLATFORM = "x86_64-pc-windows-msvc"

SOURCE_ONLY = ("certifi-icpbr",)
"""Published without a wheel; pure Python, so that what is built on any system is the same for Windows."""


def gather(lock: Path, python: str, target: Path) -> None:
    """Install into `target` what the lock pins for the program on Windows and Python `python` (3.13), by hash."""
    names = _needed(lock, python)
    wanted = target.with_suffix(".lock")
    wanted.parent.mkdir(parents=True, exist_ok=True)
    wanted.write_text(part_of(lock.read_text(encoding="utf-8"), names), encoding="utf-8")
    run(
        [*_uv("install", python), "--target", target, "--no-deps", "--require-hashes", "-r", wanted],
        environment={"SOURCE_DATE_EPOCH": "315532800"},  # of the wheel built here: 1980, the first that a zip can say
        what="Instalar as bibliotecas para Windows",
    )
    wanted.unlink()


def _uv(command: str, python: str) -> list[str | Path]:
    # uv is taken from the environment that runs this, whatever else the machine has.
    tool = Path(sys.executable).parent / ("uv.exe" if sys.platform == "win32" else "uv")
    only = ["--only-binary", ":all:", *(part for name in SOURCE_ONLY for part in ("--no-binary", name))]
    platform = ["--python-platform", PLATFORM, "--python-version", python, "--python", sys.executable]
    return [tool, "pip", command, *platform, *only]


def _needed(lock: Path, python: str) -> set[str]:
    """Names of the packages that the program needs there: the lock also has other systems' and the developers'."""
    listing = run(
        [*_uv("compile", python), ROOT / "pyproject.toml", "-c", lock, "--no-header", "--no-annotate"],
        what="Escolher as bibliotecas para Windows",
    )
    names = set(re.findall(r"(?m)^([\w.-]+)(?:\[[^\]]*\])?==", listing))
    if not names:
        raise Stopped("Escolher as bibliotecas para Windows: o uv não disse nenhuma.")
    return names


def part_of(lock: str, names: set[str]) -> str:
    """The entries of a lock with these names, hashes and all; Stopped when it lacks one."""
    entries = {re.split(r"[=\[]", entry, maxsplit=1)[0]: entry for entry in re.split(r"\n(?=\S)", lock.strip())}
    missing = sorted(names - set(entries))
    if missing:
        raise Stopped(f"O requirements.lock não tem {', '.join(missing)}, de que o programa precisa no Windows.")
    # Their markers are dropped: uv has chosen for the system of the bundle, which is not the one it runs on.
    return "".join(re.sub(r" ; [^\\\n]+", " ", entries[name]) + "\n" for name in sorted(names))
