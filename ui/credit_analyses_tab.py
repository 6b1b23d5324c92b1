"""The credit analyses of one customer: asked for and made, their results and errors, and how to ask for another."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QLabel, QMenu, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app.credit_analysis import IN_FLIGHT, AnalysisState
from app.domain import Authority, DocumentKind
from app.policies import Environment
from app.settings.catalog import CREDIT_ALLOWED
from ui import icons, pages, tasks, theme
from ui.ask_credit_analysis import AskCreditAnalysis
from ui.banner import Banner
from ui.credit_analysis_model import OF_CUSTOMER, Column, CreditAnalysisModel, text_of
from ui.credit_list_paper import CreditListOutput
from ui.credit_report_dialog import CreditReportDialog
from ui.empty_state import EmptyState
from ui.failure_view import FailureView, failure_of
from ui.inscription_card import selectable
from ui.layout_memory import LayoutMemory
from ui.row_table import RowTable
from ui.status_delegate import StatusDelegate
from ui.table_look import prepare_table
from ui.theme import Tone
from ui.wrapping_row import WrappingRow

if TYPE_CHECKING:
    from app.data.credit_lists import ListedAnalysis
    from app.data.customers import CustomerRow
    from services.credit.prospect import Prospect
    from ui.office import Office

_LOOK_AGAIN_MS = 5_000
_TEST = "Homologação: dados de teste, que nunca aprovam um pedido."
_LIST, _NOTHING, _FAILED = range(3)


class CreditAnalysesTab(QWidget):
    """Reads, off the GUI thread, while it is on the screen."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        from app.data.credit_analyses import AnalysisQuery

        super().__init__(parent)
        self._office = office
        self._customer: CustomerRow | None = None
        self._prospects: list[Prospect] = []
        self._reading: tasks.Task[list[Prospect]] | None = None
        self._wanted_id: int | None = None
        self._dialog: CreditReportDialog | None = None
        self.model = CreditAnalysisModel(office, OF_CUSTOMER, AnalysisQuery(), self)
        self.output = CreditListOutput(office)
        self._make_buttons()
        self._make_list()
        self._lay_out()
        # Other computers make analyses too, and tell nobody.
        self._look_again = QTimer(self, interval=_LOOK_AGAIN_MS)
        self._look_again.timeout.connect(self._refresh_list)
        office.snapshot_changed.connect(self.reload)

    def show_customer(self, customer: CustomerRow) -> None:
        """Show the analyses of this customer as they are now."""
        if self._customer is None or customer.id != self._customer.id:
            self._said.hide()
            self._prospects = []
        self._customer = customer
        if self.isVisible():
            self.reload()

    @Slot()
    def reload(self) -> None:
        """Read the list again, and what asking for another would do."""
        from app.data.credit_analyses import AnalysisQuery

        customer = self._customer
        if customer is None or not self.isVisible():
            return
        query = AnalysisQuery(customer_id=customer.id, document=customer.document)
        if query != self.model.query:
            self.model.show(query)
        else:
            self.model.refresh()
        self.output.show_list(query, OF_CUSTOMER, f"{customer.name} · {customer.document.named}")
        self._offer_asking()
        self._read_prospects(customer)
        if self._dialog is not None:
            self._dialog.reload()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.reload()
        self._look_again.start()

    def hideEvent(self, event: QHideEvent) -> None:
        self._look_again.stop()
        super().hideEvent(event)

    # --- how it is made ---

    def _make_buttons(self) -> None:
        self.open_button = QPushButton(icons.icon("eye"), "Consulta")
        self.open_button.setToolTip("Abre o resultado da análise selecionada. Enter")
        self.open_button.setAccessibleName("Abrir o resultado da análise selecionada")
        self.errors_button = QPushButton(icons.icon("warning"), "Erros")
        self.errors_button.setToolTip("Mostra por que a gerenciadora não respondeu")
        self.errors_button.setAccessibleName("Ver por que a análise selecionada falhou")
        for button in (self.open_button, self.errors_button):
            button.clicked.connect(self._open_selected)
        self.print_button = QPushButton(icons.icon("print"), "Imprime Lista")
        self.print_button.setToolTip("Imprime ou salva em PDF as análises deste cliente. Ctrl+P, Ctrl+Shift+P")
        menu = QMenu(self.print_button)
        menu.addActions((self.output.print_action, self.output.save_action))
        self.print_button.setMenu(menu)
        self.ask_button = QPushButton(icons.icon("add"), "Pedir análise…")
        self.ask_button.clicked.connect(self._ask)
        self._why = theme.role(QLabel(), "hint")
        self._why.setWordWrap(True)
        self._settings = QPushButton("Abrir as configurações")
        theme.link(self._settings)
        self._settings.clicked.connect(self._open_settings)
        self._said = QLabel()
        self._said.setWordWrap(True)
        theme.tone(self._said, Tone.OK)
        self._said.hide()
        self._failure = FailureView()
        self._summary = selectable()
        self._summary.setAccessibleName("Análise selecionada")

    def _make_list(self) -> None:
        self.banner = Banner(tone=Tone.BLOCK)
        self.table = RowTable()
        self.table.setObjectName("analises-do-cliente")
        self.table.setAccessibleName("Análises de crédito do cliente")
        self.table.setModel(self.model)
        self.table.setItemDelegate(StatusDelegate(self.table))
        prepare_table(self.table)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setMinimumHeight(132)  # three lines, whatever is said above it
        header = self.table.horizontalHeader()
        for section, column in enumerate(OF_CUSTOMER):
            header.resizeSection(section, column.width)
        header.setStretchLastSection(True)
        header.setSectionsMovable(True)
        LayoutMemory(self._office.folders, "cliente", self).columns(self.table)
        self.table.activated.connect(self._activated)
        self.table.selectionModel().selectionChanged.connect(self._offer_opening)
        self.model.loaded.connect(self._loaded)
        self.model.failed.connect(self._not_read)
        self.output.offer_in(self, self.table)

    def _lay_out(self) -> None:
        nothing = EmptyState(
            "order",
            "Nenhuma análise de crédito",
            "Um pedido que precisa dela a põe na fila. Aqui ela também pode ser pedida, quando a configuração permite.",
        )
        self._places = QStackedWidget()
        self._list_failure = FailureView()
        failed = QWidget()
        column = QVBoxLayout(failed)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._list_failure)
        column.addStretch(1)
        for place in (self.table, nothing, failed):
            self._places.addWidget(place)
        buttons = WrappingRow()
        for button in (self.ask_button, self.open_button, self.errors_button, self.print_button):
            button.setAutoDefault(False)
            buttons.add_widget(button)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, theme.S, 0, 0)
        whole.setSpacing(theme.S)
        whole.addWidget(self.banner)
        whole.addWidget(buttons)
        whole.addWidget(self._why)
        whole.addWidget(self._settings, 0, Qt.AlignmentFlag.AlignLeft)
        whole.addWidget(self._said)
        whole.addWidget(self._failure)
        whole.addWidget(self.output)
        whole.addWidget(self._places, 1)
        whole.addWidget(self._summary)
        self._offer_opening()
        self._offer_asking()

    # --- the list ---

    @Slot()
    def _refresh_list(self) -> None:
        """Somebody may have made what waits."""
        if self.model.positions(lambda listed: listed.row.state in IN_FLIGHT):
            self.model.refresh()
            if self._dialog is not None:
                self._dialog.reload()

    @Slot(int)
    def _loaded(self, total: int) -> None:
        self._list_failure.clear()
        self._places.setCurrentIndex(_LIST if total else _NOTHING)
        self.print_button.setEnabled(bool(total))
        for action in (self.output.print_action, self.output.save_action):
            action.setEnabled(bool(total))
        is_test = self.model.positions(lambda listed: listed.row.environment is Environment.TEST)
        self.banner.say((_TEST,) if is_test else ())
        self._select_again()
        self._offer_opening()

    def _select_again(self) -> None:
        """The analysis asked for just now; else the one that was selected, which may be on another line."""
        wanted, self._wanted_id = self._wanted_id, None
        selected = self._selected()
        kept = wanted if wanted is not None else None if selected is None else selected.id
        positions = self.model.positions(lambda listed: listed.id == kept) if kept is not None else [0]
        if positions and self.model.rowCount():
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self.table.follow(positions[0], flags)

    @Slot(object)
    def _not_read(self, error: Exception) -> None:
        self._list_failure.show_failure(failure_of(error))
        self._places.setCurrentIndex(_FAILED)

    def _selected(self) -> ListedAnalysis | None:
        rows = self.table.selectionModel().selectedRows()
        return self.model.row(rows[0].row()) if rows else None

    @Slot()
    def _offer_opening(self) -> None:
        selected = self._selected()
        self.open_button.setEnabled(selected is not None and selected.row.state is AnalysisState.ANSWERED)
        self.errors_button.setEnabled(selected is not None and selected.row.failed)
        summary = "" if selected is None else _summary(selected)
        self._summary.setText(summary)
        self._summary.setVisible(bool(summary))

    @Slot(QModelIndex)
    def _activated(self, _index: QModelIndex) -> None:
        self._open_selected()

    @Slot()
    def _open_selected(self) -> None:
        selected = self._selected()
        if selected is None:
            return
        if self._dialog is None:
            self._dialog = CreditReportDialog(self._office, self)
        self._dialog.show_analysis(selected.id)

    # --- asking for another ---

    def _read_prospects(self, customer: CustomerRow) -> None:
        if self._reading is not None:
            self._reading.drop()
        backoffice, document = self._office.backoffice, customer.document

        def read() -> list[Prospect]:
            from services.credit.prospect import prospects

            snapshot = backoffice.settings.load()
            with backoffice.database.reading() as connection:
                return prospects(connection, document, snapshot, datetime.now(UTC))

        self._reading = tasks.run(read, self._take_prospects, self._not_known, self)

    def _take_prospects(self, found: list[Prospect]) -> None:
        self._reading = None
        self._prospects = found
        self._failure.clear()
        self._offer_asking()

    def _not_known(self, error: Exception) -> None:
        self._reading = None
        self._failure.show_failure(failure_of(error))

    def _offer_asking(self) -> None:
        """Let one be asked for, or say why not: in words, since a disabled button is not reached by the keyboard."""
        why = self._why_not()
        known = bool(self._prospects) or bool(why)
        self.ask_button.setEnabled(known and not why)
        self.ask_button.setToolTip(why or "Pede uma análise deste cliente à gerenciadora de uma empresa")
        self.ask_button.setAccessibleDescription(why)
        self._why.setText(why)
        self._why.setVisible(bool(why))
        self._settings.setVisible(bool(why) and all(one.refusal is not None for one in self._prospects))

    def _why_not(self) -> str:
        """Why no analysis can be asked for here; "" when one can, or that is not known yet."""
        customer = self._customer
        if customer is None:
            return ""
        if customer.document.kind is DocumentKind.IE:
            return "As gerenciadoras só são consultadas por CNPJ ou CPF, e este cliente tem só a inscrição estadual."
        if not customer.active:
            return "O cliente está inativo: uma análise só é pedida de quem está habilitado."
        refusals = {one.title: one.refusal for one in self._prospects}
        if not refusals or any(refusal is None for refusal in refusals.values()):
            return ""
        said = {title: refusal.what for title, refusal in refusals.items() if refusal is not None}
        if len(set(said.values())) == 1:
            return f"Não pode ser pedida aqui. {next(iter(said.values()))}"
        return "Não pode ser pedida aqui.\n" + "\n".join(f"{title}: {what}" for title, what in said.items())

    @Slot()
    def _ask(self) -> None:
        if self._customer is None or not self._prospects:
            return
        dialog = AskCreditAnalysis(self._office, self._customer, self._prospects, self)
        dialog.asked.connect(self._asked)
        dialog.open()

    @Slot(int, bool)
    def _asked(self, number: int, is_new: bool) -> None:
        told = "foi pedida e está na fila." if is_new else "já estava na fila, e deixou de esperar."
        self._said.setText(f"A análise nº {number} {told}")
        self._said.show()
        self._wanted_id = number
        self.reload()
        for service in self._office.services:
            if service.authority is Authority.CREDIT:
                service.wake()

    @Slot()
    def _open_settings(self) -> None:
        self._office.open_page.emit(pages.PROFILES, CREDIT_ALLOWED)


def _summary(listed: ListedAnalysis) -> str:
    """What matters of one analysis, which a narrow list does not show all at once."""
    validity = text_of(listed, Column.VALIDITY)
    parts = (
        f"Nº {listed.id}: {text_of(listed, Column.OUTCOME) or text_of(listed, Column.STATE)}",
        validity if listed.expired or not validity else f"vale até {validity}",
        text_of(listed, Column.ENVIRONMENT),
        f"empresa {text_of(listed, Column.COMPANY)}",
    )
    return " · ".join(part for part in parts if part)
