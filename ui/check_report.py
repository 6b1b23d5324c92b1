"""What came of checking every customer against ANP's lists: the counts, and who is no longer in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ui import icons, theme, words
from ui.aside_button import AsideButton
from ui.status_delegate import StatusDelegate
from ui.table_look import prepare_table
from ui.theme import Tone

if TYPE_CHECKING:
    from app.data.mirror_check import CheckReport, CustomerLeft


class CheckReportDialog(QDialog):
    """Opens a customer that left a list, or those blocked, and closes."""

    customer_wanted = Signal(int)
    blocked_wanted = Signal()

    LABELS = ("Cliente", "Documento", "Constava até", "Ausente em")

    def __init__(self, report: CheckReport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Conferência dos clientes com as listas da ANP")
        self._left = report.left
        title = words.counted(report.checked, "cliente conferido", "clientes conferidos")
        if report.cancelled:
            title = f"Interrompido: {title} de {report.total:,}".replace(",", ".")
        heading = theme.role(QLabel(title), "subtitle")
        theme.tone(heading, Tone.WARN if report.cancelled else None)
        counts = QGridLayout()
        counts.setHorizontalSpacing(theme.L)
        counts.setVerticalSpacing(theme.XS)
        counts.setColumnStretch(3, 1)
        facts = [
            *((outcome.label, number, words.verdict(outcome).tone) for outcome, number in report.outcomes.items()),
            ("Resposta da ANP mais nova que a lista", report.newer, None),
            ("Clientes bloqueados agora", report.blocked, Tone.BLOCK if report.blocked else None),
            ("Clientes desbloqueados agora", report.released, None),
            ("Bandeiras trocadas", report.brands_changed, None),
            ("Consultas guardadas no histórico", report.recorded, None),
        ]
        half = (len(facts) + 1) // 2
        for place, (name, number, tone) in enumerate(facts):
            value = theme.role(QLabel(f"{number:,}".replace(",", ".")), "strong")
            theme.tone(value, tone)
            column = 0 if place < half else 2
            counts.addWidget(value, place % half, column, Qt.AlignmentFlag.AlignRight)
            counts.addWidget(QLabel(name), place % half, column + 1)
        self.note = QLabel(
            f"Fora da lista em que constava: {words.counted(len(self._left), 'cliente', 'clientes')}. "
            "A lista não diz por quê: confira antes de vender."
            if self._left
            else "Nenhum cliente está fora de uma lista em que constava."
        )
        self.note.setWordWrap(True)
        self.table = QTableWidget(len(self._left), len(self.LABELS))
        self.table.setAccessibleName("Clientes que saíram das listas")
        self.table.setHorizontalHeaderLabels(list(self.LABELS))
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setItemDelegate(StatusDelegate(self.table))
        prepare_table(self.table, line_height=28)
        self.table.horizontalHeader().setStretchLastSection(True)
        for column, width in enumerate((250, 150, 110)):
            self.table.setColumnWidth(column, width)
        for row, left in enumerate(self._left):
            for column, text in enumerate(_cells(left)):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.table.setItem(row, column, item)
        self.table.itemActivated.connect(self._open_customer)
        self.table.setVisible(bool(self._left))
        self.open_button = AsideButton(icons.icon("customers"), "Abrir cliente")
        self.open_button.clicked.connect(self._open_customer)
        self.open_button.setVisible(bool(self._left))
        self.blocked_button = AsideButton(icons.icon("block"), "Ver os bloqueados")
        self.blocked_button.clicked.connect(self._open_blocked)
        self.blocked_button.setVisible(report.blocked > 0)
        close = QPushButton("Fechar")
        theme.primary(close)
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.blocked_button)
        buttons.addStretch(1)
        buttons.addWidget(close)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        whole.setSpacing(theme.M)
        whole.addWidget(heading)
        whole.addLayout(counts)
        whole.addWidget(self.note)
        whole.addWidget(self.table, 1)
        whole.addStretch(0)
        whole.addLayout(buttons)
        self.resize(700, 480 if self._left else 240)
        if self._left:
            self.table.selectRow(0)
            self.table.setFocus()

    @Slot()
    def _open_customer(self) -> None:
        row = self.table.currentRow()
        if row >= 0:
            self.accept()
            self.customer_wanted.emit(self._left[row].id)

    @Slot()
    def _open_blocked(self) -> None:
        self.accept()
        self.blocked_wanted.emit()


def _cells(left: CustomerLeft) -> tuple[str, ...]:
    return (
        f"{left.id} · {left.name}",
        str(left.document),
        f"{left.until.astimezone():%d/%m/%Y}" if left.until is not None else "",
        "mais de uma lista" if left.confirmed else "só a última lista",
    )
