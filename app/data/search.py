"""What people type to find somebody, as conditions of a query."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, or_

from app.kinds import folded

_SHORTEST_DOCUMENT = 3


def every_word(text: str, *, name: Any, document: Any) -> list[ColumnElement[bool]]:
    """Conditions that are true when each word of `text` is somewhere in the folded `name` or, for a word with a digit
    in it, in the `document` (punctuation does not count there)."""
    wanted: list[ColumnElement[bool]] = []
    for word in folded(text).split():
        bare = "".join(c for c in word if c.isalnum())
        either = [name.contains(word, autoescape=True)]
        if len(bare) >= _SHORTEST_DOCUMENT and any(c.isdigit() for c in bare):
            either.append(document.contains(bare.upper(), autoescape=True))
        wanted.append(or_(*either))
    return wanted
