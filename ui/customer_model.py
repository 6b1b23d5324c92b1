"""The list of customers: its columns, and how each cell is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt

from app.domain import AnpOutcome, Verdict
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
    ANP = 3
    BLOCK = 4
    CONSULTED = 5
    DOCUMENT = 6
    BRAND = 7


WIDTHS = (162, 40, 142, 142, 104, 98, 144, 100)

_FREE = Status(words.Look("Livre", "check", Tone.NEUTRAL))
_BLOCKED = Status(words.Look("Bloqueado", "block", Tone.BLOCK))


def situation(verdict: Verdict | None, outcome: Verdict | None) -> Status:
    """The last answer, with a failed last try beside it."""
    if verdict is None:
        return Status(words.verdict(outcome))
    return Status(words.verdict(verdict), "última tentativa falhou" if outcome is Verdict.FAILURE else "")


def situation_at_anp(row: CustomerRow) -> Status | None:
    """The last answer, with a failed last try beside it; None for a customer that ANP cannot be asked about."""
    if not row.anp_consulted:
        return None
    shown = row.anp_status or row.anp_outcome
    if shown is None:
        return Status(words.NEVER)
    failed_since = row.anp_status is not None and row.anp_outcome is AnpOutcome.FAILURE
    return Status(words.brief(shown), "última tentativa falhou" if failed_since else "")


class CustomerModel(PagedModel["Query", "CustomerRow"]):
    """Filter, order and pages are the database's (`app.data.customers`)."""

    labels = ("Cliente", "UF", "SEFAZ", "ANP", "Bloqueio", "Consultado", "Documento", "Bandeira")

    query: Query

    def __init__(self, database: Database, parent: QObject) -> None:
        from app.data import customers

        super().__init__(database, customers.page, customers.count, customers.Query(), parent)
        self._orders: dict[int, customers.Order] = {
            Column.NAME: customers.Order.NAME,
            Column.DOCUMENT: customers.Order.DOCUMENT,
            Column.UF: customers.Order.UF,
            Column.SEFAZ: customers.Order.SITUATION,
            Column.ANP: customers.Order.ANP,
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
            if column == Column.ANP:
                return situation_at_anp(row)
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
            case Column.ANP:
                at_anp = situation_at_anp(row)
                return "—" if at_anp is None else at_anp.sentence
            case Column.BRAND:
                return row.brand
            case Column.BLOCK:
                return (_BLOCKED if row.blocked else _FREE).sentence
            case _:
                return "nunca" if row.consulted_at is None else words.relative(row.consulted_at)

    def _tooltip(self, row: CustomerRow, column: int) -> str | None:
        if column == Column.NAME:
            place = f"{row.city}/{row.uf}" if row.city else row.uf
            ie = f" · IE {row.ie}" if row.ie else ""
            return f"{row.name}\n{row.document.named}{ie} · {place}"
        if column == Column.ANP:
            return _about_anp(row)
        if column == Column.CONSULTED and row.consulted_at is not None:
            sefaz = _consulted("SEFAZ", row.answered_at, row.tried_at)
            anp = _consulted("ANP", row.anp_at, row.anp_tried_at)
            return "\n".join(said for said in (sefaz, anp) if said)
        return self._text(row, column) if column in (Column.SEFAZ, Column.BRAND) else None


def _about_anp(row: CustomerRow) -> str:
    if not row.anp_consulted:
        return "ANP: não é revendedor consultável."
    if row.anp_tried_at is None:
        return "A ANP ainda não foi consultada."
    lines = []
    if row.anp_status is not None and row.anp_at is not None:
        lines.append(f"ANP: {row.anp_status.label.lower()}, em {words.exact(row.anp_at)}.")
        if row.anp_status.is_listed:
            lines.append(f"Bandeira na ANP: {row.anp_brand}." if row.anp_brand else "A ANP não informa bandeira.")
    if row.anp_outcome is AnpOutcome.FAILURE:
        lines.append(f"A tentativa de {words.exact(row.anp_tried_at)} falhou.")
    return "\n".join(lines)


def _consulted(authority: str, answered_at: datetime | None, tried_at: datetime | None) -> str:
    if tried_at is None:
        return ""
    tried = words.exact(tried_at)
    if answered_at is None:
        return f"{authority}: tentada em {tried}, sem resposta."
    if answered_at != tried_at:
        return f"{authority}: última resposta em {words.exact(answered_at)}; última tentativa em {tried}."
    return f"{authority}: respondida em {tried}."
