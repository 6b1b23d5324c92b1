"""The list of consultations: its columns, and how each cell is said."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt

from ui import words
from ui.paged_model import PagedModel
from ui.status_delegate import STATUS_ROLE, Status

if TYPE_CHECKING:
    from app.data.database import Database
    from app.data.history import HistoryQuery, HistoryRow


class Column(IntEnum):
    """The columns, in their first order."""

    WHEN = 0
    RESULT = 1
    CUSTOMER = 2
    AUTHORITY = 3
    DOCUMENT = 4
    UF = 5
    ORIGIN = 6
    DECISION = 7


WIDTHS = (136, 204, 220, 90, 160, 48, 150, 320)


class ConsultationModel(PagedModel["HistoryQuery", "HistoryRow"]):
    """Filter and pages are the database's (`app.data.history`); the newest come first."""

    labels = ("Quando", "Resultado", "Cliente", "Autoridade", "Documento", "UF", "Feita", "Por quê")

    query: HistoryQuery

    def __init__(self, database: Database, parent: QObject) -> None:
        from app.data import history

        super().__init__(database, history.page, history.count, history.HistoryQuery(), parent)

    def cell(self, row: HistoryRow, column: int, role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(row, column)
        if role == STATUS_ROLE:
            return Status(words.verdict(row.verdict)) if column == Column.RESULT else None
        if role == Qt.ItemDataRole.ToolTipRole:
            if column == Column.WHEN:
                return words.relative(row.asked_at)
            if column == Column.AUTHORITY and row.source is not None:
                return row.source.label
            return row.reason if column == Column.RESULT else _text(row, column)
        return None


def _text(row: HistoryRow, column: int) -> str:
    match column:
        case Column.WHEN:
            return words.exact(row.asked_at)
        case Column.RESULT:
            return row.verdict.label
        case Column.CUSTOMER:
            return row.customer or "(consulta avulsa)"
        case Column.AUTHORITY:
            return row.authority.label
        case Column.DOCUMENT:
            return str(row.document)
        case Column.UF:
            return row.uf
        case Column.ORIGIN:
            return f"{words.ORIGINS[row.origin]}, {row.user}"
        case _:
            return row.decision
