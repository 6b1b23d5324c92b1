"""The selected customer: what is true now and why, what can be done about it, and every consultation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelection, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.settings.catalog import ANP_ONLINE
from ui import icons, tasks, theme, words
from ui.block_dialogs import BlockDialog, ReleaseDialog
from ui.consult_button import ANP_OFF, ConsultButton
from ui.credit_analyses_tab import CreditAnalysesTab
from ui.customer_differences import CustomerDifferences
from ui.customer_facts import CustomerFacts, read_customer
from ui.customer_history_model import WIDTHS, CustomerHistoryModel
from ui.customer_situation import CustomerSituation, not_consulted
from ui.failure_view import FailureView, failure_of
from ui.inscription_card import selectable
from ui.layout_memory import LayoutMemory
from ui.result_view import ResultView
from ui.row_table import RowTable
from ui.segments import Segments
from ui.status_delegate import StatusDelegate
from ui.table_look import prepare_table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.data.customers import CustomerRow
    from app.rules.registration_difference import Difference
    from ui.office import Office

ONE, SEVERAL = range(2)
_CONSULTATIONS = 1
_AUTHORITIES = 0


class CustomerPanel(QStackedWidget):
    """Shows one customer or how many are selected, and hides while none is. Reads off the GUI thread."""

    consult = Signal(object)
    """Consult what is selected, as this Choice says."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._office = office
        self._database = office.backoffice.database
        self._customer_id: int | None = None
        self._loaded: CustomerFacts | None = None
        self._reading: tasks.Task[CustomerFacts | None] | None = None
        self._dialog: BlockDialog | ReleaseDialog | None = None
        self.setAccessibleName("Cliente selecionado")

        self.addWidget(self._one())
        self.addWidget(self._several())
        self.hide()
        office.snapshot_changed.connect(self._offer_anp)
        self._offer_anp()

    @property
    def customer_id(self) -> int | None:
        """The customer shown, or None."""
        return self._customer_id

    @property
    def row(self) -> CustomerRow | None:
        """The one customer shown, or None."""
        return None if self._loaded is None else self._loaded.row

    def show_nothing(self) -> None:
        """No customer is selected."""
        self._customer_id, self._loaded = None, None
        self.hide()

    def show_several(self, number: int) -> None:
        """Several customers are selected."""
        self._customer_id, self._loaded = None, None
        self._several_text.setText(words.counted(number, "cliente selecionado", "clientes selecionados"))
        self.setCurrentIndex(SEVERAL)
        self.show()

    def end_several(self) -> None:
        """None of those selected is in the list any more: how many they were says nothing."""
        if self.currentIndex() == SEVERAL and self._customer_id is None:
            self.hide()

    def show_customer(self, customer_id: int) -> None:
        """Show one customer."""
        if customer_id == self._customer_id:
            return
        self._customer_id = customer_id
        self._loaded = None
        self._result.clear()
        self.differences.forget()
        self.reload()

    def reload(self) -> None:
        """Read the customer again."""
        customer_id = self._customer_id
        if customer_id is None:
            return
        if self._reading is not None:
            self._reading.drop()
        database, snapshot = self._database, self._office.snapshot

        def read() -> CustomerFacts | None:
            return read_customer(database, snapshot, customer_id)

        self._reading = tasks.run(read, self._show, self._show_error, self)

    @Slot(int)
    def show_history(self, consultation_id: int) -> None:
        """Show one of the customer's consultations."""
        self._tabs.setCurrentIndex(_CONSULTATIONS)
        self.consultations.choose(_AUTHORITIES)
        position = self._history.find(consultation_id)
        if position is not None:
            self._history_table.selectRow(position)
        self._result.show_consultation(consultation_id)

    # --- how it is made ---

    def _several(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(theme.L, 0, 0, 0)
        layout.setSpacing(theme.M)
        self._several_text = theme.role(QLabel(), "subtitle")
        self._consult_several = ConsultButton(self._office.folders)
        self._consult_several.chosen.connect(self.consult)
        hint = theme.role(
            QLabel("As consultas respeitam o ritmo de cada autoridade. Para ver um cliente, selecione só ele."), "hint"
        )
        hint.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self._consult_several)
        row.addStretch(1)
        layout.addWidget(self._several_text)
        layout.addLayout(row)
        layout.addWidget(hint)
        layout.addStretch(1)
        return page

    def _one(self) -> QWidget:
        self._name = theme.role(selectable(), "subtitle")
        self._identity = theme.role(selectable(), "hint")
        self.consult_button = ConsultButton(self._office.folders)
        self.consult_button.chosen.connect(self.consult)
        self._release = QPushButton(icons.icon("release"), "Liberar…")
        self._release.clicked.connect(self._ask_release)
        self._block = QPushButton(icons.icon("block"), "Bloquear…")
        self._block.clicked.connect(self._ask_block)
        self._edit = QPushButton(icons.icon("edit"), "Editar")
        self._edit.setToolTip("Abre o cadastro do cliente")
        self._edit.setAccessibleName("Editar o cadastro do cliente")
        self._edit.clicked.connect(self._open_registration)
        self._failure = FailureView()

        first, second = QHBoxLayout(), QHBoxLayout()
        for row in (first, second):
            row.setSpacing(theme.S)
        first.addWidget(self.consult_button)
        first.addStretch(1)
        second.addWidget(self._release)
        second.addWidget(self._block)
        second.addStretch(1)
        second.addWidget(self._edit)

        self._situation = CustomerSituation()
        self._situation.consultation_chosen.connect(self.show_history)

        self.differences = CustomerDifferences()
        self.differences.consultation_chosen.connect(self.show_history)
        self.differences.update_asked.connect(self._update_registration)

        self._history = CustomerHistoryModel(self)
        self._history_table = RowTable()
        self._history_table.setObjectName("consultas-do-cliente")
        self._history_table.setAccessibleName("Consultas do cliente")
        self._history_table.setModel(self._history)
        self._history_table.setItemDelegate(StatusDelegate(self._history_table))
        prepare_table(self._history_table)
        self._history_table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self._history_table.horizontalHeader()
        for section, width in enumerate(WIDTHS):
            header.resizeSection(section, width)
        header.setStretchLastSection(True)
        self._history_table.selectionModel().selectionChanged.connect(self._open_selected)
        self._result = ResultView(self._office.backoffice, "As consultas na SEFAZ e na ANP aparecem aqui.")
        self._result.receipt.offer_in(self._history_table)
        self._result.diagnosis_wanted.connect(self._office.diagnose)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setObjectName("consultas-do-cliente")
        parts.setChildrenCollapsible(False)
        parts.addWidget(self._history_table)
        parts.addWidget(self._result)
        parts.setStretchFactor(1, 1)
        parts.setSizes([150, 420])
        memory = LayoutMemory(self._office.folders, "cliente", self)
        memory.panes(parts)
        memory.columns(self._history_table)

        self.analyses = CreditAnalysesTab(self._office)
        self.consultations = Segments()
        self.consultations.add("SEFAZ e ANP", parts)
        self.consultations.add("Análises de crédito", self.analyses)
        self.consultations.changed.connect(self._view_changed)

        self._tabs = QTabWidget()
        self._tabs.addTab(self._situation, "Situação")
        self._tabs.addTab(self.consultations, "Consultas")
        self._tabs.addTab(self.differences, "Divergências")
        self._tabs.currentChanged.connect(self._view_changed)

        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(theme.L, 0, 0, 0)
        layout.setSpacing(theme.S)
        layout.addWidget(self._name)
        layout.addWidget(self._identity)
        layout.addSpacing(theme.XS)
        layout.addLayout(first)
        layout.addLayout(second)
        layout.addWidget(self._failure)
        layout.addWidget(self._tabs, 1)
        return page

    # --- what it shows ---

    def _show(self, loaded: CustomerFacts | None) -> None:
        self._reading = None
        if loaded is None:
            self.show_nothing()
            return
        first_time = self._loaded is None
        self._loaded = loaded
        row, fields = loaded.row, loaded.fields
        self._failure.clear()
        self._name.setText(row.name + ("" if row.active else " (inativo)"))
        place = f"{row.city}/{row.uf}" if row.city else row.uf
        identity = [row.document.named, f"IE {row.ie}" if row.ie else "", place, row.brand]
        trade_name = fields["fantasia"]
        self._identity.setText(
            (f"{trade_name}\n" if trade_name else "") + " · ".join(part for part in identity if part)
        )
        self._release.setEnabled(bool(loaded.active))
        self._release.setToolTip("" if loaded.active else "O cliente não está bloqueado")
        self._situation.show_facts(loaded)
        self.differences.show_comparison(loaded.comparison)
        number = len(loaded.comparison.found)
        self._tabs.setTabText(2, f"Divergências ({number})" if number else "Divergências")
        self._offer_anp()
        shown = self._result.consultation_id
        self._history.show(loaded.history, loaded.changed)
        self._tabs.setTabText(_CONSULTATIONS, f"Consultas ({len(loaded.history)})" if loaded.history else "Consultas")
        self.analyses.show_customer(row)
        if loaded.history:
            newest = loaded.history[0].id
            position = None if first_time or shown is None else self._history.find(shown)
            self._history_table.selectRow(position or 0)
            if self._shows_history:
                self._result.show_consultation(newest if position is None else loaded.history[position].id)
        self.setCurrentIndex(ONE)
        self.show()

    def _show_error(self, error: Exception) -> None:
        self._reading = None
        self._failure.show_failure(failure_of(error))
        self.setCurrentIndex(ONE)
        self.show()

    @Slot()
    def _offer_anp(self) -> None:
        """Whether ANP may be asked, by the settings and by the customer's registration."""
        off = "" if self._office.snapshot[ANP_ONLINE] else ANP_OFF
        self._consult_several.show_anp(off)
        self.consult_button.show_anp(off or (not_consulted(self._loaded) if self._loaded is not None else ""))

    @property
    def _shows_history(self) -> bool:
        """Whether the consultations at SEFAZ and ANP are on the screen."""
        return self._tabs.currentIndex() == _CONSULTATIONS and self.consultations.index == _AUTHORITIES

    # --- what can be done ---

    @Slot(QItemSelection, QItemSelection)
    def _open_selected(self, chosen: QItemSelection, left: QItemSelection) -> None:
        if self._shows_history and not chosen.isEmpty():
            self._result.show_consultation(self._history.row(chosen.indexes()[0].row()).id)

    @Slot(int)
    def _view_changed(self, _place: int) -> None:
        rows = self._history_table.selectionModel().selectedRows()
        if self._shows_history and rows:
            self._result.show_consultation(self._history.row(rows[0].row()).id)

    @Slot()
    def _open_registration(self) -> None:
        if self._customer_id is not None:
            self._office.open_page.emit("tabelas", ("clientes", self._customer_id))

    @Slot(object)
    def _update_registration(self, chosen: tuple[Difference, ...]) -> None:
        loaded = self._loaded
        if loaded is None or loaded.comparison.consultation_id is None:
            return
        customer_id, consultation_id = loaded.row.id, loaded.comparison.consultation_id
        database, actor = self._database, self._office.actor
        self.differences.show_saving()

        def write() -> str:
            from app.data.registration_update import take_over

            with database.writing() as connection:
                return take_over(connection, customer_id, consultation_id, chosen, actor)

        tasks.run(write, partial(self._updated, customer_id), partial(self._not_updated, customer_id), self)

    def _updated(self, customer_id: int, said: str) -> None:
        if customer_id == self._customer_id:
            self.differences.show_done(said)
        self._office.customers_changed.emit()

    def _not_updated(self, customer_id: int, error: Exception) -> None:
        if customer_id != self._customer_id:
            self._show_error(error)
            return
        self.differences.show_error(error)
        self.reload()  # it may be compared with something else now

    @Slot()
    def _ask_block(self) -> None:
        if self._loaded is not None:
            self._dialog = BlockDialog(self._loaded.row.name, self)
            self._dialog.accepted.connect(self._block_as_asked)
            self._dialog.open()

    @Slot()
    def _ask_release(self) -> None:
        if self._loaded is not None and self._loaded.active:
            self._dialog = ReleaseDialog(self._loaded.row.name, self._loaded.active, self)
            self._dialog.accepted.connect(self._release_as_asked)
            self._dialog.open()

    @Slot()
    def _block_as_asked(self) -> None:
        dialog, customer_id = self._dialog, self._customer_id
        if isinstance(dialog, BlockDialog) and customer_id is not None:
            reason = dialog.reason

            def block(connection: Connection, actor: str, at: datetime) -> None:
                from app.data import manual_blocks

                manual_blocks.block(connection, customer_id, reason, actor=actor, at=at)

            self._write(block)

    @Slot()
    def _release_as_asked(self) -> None:
        dialog, customer_id = self._dialog, self._customer_id
        if isinstance(dialog, ReleaseDialog) and customer_id is not None:
            chosen, reason = dialog.chosen, dialog.reason

            def release(connection: Connection, actor: str, at: datetime) -> None:
                from app.data import manual_blocks

                manual_blocks.release(connection, customer_id, chosen, reason, actor=actor, at=at)

            self._write(release)

    def _write(self, change: Callable[[Connection, str, datetime], None]) -> None:
        """Change the customer's blocks in one transaction, off the GUI thread."""
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None
        database, actor = self._database, self._office.actor

        def write() -> None:
            with database.writing() as connection:
                change(connection, actor, datetime.now(UTC))

        tasks.run(write, self._written, self._show_error, self)

    def _written(self, _nothing: None) -> None:
        self._office.customers_changed.emit()
