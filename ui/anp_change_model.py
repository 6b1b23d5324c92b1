"""What the lists of ANP changed, as a table: searched and paged by the database, the newest list first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt

from app.domain import Document, DocumentKind, ListKind
from app.rules.anp_difference import ChangeKind
from ui.anp_list_card import TITLES
from ui.paged_model import PagedModel
from ui.status_delegate import STATUS_ROLE, Status
from ui.theme import Tone
from ui.words import Look

if TYPE_CHECKING:
    from app.data.database import Database
    from app.data.mirror import ChangeQuery, ChangeRow

WHAT = 2
_LOOKS = {
    ChangeKind.NEW: ("add", Tone.OK),
    ChangeKind.LEFT: ("warning", Tone.BLOCK),
    ChangeKind.BACK: ("refresh", Tone.OK),
    ChangeKind.BRAND: ("flag", Tone.WARN),
    ChangeKind.NAME: ("edit", Tone.INFO),
    ChangeKind.ADDRESS: ("edit", Tone.INFO),
    ChangeKind.AUTHORIZATION: ("edit", Tone.INFO),
    ChangeKind.SITUATION: ("warning", Tone.WARN),
}


class AnpChangeModel(PagedModel["ChangeQuery", "ChangeRow"]):
    """One row a change."""

    labels = ("Lista de", "Estabelecimento", "O que mudou", "Antes", "Depois", "Cliente", "CNPJ", "UF", "Lista")

    def __init__(self, database: Database, parent: QObject) -> None:
        from app.data import mirror

        super().__init__(database, mirror.changes, mirror.count_changes, mirror.ChangeQuery(), parent)

    def choose(self, text: str, kind: ListKind | None, change: ChangeKind | None, only_customers: bool) -> None:
        """Show the changes with these words, of one list, of one kind, of our customers only; or read them again."""
        query: ChangeQuery = replace(self.query, text=text, kind=kind, change=change, only_customers=only_customers)
        if query == self.query:
            self.refresh()
        else:
            self.show(query)

    def cell(self, row: ChangeRow, column: int, role: int) -> Any:
        if role == STATUS_ROLE:
            return _status(row) if column == WHAT else None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return _cells(row)[column]
        return None


def _status(row: ChangeRow) -> Status:
    kind = row.change.kind
    return Status(Look(kind.label, *_LOOKS[kind]))


def _cells(row: ChangeRow) -> tuple[str, ...]:
    change = row.change
    return (
        f"{row.taken_at.astimezone():%d/%m/%Y}",
        change.name,
        change.kind.label,
        change.before,
        change.after,
        f"{row.customer_id} · {row.customer}" if row.customer_id is not None else "",
        str(Document(DocumentKind.CNPJ, change.cnpj)),
        change.uf,
        TITLES[row.list],
    )
