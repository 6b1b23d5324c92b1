"""What a command writes and how it ends: answers on the standard output, messages on the standard error."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from app.domain import Failure


class Status(IntEnum):
    """Exit statuses."""

    DONE = 0
    REFUSED = 1  # the authority or the data says no
    USAGE = 2  # the command was not understood, or the configuration does not let it run
    STILL_OPEN = 3  # the program was asked to end, and goes on
    DEFECT = 70  # the program itself failed, as sysexits.h has it: neither an answer nor the user's mistake
    INTERRUPTED = 130  # Ctrl+C, as shells have it


def use_utf8() -> None:
    """Write UTF-8 wherever the text goes: a redirected output would follow the system's code page.

    Arguments may hold bytes that are no text; repeated in a message they are escaped.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def write_json(value: Any, *, one_line: bool = False) -> None:
    """One JSON document on the standard output."""
    _write(json.dumps(value, ensure_ascii=False, indent=None if one_line else 2))


def write(text: str = "") -> None:
    """One line of the answer."""
    _write(text)


def note(text: str) -> None:
    """One line for the person, which is not part of the answer."""
    if sys.stderr is not None:  # a Windows program without a console has none
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def note_failure(failure: Failure) -> None:
    """A failure in its parts: its class, what happened, the probable cause, what to do, the details."""
    note(f"{failure.kind.label}: {failure.what}")
    if failure.cause:
        note(f"Causa provável: {failure.cause}")
    if failure.todo:
        note(f"O que fazer: {failure.todo}")
    if failure.details:
        note("Detalhes: " + failure.details.replace("\n", "\n  "))


def write_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns aligned by blanks. Columns empty in every row are left out."""
    kept = [i for i in range(len(headers)) if any(row[i] for row in rows)]
    cells = [[row[i].replace("\n", " ") for i in kept] for row in ([*headers], *rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(kept))]
    cells.insert(1, ["─" * width for width in widths])
    for line in cells:
        _write("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _write(text: str) -> None:
    if sys.stdout is not None:
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except OSError as error:
            if sys.platform == "win32" and error.errno == errno.EINVAL:  # so it says that nobody reads any more
                raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) from error  # python/cpython#79935
            raise
