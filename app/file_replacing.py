"""Replacing a small file of the program's own at once: a power cut leaves the old one or the new one, never half."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

_TRIES, _PAUSE_S = 20, 0.025


def replace_file(path: Path, text: str) -> None:
    """Write `text` in the place of what the file held; its folder is made. Raises OSError; then it is as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
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
