"""Where an error came from, as a log may have it: without its message, in which PostgreSQL repeats the whole row."""

from __future__ import annotations

import traceback


def error_place(error: BaseException) -> str:
    """The kind of the error, and the lines of code that led to it, one a line."""
    frames = traceback.extract_tb(error.__traceback__)
    return "\n".join([type(error).__qualname__, *(f"  {one.filename}:{one.lineno} {one.name}" for one in frames)])
