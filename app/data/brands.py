"""The Tabela de Bandeiras as the rules read it."""

from __future__ import annotations

from sqlalchemy import Connection

from app.brands import BrandRow, BrandTable
from app.data import records
from app.tables import BRANDS


def table(connection: Connection) -> BrandTable:
    """The active brands, by ANP's names."""
    return BrandTable(
        BrandRow(record.id, str(record.values["nome"]), tuple(record.values["nomes_anp"]))
        for record in records.every(connection, BRANDS)
        if record.active
    )
