"""The rows of an auxiliary table as a list: all of them in memory, or, for customers, paged by the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt

from app.kinds import Reference, folded
from app.tables import CUSTOMERS, Table
from ui.paged_model import PagedModel

if TYPE_CHECKING:
    from app.data.customers import CustomerRow, Query
    from app.data.database import Database
    from app.data.records import Record

Index = QModelIndex | QPersistentModelIndex
_SORT_ROLE = Qt.ItemDataRole.UserRole + 1


class RecordModel(QAbstractTableModel):
    """Every row of one table: its number and its fields. `titles` names the rows of other tables."""

    def __init__(
        self, table: Table, records: Sequence[Record], titles: Mapping[str, Mapping[int, str]], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._table = table
        self._records = records
        self._texts = [[self._text(f.name, record, titles) for f in table.fields] for record in records]
        self._words = [folded(f"{r.id} {' '.join(texts)}") for r, texts in zip(records, self._texts, strict=True)]

    def _text(self, name: str, record: Record, titles: Mapping[str, Mapping[int, str]]) -> str:
        field = self._table.field(name)
        value = record.values[name]
        if field is None or value is None:
            return ""
        if isinstance(field.kind, Reference):
            return titles[field.kind.table].get(value, str(value))
        return field.kind.show(value)

    def record(self, row: int) -> Record:
        """The record of a row."""
        return self._records[row]

    def matches(self, row: int, words: Sequence[str]) -> bool:
        """Whether every word, folded, is somewhere in the row. Masks of documents do not matter."""
        text = self._words[row]
        bare = "".join(c for c in text if c.isalnum() or c == " ")
        return all(word in text or ("".join(c for c in word if c.isalnum()) or word) in bare for word in words)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._records)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._table.fields) + 1

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | None:
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return "Código" if section == 0 else self._table.fields[section - 1].label

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = index.row(), index.column()
        if role == _SORT_ROLE:
            return self._records[row].id if column == 0 else folded(self._texts[row][column - 1])
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return str(self._records[row].id) if column == 0 else self._texts[row][column - 1]
        return None


class RecordFilter(QSortFilterProxyModel):
    """Active or inactive rows with all the words searched for."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.setSortRole(_SORT_ROLE)
        self._words: list[str] = []
        self._active = True

    def choose(self, text: str, active: bool) -> None:
        """Show the rows with these words, active or inactive."""
        self._words, self._active = folded(text).split(), active
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        model = self.sourceModel()
        return (
            isinstance(model, RecordModel)
            and model.record(source_row).active == self._active
            and model.matches(source_row, self._words)
        )


class CustomerRecordModel(PagedModel["Query", "CustomerRow"]):
    """Customers, searched, sorted and paged by the database."""

    labels = ("Código", "Nome", "Documento", "Inscrição estadual", "UF", "Cidade", "Bandeira")

    def __init__(self, database: Database, parent: QObject) -> None:
        from app.data import customers

        super().__init__(database, customers.page, customers.count, customers.Query(), parent)
        self._orders = {1: customers.Order.NAME, 2: customers.Order.DOCUMENT, 4: customers.Order.UF}
        self._inactive = frozenset({customers.Situation.INACTIVE})

    def choose(self, text: str, active: bool) -> None:
        """Show the customers with these words, active or inactive."""
        query: Query = replace(self.query, text=text, situations=frozenset() if active else self._inactive)
        self.show(query)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Order by a column; those that mean nothing in order are left as they are."""
        if column in self._orders:
            descending = order is Qt.SortOrder.DescendingOrder
            self.show(replace(self.query, order=self._orders[column], descending=descending))

    def cell(self, row: CustomerRow, column: int, role: int) -> Any:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return (str(row.id), row.name, str(row.document), row.ie, row.uf, row.city, row.brand)[column]
        return None


def is_paged(table: Table) -> bool:
    """Whether a table is too long to be kept in memory."""
    return table is CUSTOMERS
