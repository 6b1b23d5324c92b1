"""Making a file that is not there yet, at once or not at all."""

from __future__ import annotations

import os
from pathlib import Path

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def create(path: Path) -> int:
    """The descriptor of a file that is its owner's alone (0600), as bytes. Raises OSError, also when there is one.

    Not tempfile's: in a folder where Windows lets this user write nothing, or no file of that name, it takes the
    refusal for a name that is taken, and tries 2,147,483,647 (python/cpython#66305; mended in the 3.13s of 2026).
    """
    return os.open(path, _NEW, 0o600)
