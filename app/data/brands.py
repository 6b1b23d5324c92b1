"""The Tabela de Bandeiras as the rules read it."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import Connection, select

from app.brands import BrandRow, BrandTable
from app.data.models import Brand
from app.kinds import Names

_NAMES = Names()
# Built once: every consultation and every order runs it.
_ACTIVE = select(Brand.id, Brand.name, Brand.anp_names).where(Brand.active).order_by(Brand.id)


def table(connection: Connection) -> BrandTable:
    """The active brands, by ANP's names."""
    return _built(tuple(connection.execute(_ACTIVE).all()))  # fetched at once: a row at a time costs more


@lru_cache(maxsize=4)
def _built(rows: tuple[tuple[int, str, str], ...]) -> BrandTable:
    """Folding every name takes longer than reading them all, and the rows seldom change."""
    return BrandTable(BrandRow(number, name, _NAMES.parse(names)) for number, name, names in rows)
