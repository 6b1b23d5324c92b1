"""The list of counters: its columns, and how each cell is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QObject, Qt

from app.rules.counter_presence import Presence, presence
from ui import words
from ui.headed_model import HeadedModel, Index
from ui.status_delegate import STATUS_ROLE, Status
from ui.theme import Tone
from ui.words import Look

if TYPE_CHECKING:
    from app.data.counters import Counter

LOOKS = {
    Presence.ONLINE: Look(Presence.ONLINE.label, "check", Tone.OK),
    Presence.AWAY: Look(Presence.AWAY.label, "clock", Tone.NEUTRAL),
    Presence.NEVER: Look(Presence.NEVER.label, "info", Tone.WARN),
    Presence.REVOKED: Look(Presence.REVOKED.label, "block", Tone.NEUTRAL),
}
"""How each presence is shown."""


class Column(IntEnum):
    """The columns, in their first order."""

    PRESENCE = 0
    NAME = 1
    SEEN = 2
    ADDRESS = 3
    VERSION = 4
    COMPANY = 5
    TOKEN = 6
    SINCE = 7


WIDTHS = (124, 150, 116, 116, 124, 180, 72, 200)


class CounterModel(HeadedModel):
    """All counters, as they were when read."""

    labels = ("Situação", "Balcão", "Último contato", "Endereço", "Versão", "Empresa", "Token", "Incluído")

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._counters: list[Counter] = []
        self._companies: Mapping[int, str] = {}
        self._now = datetime.now(UTC)

    def show(self, counters: Sequence[Counter], companies: Mapping[int, str], now: datetime) -> None:
        """Show these, as they are at a moment; the lines of those shown already stay theirs."""
        self._companies, self._now = companies, now
        if counters and [counter.id for counter in counters] == [counter.id for counter in self._counters]:
            self._counters = list(counters)
            self.dataChanged.emit(self.index(0, 0), self.index(len(counters) - 1, len(self.labels) - 1))
            return
        self.beginResetModel()
        self._counters = list(counters)
        self.endResetModel()

    def counter(self, line: int) -> Counter:
        """The counter in a line."""
        return self._counters[line]

    def line_of(self, counter_id: int) -> int | None:
        """The line of a counter, None when it is not shown."""
        return next((line for line, counter in enumerate(self._counters) if counter.id == counter_id), None)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._counters)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        counter, column = self._counters[index.row()], index.column()
        if role == STATUS_ROLE:
            return Status(LOOKS[presence(counter, self._now)]) if column == Column.PRESENCE else None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(counter, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(counter, column)
        return None

    def _text(self, counter: Counter, column: int) -> str:
        match column:
            case Column.PRESENCE:
                return LOOKS[presence(counter, self._now)].word
            case Column.NAME:
                return counter.name
            case Column.SEEN:
                return words.relative(counter.last_seen_at, self._now) if counter.last_seen_at else "nunca"
            case Column.ADDRESS:
                return counter.last_address or "—"
            case Column.VERSION:
                return counter.last_version or "—"
            case Column.COMPANY:
                return "todas" if counter.company_id is None else self._companies[counter.company_id]
            case Column.TOKEN:
                return f"…{counter.token_hint}"
            case _:
                return f"{words.exact(counter.created_at)}, por {counter.created_by}"

    def _tip(self, counter: Counter, column: int) -> str:
        match column:
            case Column.PRESENCE if counter.revoked_at is not None:
                return f"Revogado em {words.exact(counter.revoked_at)}, por {counter.revoked_by}"
            case Column.PRESENCE if presence(counter, self._now) is Presence.NEVER:
                return "Ainda não chamou o serviço com o token que tem agora"
            case Column.SEEN if counter.last_seen_at is not None:
                return words.exact(counter.last_seen_at)
            case Column.TOKEN:
                return "O fim do token, para reconhecê-lo. O token inteiro não é guardado"
            case _:
                return self._text(counter, column)
