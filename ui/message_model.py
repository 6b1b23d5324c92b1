"""The list of messages: its columns, and how each cell is said."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt

from app.phone import shown_phone
from app.rules.outbox import MessageState
from ui import words
from ui.paged_model import PagedModel
from ui.status_delegate import STATUS_ROLE, Status
from ui.theme import Tone
from ui.words import Look

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.data.message_list import MessageQuery, MessageRow
    from ui.office import Office

_ICONS = {
    MessageState.PENDING: ("clock", Tone.INFO),
    MessageState.SENDING: ("message", Tone.INFO),
    MessageState.ACCEPTED: ("check", Tone.OK),
    MessageState.DELIVERED: ("check", Tone.OK),
    MessageState.READ: ("eye", Tone.OK),
    MessageState.FAILED: ("error", Tone.FAIL),
    MessageState.UNCERTAIN: ("help", Tone.WARN),
    MessageState.CANCELLED: ("cancel", Tone.NEUTRAL),
    MessageState.IGNORED: ("info", Tone.NEUTRAL),
}
LOOKS = {state: Look(state.label, icon, tone) for state, (icon, tone) in _ICONS.items()}
"""How each state is shown."""


class Column(IntEnum):
    """The columns, in their first order."""

    WHEN = 0
    STATE = 1
    CUSTOMER = 2
    ORDER = 3
    WHY = 4
    NUMBER = 5
    COMPANY = 6


WIDTHS = (136, 176, 180, 160, 300, 130, 150)


class MessageModel(PagedModel["MessageQuery", "MessageRow"]):
    """Filter and pages are the database's (`app.data.message_list`); the newest come first."""

    labels = ("Quando", "Situação", "Cliente", "Ordem de serviço", "Por quê", "Celular", "Empresa")

    query: MessageQuery

    def __init__(self, office: Office, parent: QObject) -> None:
        from app.data import message_list

        def page(connection: Connection, query: MessageQuery, offset: int, limit: int) -> list[MessageRow]:
            rows = message_list.page(connection, query, offset, limit)
            return message_list.explained(connection, rows, office.snapshot, datetime.now(UTC))

        database = office.backoffice.database
        super().__init__(database, page, message_list.count, message_list.MessageQuery(), parent)

    def cell(self, row: MessageRow, column: int, role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(row, column)
        if role == STATUS_ROLE:
            return Status(LOOKS[row.state]) if column == Column.STATE else None
        if role == Qt.ItemDataRole.ToolTipRole:
            return words.relative(row.created_at) if column == Column.WHEN else _text(row, column)
        return None


def of_order(row: MessageRow) -> str:
    """What the message tells of: "OS 120 · Finalizada", or "Mensagem de teste"."""
    return f"OS {row.order_number} · {row.stage.label}" if row.stage is not None else "Mensagem de teste"


def _text(row: MessageRow, column: int) -> str:
    match column:
        case Column.WHEN:
            return words.exact(row.created_at)
        case Column.STATE:
            return LOOKS[row.state].word
        case Column.CUSTOMER:
            return row.customer_name or "(sem cadastro)"
        case Column.WHY:
            return row.reason
        case Column.ORDER:
            return of_order(row)
        case Column.NUMBER:
            return shown_phone(row.destination)
        case _:
            return f"{row.company_id} · {row.company}" if row.company_id is not None else ""
