"""The list of orders evaluated: its columns, and how each cell is said."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt

from app.rules.order_gate import act
from ui import words
from ui.paged_model import PagedModel
from ui.status_delegate import STATUS_ROLE, Status
from ui.theme import Tone
from ui.words import Look

if TYPE_CHECKING:
    from app.data.database import Database
    from app.data.order_checks import CheckQuery, CheckRow

LOOKS = {True: Look("Permitido", "check", Tone.OK), False: Look("Recusado", "block", Tone.BLOCK)}
"""How each answer of the gate is shown."""

_RELEASED = Look("Liberado", "release", Tone.WARN)


class Column(IntEnum):
    """The columns, in their first order."""

    WHEN = 0
    ANSWER = 1
    CUSTOMER = 2
    WHY = 3
    ACT = 4
    DOCUMENT = 5
    COUNTER = 6
    COMPANY = 7


WIDTHS = (136, 110, 200, 400, 180, 150, 150, 150)


class OrderCheckModel(PagedModel["CheckQuery", "CheckRow"]):
    """Filter and pages are the database's (`app.data.order_checks`); the newest come first."""

    labels = ("Quando", "Resposta", "Cliente", "Por quê", "Operação", "Documento", "Balcão", "Empresa")

    query: CheckQuery

    def __init__(self, database: Database, parent: QObject) -> None:
        from app.data import order_checks

        super().__init__(database, order_checks.page, order_checks.count, order_checks.CheckQuery(), parent)

    def cell(self, row: CheckRow, column: int, role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(row, column)
        if role == STATUS_ROLE:
            return Status(look(row)) if column == Column.ANSWER else None
        if role == Qt.ItemDataRole.ToolTipRole:
            if column == Column.WHEN:
                return words.relative(row.at)
            return "\n".join(row.reasons) if column == Column.WHY else _text(row, column)
        return None


def look(row: CheckRow) -> Look:
    """How the answer to one check is shown, which may have been released since."""
    return _RELEASED if row.released else LOOKS[row.allowed]


def _text(row: CheckRow, column: int) -> str:
    match column:
        case Column.WHEN:
            return words.exact(row.at)
        case Column.ANSWER:
            return look(row).word
        case Column.CUSTOMER:
            return row.customer or "(sem cadastro)"
        case Column.DOCUMENT:
            return str(row.document)
        case Column.ACT:
            done = words.capital(act(row.kind, row.operation))
            return f"{done} {row.reference}".rstrip()
        case Column.COUNTER:
            return row.counter or "(neste programa)"
        case Column.COMPANY:
            return f"{row.company_id} · {row.company}"
        case _:
            return row.reasons[0]
