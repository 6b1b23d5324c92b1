"""How a step of a build is run: a command that must succeed, a clear stop, and the one moment that all files carry."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The project's folder."""

FIXED_EPOCH = 1_767_225_600
"""2026-01-01T00:00:00Z: the moment of a build whose sources tell none (no repository of git)."""


class Stopped(Exception):
    """The build cannot go on; the text says in Portuguese what is wrong and what to do."""


def run(command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None, what: str) -> str:
    """Run a command and return what it printed.

    `what` names the step in the sentence of the Stopped that a failure raises; it ends with the command's last lines.
    """
    try:
        # A pipe and never a file: Python under wine ends when its output goes to one.
        done = subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except FileNotFoundError as missing:
        raise Stopped(
            f"{what}: falta o programa {command[0]}. No Debian e no Ubuntu, python3 dev.py windows o instala."
        ) from missing
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise Stopped(f"{what}: o comando {Path(str(command[0])).name} terminou com {done.returncode}.\n{last}")
    return done.stdout


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say that a step begins and, at its end, how long it took."""
    print(f"── {name} …", flush=True)
    started = time.monotonic()
    yield
    print(f"   {time.monotonic() - started:.1f} s", flush=True)


def epoch() -> int:
    """The moment (Unix seconds) of every made file: SOURCE_DATE_EPOCH, or the last commit's, or a fixed one."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if given.isdigit():
        return int(given)
    try:
        done = subprocess.run(
            ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:  # no git: the sources came in a file
        return FIXED_EPOCH
    return int(done.stdout) if done.returncode == 0 and done.stdout.strip().isdigit() else FIXED_EPOCH


def settle(folder: Path, moment: int) -> None:
    """Give all files and folders the same moment and the plainest permissions, so that only contents can differ."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (moment, moment))
    os.utime(folder, (moment, moment))


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def digest_of(folder: Path) -> str:
    """One SHA-256 over the names and contents of all files: two builds are equal when it is."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        if path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{content}  {path.relative_to(folder).as_posix()}\n".encode())
    return total.hexdigest()
