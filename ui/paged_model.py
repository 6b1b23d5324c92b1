"""A table model over a list that the database filters, sorts and pages: only the blocks that are looked at are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PySide6.QtCore import QModelIndex, QObject, Qt, QTimer, Signal, Slot

from ui import tasks
from ui.headed_model import HeadedModel, Index

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.data.database import Database

R = TypeVar("R")
Q = TypeVar("Q")

BLOCK = 200
KEPT_BLOCKS = 50
_MOST_AT_ONCE = 3  # a screen spans two blocks at most; what was only scrolled past is not read


@dataclass(frozen=True)
class _Answer:
    """What one reading brought. `total` is None when it was not counted."""

    generation: int
    total: int | None
    blocks: dict[int, list[Any]]
    is_refresh: bool


class PagedModel(HeadedModel, Generic[Q, R]):
    """Rows of one query, read off the GUI thread in blocks of 200.

    `page(connection, query, offset, limit)` and `count(connection, query)` do the reading. While a new query is read
    the rows of the old one stay. A row not read yet shows "…" and asks for its block.
    """

    loaded = Signal(int)
    """The list of a query, new or refreshed, is here: how many rows it has."""
    block_read = Signal()
    """Rows shown as "…" until now are here."""
    failed = Signal(object)
    """The exception that a reading raised."""

    def __init__(
        self,
        database: Database,
        page: Callable[[Connection, Q, int, int], list[R]],
        count: Callable[[Connection, Q], int],
        query: Q,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._database = database
        self._page = page
        self._count = count
        self.query = query
        self._generation = 0
        self._total = 0
        self._blocks: dict[int, list[R]] = {}
        self._wanted: list[int] = []
        self._busy = False
        self._again: bool | None = None
        self._pump_timer = QTimer(self, singleShot=True, interval=0)
        self._pump_timer.timeout.connect(self._pump)

    def show(self, query: Q) -> None:
        """Show another query, from its first rows."""
        self.query = query
        self._generation += 1
        self._wanted.clear()
        self._read([0], count=True, is_refresh=False)

    def refresh(self) -> None:
        """Read the rows of the same query again, in place."""
        self._read(self._recent(), count=True, is_refresh=True)

    def row(self, position: int) -> R | None:
        """The row at a position, or None while it is not read."""
        block = self._blocks.get(position // BLOCK)
        offset = position % BLOCK
        return block[offset] if block is not None and offset < len(block) else None

    def positions(self, wanted: Callable[[R], bool]) -> list[int]:
        """The positions of the wanted rows among those read."""
        return [
            number * BLOCK + offset
            for number in sorted(self._blocks)
            for offset, row in enumerate(self._blocks[number])
            if wanted(row)
        ]

    def replace(self, changed: Callable[[R], R | None]) -> None:
        """Put new rows in the place of those read: `changed` gives the new row, or None to leave it."""
        for number, block in self._blocks.items():
            for offset, row in enumerate(block):
                new = changed(row)
                if new is not None:
                    block[offset] = new
                    position = number * BLOCK + offset
                    self.dataChanged.emit(self.index(position, 0), self.index(position, self.columnCount() - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else self._total

    def cell(self, row: R, column: int, role: int) -> Any:
        """What a cell shows in a role; None where it has nothing to say."""
        raise NotImplementedError

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        position = index.row()
        block = self._blocks.get(position // BLOCK)
        if block is None:
            if role == Qt.ItemDataRole.DisplayRole:
                self._want(position // BLOCK)
                return "…"
            return None
        offset = position % BLOCK
        return self.cell(block[offset], index.column(), role) if offset < len(block) else None

    def _recent(self) -> list[int]:
        """The blocks looked at last."""
        newest = list(self._blocks)[-1:] or [0]
        return [number for number in self._blocks if abs(number - newest[0]) < _MOST_AT_ONCE] or newest

    def _want(self, number: int) -> None:
        if number not in self._wanted:
            self._wanted.append(number)
        self._pump_timer.start()

    @Slot()
    def _pump(self) -> None:
        if self._busy or not self._wanted:
            return
        last = self._wanted[-1]
        near = [number for number in self._wanted if abs(number - last) < _MOST_AT_ONCE]
        self._wanted = []
        self._read(near, count=False, is_refresh=False)

    def _read(self, numbers: list[int], *, count: bool, is_refresh: bool) -> None:
        if self._busy:
            if count:
                # The newest wish wins; a new query beats a refresh of the old one.
                self._again = is_refresh if self._again is None else self._again and is_refresh
            return
        self._busy = True
        database, page, total_of, query, generation = (
            self._database,
            self._page,
            self._count,
            self.query,
            self._generation,
        )

        def read() -> _Answer:
            with database.reading() as connection:
                total = total_of(connection, query) if count else None
                # One query for all: the far end of a long list costs a whole sort each time.
                first = min(numbers)
                rows = page(connection, query, first * BLOCK, (max(numbers) - first + 1) * BLOCK)
            blocks = {number: rows[(number - first) * BLOCK : (number - first + 1) * BLOCK] for number in numbers}
            return _Answer(generation, total, blocks, is_refresh)

        tasks.run(read, self._show_answer, self._show_failure, self)

    def _show_answer(self, answer: _Answer) -> None:
        self._busy = False
        again, self._again = self._again, None
        if answer.generation == self._generation:
            if answer.total is None:
                self._add(answer.blocks)
            elif answer.is_refresh:
                self._renew(answer.total, answer.blocks)
            else:
                self._restart(answer.total, answer.blocks)
        if again is not None:
            self._read([0] if not again else self._recent(), count=True, is_refresh=again)
        elif self._wanted:
            self._pump_timer.start()

    def _show_failure(self, error: Exception) -> None:
        self._busy = False
        self._again = None
        self._wanted.clear()
        self.failed.emit(error)

    def _restart(self, total: int, blocks: dict[int, list[R]]) -> None:
        self.beginResetModel()
        self._blocks = blocks
        self._total = total
        self.endResetModel()
        self.loaded.emit(total)

    def _renew(self, total: int, blocks: dict[int, list[R]]) -> None:
        if total > self._total:
            self.beginInsertRows(QModelIndex(), self._total, total - 1)
            self._blocks, self._total = blocks, total
            self.endInsertRows()
        elif total < self._total:
            self.beginRemoveRows(QModelIndex(), total, self._total - 1)
            self._blocks, self._total = blocks, total
            self.endRemoveRows()
        else:
            self._blocks = blocks
        if total:
            self.dataChanged.emit(self.index(0, 0), self.index(total - 1, self.columnCount() - 1))
        self.loaded.emit(total)

    def _add(self, blocks: dict[int, list[R]]) -> None:
        self._blocks.update(blocks)
        while len(self._blocks) > KEPT_BLOCKS:
            del self._blocks[next(iter(self._blocks))]
        for number in blocks:
            first, last = number * BLOCK, min(self._total, (number + 1) * BLOCK) - 1
            if first <= last:
                self.dataChanged.emit(self.index(first, 0), self.index(last, self.columnCount() - 1))
        self.block_read.emit()
