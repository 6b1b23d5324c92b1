"""Replacing a small file of the program's own at once: a power cut leaves the old one or the new one, never half."""

from __future__ import annotations

import os
import time
from pathlib import Path

from app.new_file import create

_PATIENCE_S, _AGAIN_S = 0.5, 0.025


def replace_file(path: Path, text: str, newline: str | None = None) -> None:
    """Write `text` in the place of what the file held; its folder is made. Raises OSError; then it is as it was.

    `newline` is that of `open`: "" keeps the text's own ends of line.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{path.stem}-{os.urandom(8).hex()}"
    handle = create(temporary)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline=newline) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        take_place(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def take_place(finished: Path, path: Path, patience_s: float = _PATIENCE_S) -> None:
    """Put a whole file of the same folder in the place of what `path` was, which may be nothing.

    Windows refuses it while another program has one of the two open: the service that reads the old one, or a guard
    against viruses that looks at the new one. That passes, so it is tried again for that long. Raises OSError.
    """
    for _ in range(round(patience_s / _AGAIN_S)):
        try:
            finished.replace(path)
            return
        except PermissionError:
            time.sleep(_AGAIN_S)
    finished.replace(path)
