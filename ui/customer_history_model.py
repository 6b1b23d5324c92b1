"""The consultations of one customer, newest first; an answer that differs from the one before says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QObject, Qt

from app.domain import Authority, Outcome
from ui import words
from ui.headed_model import HeadedModel, Index
from ui.status_delegate import STATUS_ROLE, Status
from ui.theme import Tone

if TYPE_CHECKING:
    from app.data.answer_changes import AnswerChange
    from app.data.history import HistoryRow

WIDTHS = (122, 56)
WHEN, AUTHORITY, RESULT = range(3)


class CustomerHistoryModel(HeadedModel):
    """As many rows as it is given; a customer has a few dozen."""

    labels = ("Quando", "Na", "Resultado")

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._rows: list[HistoryRow] = []
        self._notes: dict[int, str] = {}
        self._changed: Mapping[int, AnswerChange] = {}

    def show(self, rows: list[HistoryRow], changed: Mapping[int, AnswerChange]) -> None:
        """Show these consultations, newest first, and what the answers of SEFAZ changed, by consultation."""
        notes: dict[int, str] = {}
        said: dict[Authority, Outcome] = {}
        for row in reversed(rows):
            if row.failed:
                continue
            before = said.get(row.authority)
            if before is not None and before is not row.verdict:
                notes[row.id] = f"era {words.brief(before).word.lower()}"
            elif row.id in changed:
                notes[row.id] = "mudou"
            said[row.authority] = row.verdict
        self.beginResetModel()
        self._rows, self._notes, self._changed = rows, notes, changed
        self.endResetModel()

    def row(self, position: int) -> HistoryRow:
        """One consultation."""
        return self._rows[position]

    def find(self, consultation_id: int) -> int | None:
        """Where a consultation is."""
        return next((n for n, row in enumerate(self._rows) if row.id == consultation_id), None)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()]
        column = index.column()
        if role == STATUS_ROLE and column == RESULT:
            return self._status(row)
        if role == Qt.ItemDataRole.DisplayRole:
            if column == RESULT:
                return self._status(row).sentence
            return words.exact(row.asked_at) if column == WHEN else row.authority.label
        if role == Qt.ItemDataRole.ToolTipRole:
            made = f"{words.relative(row.asked_at)}, {words.ORIGINS[row.origin]}, {row.user}"
            if column != RESULT:
                return made
            note = self._notes.get(row.id, "")
            change = self._changed.get(row.id)
            changed = f" {change.sentence}" if change is not None else ""
            return f"{row.verdict.label}{f' ({note})' if note else ''}. {row.reason}{changed}"
        return None

    def _status(self, row: HistoryRow) -> Status:
        return Status(words.brief(row.verdict), self._notes.get(row.id, ""), Tone.WARN)
