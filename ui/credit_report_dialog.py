"""The result of one credit analysis in a window of its own, beside the list that it was opened from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QPushButton, QVBoxLayout, QWidget

from ui import pages, theme
from ui.button_row import button_row
from ui.credit_report_view import CreditReportView

if TYPE_CHECKING:
    from ui.office import Office


class CreditReportDialog(QDialog):
    """Never modal; shows another analysis when asked to."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._office = office
        self.setModal(False)
        self.resize(620, 680)
        self.view = CreditReportView(office)
        self.view.customer_wanted.connect(self._open_customer)
        close = QPushButton("Fechar")
        close.setDefault(True)
        close.clicked.connect(self.close)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        whole.setSpacing(theme.M)
        whole.addWidget(self.view, 1)
        whole.addLayout(button_row(close))

    def show_analysis(self, analysis_id: int) -> None:
        """Show one analysis, in front."""
        self.setWindowTitle(f"Análise de crédito nº {analysis_id}")
        self.view.show_analysis(analysis_id)
        self.show()
        self.raise_()
        self.activateWindow()

    def reload(self) -> None:
        """Read what is shown again."""
        if self.isVisible() and self.view.analysis_id is not None:
            self.view.show_analysis(self.view.analysis_id)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.view.setFocus()  # to be read with the arrow keys at once

    @Slot(int)
    def _open_customer(self, customer_id: int) -> None:
        self._office.open_page.emit(pages.CUSTOMERS, customer_id)
