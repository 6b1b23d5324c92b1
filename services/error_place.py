"""Where an error came from, as a log may have it: without its message, which may have what it was that failed."""

from __future__ import annotations

import traceback


def error_place(error: BaseException) -> str:
    """The kind of the error and the lines of code that led to it, one a line; then the same of what it came from."""
    told: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in told:
        told.append(one)
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return "\n".join(line for one in told for line in _lines(one))


def _lines(error: BaseException) -> list[str]:
    code = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
    kind = type(error).__qualname__ + (f" {code}" if code else "")
    frames = traceback.extract_tb(error.__traceback__)
    return [kind, *(f"  {one.filename}:{one.lineno} {one.name}" for one in frames)]
