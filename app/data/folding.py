"""Text of the database compared as `app.kinds.folded` compares it: without accents and in one case."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func

from app.kinds import folded


def folded_column(text: ColumnElement[str]) -> ColumnElement[str]:
    """`folded`, said by the database: SQLite's lower() knows only ASCII, hence both cases of each letter."""
    for letter in "áàâãéêíóôõúüç":
        plain = folded(letter)
        text = func.replace(func.replace(text, letter, plain), letter.upper(), plain)
    return func.lower(text)
