"""Replacing a small file of the program's own at once: a power cut leaves the old one or the new one, never half."""

from __future__ import annotations

import os
import time
from pathlib import Path

_TRIES, _PAUSE_S = 20, 0.025

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def replace_file(path: Path, text: str, newline: str | None = None) -> None:
    """Write `text` in the place of what the file held; its folder is made. Raises OSError; then it is as it was.

    `newline` is that of `open`: "" keeps the text's own ends of line.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{path.stem}-{os.urandom(8).hex()}"
    # Not tempfile's: in a folder where Windows lets this user write nothing, it takes the refusal for a name that is
    # taken, and tries 2,147,483,647 of them (python/cpython#66305; mended in the 3.13s of 2026).
    handle = os.open(temporary, _NEW, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline=newline) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _take_place(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _take_place(temporary: Path, path: Path) -> None:
    for _ in range(_TRIES):
        try:
            temporary.replace(path)
            return
        except PermissionError:  # on Windows while another program, as the service, reads the old one: for a moment
            time.sleep(_PAUSE_S)
    temporary.replace(path)
