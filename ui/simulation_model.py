"""The list of a simulation: its columns, filters and order, and the same lines as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, Qt

from app.rules.simulation import Affected, Effect
from ui import words
from ui.headed_model import HeadedModel, Index
from ui.status_delegate import STATUS_ROLE, Status
from ui.theme import Tone

LABELS = ("Cliente", "Efeito", "UF", "Situação", "Consulta", "Documento", "Bandeira", "Por quê")
WIDTHS = (180, 165, 40, 205, 88, 148, 70)


class Column(IntEnum):
    """The columns, in reading order."""

    NAME = 0
    EFFECT = 1
    UF = 2
    OUTCOME = 3
    ANSWERED = 4
    DOCUMENT = 5
    BRAND = 6
    WHY = 7


class Filter(Enum):
    """Which customers are listed."""

    ALL = "Todos"
    BLOCKED = "Bloqueados"
    RELEASED = "Desbloqueados"
    STAYS_BLOCKED = "Continuam bloqueados"
    NEW_BRAND = "Outra bandeira"

    def takes(self, row: Affected) -> bool:
        """Whether the customer is listed."""
        match self:
            case Filter.BLOCKED:
                return row.effect is Effect.BLOCKED
            case Filter.RELEASED:
                return row.effect is Effect.RELEASED
            case Filter.STAYS_BLOCKED:
                return row.effect is Effect.STAYS_BLOCKED
            case Filter.NEW_BRAND:
                return row.new_brand
            case Filter.ALL:
                return True


@dataclass(frozen=True)
class _Style:
    """How an effect is drawn."""

    icon: str
    tone: Tone


_STYLES = {
    Effect.BLOCKED: _Style("block", Tone.BLOCK),
    Effect.RELEASED: _Style("release", Tone.OK),
    Effect.STAYS_BLOCKED: _Style("block", Tone.NEUTRAL),
    Effect.STAYS_FREE: _Style("check", Tone.NEUTRAL),
}
_EFFECTS = {effect: Status(words.Look(effect.label, style.icon, style.tone)) for effect, style in _STYLES.items()}
_RANK = {effect: rank for rank, effect in enumerate(Effect)}
# Names need no key: the customers come by name, and sorting keeps the order of equals.
_KEYS: dict[int, Callable[[Affected], Any]] = {
    Column.EFFECT: lambda row: _RANK[row.effect],
    Column.UF: lambda row: row.uf,
    Column.OUTCOME: lambda row: row.outcome.label,
    Column.ANSWERED: lambda row: row.answered_at,
    Column.DOCUMENT: lambda row: row.document.key,
    Column.BRAND: lambda row: not row.new_brand,
    Column.WHY: lambda row: row.why,
}


class SimulationModel(HeadedModel):
    """All in memory: only the customers that are touched are here."""

    labels = LABELS

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._all: tuple[Affected, ...] = ()
        self._filter = Filter.ALL
        self._column, self._order = int(Column.EFFECT), Qt.SortOrder.AscendingOrder
        self.rows: list[Affected] = []

    def show(self, affected: tuple[Affected, ...]) -> None:
        """List these customers, which come by name."""
        self._all = affected
        self._arrange()

    def filter(self, wanted: Filter) -> None:
        """List only some of them."""
        self._filter = wanted
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._column, self._order = column, order
        self._arrange()

    def _arrange(self) -> None:
        self.beginResetModel()
        self.rows = [row for row in self._all if self._filter.takes(row)]
        key, descending = _KEYS.get(self._column), self._order is Qt.SortOrder.DescendingOrder
        if key is not None:
            self.rows.sort(key=key, reverse=descending)
        elif descending:
            self.rows.reverse()
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return cells(row)[column]
        if role == Qt.ItemDataRole.ToolTipRole and column in (Column.NAME, Column.OUTCOME, Column.WHY):
            return cells(row)[column]
        if role == STATUS_ROLE and column == Column.EFFECT:
            return _EFFECTS[row.effect]
        if role == STATUS_ROLE and column == Column.OUTCOME:
            return Status(words.verdict(row.outcome))
        return None


def cells(row: Affected) -> tuple[str, ...]:
    """One line in words, a text for each column."""
    return (
        row.name,
        row.effect.label,
        row.uf,
        row.outcome.label,
        f"{row.answered_at.astimezone():%d/%m/%Y}",
        str(row.document),
        "muda" if row.new_brand else "",
        row.why,
    )


def as_csv(rows: Iterable[Affected]) -> str:
    """The lines under their headings, parted by semicolons as spreadsheets in Portuguese expect."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(LABELS)
    writer.writerows(cells(row) for row in rows)
    return text.getvalue()


def as_text(rows: Iterable[Affected]) -> str:
    """The lines under their headings, parted by tabs, to be pasted."""
    return "\n".join("\t".join(line) for line in (LABELS, *(cells(row) for row in rows)))
