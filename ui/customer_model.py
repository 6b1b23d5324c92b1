"""The list of customers: its columns, and how each cell is said."""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt

from app.domain import Verdict
from ui import words
from ui.paged_model import PagedModel
from ui.status_delegate import STATUS_ROLE, Status
from ui.theme import Tone

if TYPE_CHECKING:
    from app.data.customers import CustomerRow, Query
    from app.data.database import Database


class Column(IntEnum):
    """The columns, in their first order."""

    NAME = 0
    UF = 1
    SEFAZ = 2
    BLOCK = 3
    CONSULTED = 4
    DOCUMENT = 5
    BRAND = 6


WIDTHS = (192, 48, 144, 112, 126, 160, 110)

_FREE = Status(words.Look("Livre", "check", Tone.NEUTRAL))
_BLOCKED = Status(words.Look("Bloqueado", "block", Tone.BLOCK))


def situation(verdict: Verdict | None, outcome: Verdict | None) -> Status:
    """The last answer, with a failed last try beside it."""
    if verdict is None:
        return Status(words.verdict(outcome))
    return Status(words.verdict(verdict), "última tentativa falhou" if outcome is Verdict.FAILURE else "")


class CustomerModel(PagedModel["Query", "CustomerRow"]):
    """Filter, order and pages are the database's (`app.data.customers`)."""

    labels = ("Cliente", "UF", "SEFAZ", "Bloqueio", "Última consulta", "Documento", "Bandeira")

    query: Query

    def __init__(self, database: Database, parent: QObject) -> None:
        from app.data import customers

        super().__init__(database, customers.page, customers.count, customers.Query(), parent)
        self._orders: dict[int, customers.Order] = {
            Column.NAME: customers.Order.NAME,
            Column.DOCUMENT: customers.Order.DOCUMENT,
            Column.UF: customers.Order.UF,
            Column.SEFAZ: customers.Order.SITUATION,
            Column.BLOCK: customers.Order.BLOCKED,
            Column.CONSULTED: customers.Order.CONSULTED,
        }

    def sort_by(self, column: int, order: Qt.SortOrder) -> bool:
        """Order by a column; False, and nothing changes, for one that means nothing in order."""
        wanted = self._orders.get(column)
        if wanted is None:
            return False
        query = replace(self.query, order=wanted, descending=order is Qt.SortOrder.DescendingOrder)
        if query != self.query:
            self.show(query)
        return True

    def sorted_column(self) -> int:
        """The column by which the list is ordered."""
        return next(column for column, order in self._orders.items() if order is self.query.order)

    def cell(self, row: CustomerRow, column: int, role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == STATUS_ROLE:
            if column == Column.SEFAZ:
                return situation(row.verdict, row.outcome)
            if column == Column.BLOCK:
                return _BLOCKED if row.blocked else _FREE
            return None
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tooltip(row, column)
        return None

    def _text(self, row: CustomerRow, column: int) -> str:
        match column:
            case Column.NAME:
                return row.name if row.active else f"{row.name} (inativo)"
            case Column.DOCUMENT:
                return str(row.document)
            case Column.UF:
                return row.uf
            case Column.SEFAZ:
                return situation(row.verdict, row.outcome).sentence
            case Column.BRAND:
                return row.brand
            case Column.BLOCK:
                return (_BLOCKED if row.blocked else _FREE).sentence
            case _:
                return "nunca" if row.tried_at is None else words.relative(row.tried_at)

    def _tooltip(self, row: CustomerRow, column: int) -> str | None:
        if column == Column.NAME:
            place = f"{row.city}/{row.uf}" if row.city else row.uf
            ie = f" · IE {row.ie}" if row.ie else ""
            return f"{row.name}\n{row.document.named}{ie} · {place}"
        if column == Column.CONSULTED and row.tried_at is not None:
            tried = words.exact(row.tried_at)
            if row.answered_at is None:
                return f"Tentada em {tried}, sem resposta."
            if row.answered_at != row.tried_at:
                return f"Última resposta em {words.exact(row.answered_at)}; última tentativa em {tried}."
            return f"Respondida em {tried}."
        return self._text(row, column) if column in (Column.SEFAZ, Column.BRAND) else None
