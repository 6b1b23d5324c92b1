"""What PostgreSQL says of an error without the rows it quotes: errors are logged, and rows are of people.

DETAIL has the whole row that was refused, CONTEXT the line of a COPY, and the message of a value that was refused has
the value between quotation marks (SQLSTATE class 22, appendix A). Only the message is kept, without such a value.
"""

from __future__ import annotations

import re

_DATA_EXCEPTION = "22"
_QUOTED = re.compile('".*"', re.DOTALL)  # a value may have quotation marks of its own


def forget_rows(error: BaseException) -> None:
    """Take the rows out of an error of psycopg, in place, and out of those that led to it.

    What the server did not say, as when it cannot be reached, stays as it is.
    """
    found: dict[int, BaseException] = {}
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in found:
            continue
        found[id(one)] = one
        waiting += (one.__cause__, one.__context__)
        # Known by what it has: a program that keeps its data in a file does not import psycopg.
        message = getattr(getattr(one, "diag", None), "message_primary", None)
        if message is not None:
            of_data = (getattr(one, "sqlstate", None) or "").startswith(_DATA_EXCEPTION)
            one.args = (_QUOTED.sub('"…"', message) if of_data else message,)
