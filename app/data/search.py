"""What people type to find somebody, as conditions of a query."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, or_

from app.kinds import folded

_SHORTEST_DOCUMENT = 3


def bare_document(word: str) -> str:
    """The word without punctuation when it may be a piece of a document, else "".

    It has a digit in it, or the punctuation of a mask: the first twelve characters of a CNPJ may all be letters.
    """
    bare = "".join(c for c in word if c.isalnum())
    is_piece = any(c.isdigit() for c in bare) or bare != word
    return bare if is_piece and len(bare) >= _SHORTEST_DOCUMENT else ""


def every_word(text: str, *, name: Any, document: Any) -> list[ColumnElement[bool]]:
    """Conditions that are true when each word of `text` is somewhere in the folded `name` or, for a word that may be a
    piece of one, in the `document` (punctuation does not count there)."""
    wanted: list[ColumnElement[bool]] = []
    for word in folded(text).split():
        bare = bare_document(word)
        either = [name.contains(word, autoescape=True)]
        if bare:
            either.append(document.contains(bare.upper(), autoescape=True))
        wanted.append(or_(*either))
    return wanted
