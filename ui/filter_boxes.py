"""Two filters that several lists have: which company, and from when on."""

from __future__ import annotations

from datetime import datetime, timedelta

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QComboBox

from app.tables import COMPANIES
from ui.references import ReferenceSource

_PERIODS = (("Qualquer data", -1), ("Hoje", 0), ("Últimos 7 dias", 6), ("Últimos 30 dias", 29))


class CompanyBox(QComboBox):
    """The companies, active or not; follows its references."""

    def __init__(self, references: ReferenceSource) -> None:
        super().__init__()
        self._references = references
        self.setAccessibleName("Filtro: empresa")
        self.setMaximumWidth(240)
        self.addItem("Todas as empresas", None)
        references.watch(COMPANIES.key)
        references.changed.connect(self._fill)

    @property
    def company_id(self) -> int | None:
        """The company chosen, None for all."""
        chosen = self.currentData()
        return None if chosen is None else int(chosen)

    @Slot()
    def _fill(self) -> None:
        chosen = self.currentData()
        with QSignalBlocker(self):
            while self.count() > 1:
                self.removeItem(1)
            for row in self._references.rows(COMPANIES.key):
                self.addItem(row.title, row.id)
            self.setCurrentIndex(max(self.findData(chosen), 0))


class PeriodBox(QComboBox):
    """Whole days of this computer's zone, up to now."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Filtro: período")
        for label, days in _PERIODS:
            self.addItem(label, days)

    @property
    def since(self) -> datetime | None:
        """The beginning of the first day, None for any date."""
        days = int(self.currentData())
        today = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        return today - timedelta(days=days) if days >= 0 else None
