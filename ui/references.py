"""The rows that a reference may point to, read off the GUI thread and shared by every editor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from app.tables import BRANCHES, TABLES
from ui import tasks

if TYPE_CHECKING:
    from app.data.database import Database
    from ui.office import Office


@dataclass(frozen=True)
class ReferenceRow:
    """One row as a choice: `title` has its number and name, `detail` what else matters when choosing it."""

    id: int
    title: str
    active: bool
    detail: str = ""


@dataclass(frozen=True)
class NewRow:
    """Asks Tabelas for the form of a new row. `kept`, a slot of who asked, is given the number of the row saved."""

    table: str
    kept: Callable[[int], None]


class ReferenceSource(QObject):
    """Rows by table. An editor asks for its table once and listens to `changed`."""

    changed = Signal()
    failed = Signal(object)

    def __init__(self, office: Office, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._office = office
        self._tables: set[str] = set()
        self._rows: Mapping[str, tuple[ReferenceRow, ...]] = {}
        office.tables_changed.connect(self.refresh)

    def watch(self, table: str) -> None:
        """Read this table too, from the next `refresh` on."""
        self._tables.add(table)

    def rows(self, table: str) -> tuple[ReferenceRow, ...]:
        """The rows read last, inactive ones included; none before the first reading."""
        return self._rows.get(table, ())

    def title(self, table: str, row_id: int) -> str:
        """How a row is named, or its number alone when it is not known."""
        return next((row.title for row in self.rows(table) if row.id == row_id), str(row_id))

    def add_new(self, new: NewRow) -> None:
        """Open the form of a new row."""
        self._office.open_page.emit("tabelas", new)

    @Slot()
    def refresh(self) -> None:
        """Read every watched table again; `changed` or `failed` follows."""
        database, tables = self._office.database, frozenset(self._tables)
        if database is None:
            return
        tasks.run(lambda: _read(database, tables), self._take, self.failed.emit, self)

    def _take(self, rows: Mapping[str, tuple[ReferenceRow, ...]]) -> None:
        self._rows = rows
        self.changed.emit()


def _read(database: Database, tables: frozenset[str]) -> dict[str, tuple[ReferenceRow, ...]]:
    from datetime import UTC, datetime

    from app.data import certificates, records

    now = datetime.now(UTC)
    found: dict[str, tuple[ReferenceRow, ...]] = {}
    with database.reading() as connection:
        validity = {c.branch_id: c.brief_validity(now) for c in certificates.all_installed(connection)}
        for key in tables:
            found[key] = tuple(
                ReferenceRow(
                    record.id,
                    record.title,
                    record.active,
                    _certificate_words(validity.get(record.id)) if key == BRANCHES.key else "",
                )
                for record in records.every(connection, TABLES[key])
            )
    return found


def _certificate_words(validity: str | None) -> str:
    return f"certificado {validity}" if validity else "sem certificado"
