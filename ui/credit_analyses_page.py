"""The credit analyses of every customer: what the queue does, the list, each analysis whole at the side."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.credit_analysis import AnalysisOutcome, AnalysisState
from app.domain import Authority
from app.policies import Environment
from app.settings.catalog import CREDIT_ALLOWED
from app.tables import CREDIT_MANAGERS
from ui import icons, pages, tasks, theme, words
from ui.credit_analysis_model import ENVIRONMENTS, OF_ALL, ON_PAPER, STATES, CreditAnalysisModel
from ui.credit_list_paper import CreditListOutput
from ui.credit_queue import CreditQueue
from ui.credit_report_view import CreditReportView
from ui.empty_state import EmptyState
from ui.failure_view import FailureView, failure_of
from ui.filter_boxes import CompanyBox
from ui.live_journal_page import LiveJournalPage
from ui.references import ReferenceSource
from ui.search_box import SearchBox
from ui.theme import Tone
from ui.wrapping_row import WrappingRow

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.data.credit_analyses import AnalysisQuery, FullAnalysis
    from app.data.database import Database
    from ui.office import Office

_LIVE_MS = 200


class CreditAnalysesPage(LiveJournalPage[CreditAnalysisModel]):
    """`show_argument` takes an analysis's number, or an AnalysisState or AnalysisOutcome to filter by."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        def model(_database: Database, owner: QObject) -> CreditAnalysisModel:
            from app.data.credit_analyses import AnalysisQuery

            return CreditAnalysisModel(office, OF_ALL, AnalysisQuery(), owner)

        search = SearchBox("Buscar cliente ou documento", "Buscar análises por cliente ou documento")
        widths = [column.width for column in OF_ALL]
        super().__init__(pages.CREDIT_ANALYSES, "Análises de crédito", office, model, widths, search, parent)
        self.table.setObjectName("analises")
        self.table.setAccessibleName("Análises de crédito de todos os clientes")
        self._shown: FullAnalysis | None = None
        self._references = ReferenceSource(office, self)

        self.queue = CreditQueue(office)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setContentsMargins(0, 0, 0, theme.S)
        self.said.hide()
        self.refusal = FailureView()
        self.output = CreditListOutput(office)
        self.body.addWidget(self.queue)
        above = QVBoxLayout()  # together, what says nothing takes no room
        above.setSpacing(0)
        for widget in (self.said, self.refusal, self.output):
            above.addWidget(widget)
        self._state, self._outcome, self._environment = QComboBox(), QComboBox(), QComboBox()
        self._company = CompanyBox(self._references)
        above.addLayout(self._filters())
        self.body.addLayout(above)
        self.view = CreditReportView(office)
        self._add_analyses()

        self._keep_live(_LIVE_MS)
        self._references.failed.connect(self._failed)
        self.queue.failed.connect(self._failed)
        self.queue.refused.connect(self._refused)
        self.queue.changed.connect(self._read_shown)
        self.queue.force_wanted.connect(self._force_all)
        self.view.shown.connect(self._offer)
        self.view.customer_wanted.connect(self._open_customer)
        office.service_of(Authority.CREDIT).started_one.connect(self._something_happened)
        office.service_of(Authority.CREDIT).finished_one.connect(self._something_happened)
        office.snapshot_changed.connect(self._settings_changed)

    def entered(self) -> None:
        """Show the service, the queue and the list as they are now."""
        self.queue.card.show_state()
        self._references.refresh()
        super().entered()

    def show_argument(self, argument: object) -> None:
        """Show one analysis whole, or those in one state or with one result."""
        if isinstance(argument, int):
            self._show(argument)
        elif isinstance(argument, AnalysisState | AnalysisOutcome):
            self.clear_filters()
            box = self._state if isinstance(argument, AnalysisState) else self._outcome
            box.setCurrentIndex(box.findData(argument.value))

    @Slot()
    def refresh(self) -> None:
        """Read the queue and the list again; the analysis at the side too, when it went on."""
        super().refresh()
        self.queue.refresh()

    # --- how it is made ---

    def _filters(self) -> QHBoxLayout:
        # The values are plain text: an enum kept in a combo box would not come back as itself.
        self._state.setAccessibleName("Filtro: situação")
        self._state.addItem("Todas as situações", "")
        for state, look in STATES.items():
            self._state.addItem(icons.icon(look.icon), look.word, state.value)
        self._outcome.setAccessibleName("Filtro: resultado")
        self._outcome.addItem("Todos os resultados", "")
        for outcome in AnalysisOutcome:
            look = words.verdict(outcome)
            self._outcome.addItem(icons.icon(look.icon), look.word, outcome.value)
        self._environment.setAccessibleName("Filtro: ambiente")
        self._environment.addItem("Todos os ambientes", "")
        for environment, look in ENVIRONMENTS.items():
            self._environment.addItem(look.word, environment.value)
        return self._filter_row(self._state, self._outcome, self._company, self._environment)

    def _add_analyses(self) -> None:
        empty = EmptyState(
            pages.BY_KEY[pages.CREDIT_ANALYSES].icon,
            "Nenhuma análise de crédito foi pedida ainda",
            "Um pedido que precisa dela a põe na fila; no cadastro do cliente ela também pode ser pedida, se a Forma "
            f"de Consulta deixa. Antes: cadastre a gerenciadora, escolha-a e ligue “{CREDIT_ALLOWED.label}”.",
        )
        empty.add_button("Cadastrar gerenciadora", "tables").clicked.connect(self._go_to_managers)
        empty.add_button("Abrir as configurações", "profiles").clicked.connect(self._go_to_settings)
        nothing = EmptyState(
            "filter", "Nenhuma análise com este filtro", "A busca olha o nome do cliente e o documento analisado."
        )
        self.force = QPushButton(icons.icon("play"), "Forçar agora")
        self.force.setToolTip("Faz esta análise agora, sem esperar a fila nem a próxima tentativa")
        self.force.clicked.connect(self._force_shown)
        self.cancel = QPushButton(icons.icon("cancel"), "Cancelar…")
        self.cancel.setToolTip("Tira esta análise da fila")
        self.cancel.clicked.connect(self._ask_cancelling)
        self._actions = WrappingRow()
        for button in (self.force, self.cancel):
            self._actions.add_widget(button)
        self._actions.hide()
        self.print_button = QPushButton(icons.icon("print"), "Imprime Lista")
        self.print_button.setToolTip("Imprime ou salva em PDF as análises desta lista. Ctrl+P, Ctrl+Shift+P")
        menu = QMenu(self.print_button)
        menu.addActions((self.output.print_action, self.output.save_action))
        self.print_button.setMenu(menu)
        self.header.addWidget(self.print_button)
        QWidget.setTabOrder(self._search, self.print_button)
        beside = QVBoxLayout()
        beside.setSpacing(theme.S)
        beside.addWidget(self._actions)
        beside.addWidget(self.view, 1)
        self._add_journal(empty, nothing, beside)
        self.output.offer_in(self.table)

    # --- the list ---

    def _wanted(self) -> AnalysisQuery:
        from app.data.credit_analyses import AnalysisQuery

        state, outcome = str(self._state.currentData()), str(self._outcome.currentData())
        environment = str(self._environment.currentData())
        return AnalysisQuery(
            self._search.text(),
            AnalysisState(state) if state else None,
            AnalysisOutcome(outcome) if outcome else None,
            self._company.company_id,
            Environment(environment) if environment else None,
        )

    def _count_text(self, total: int) -> str:
        return words.counted(total, "análise", "análises")

    @Slot(int)
    def _loaded(self, total: int) -> None:
        super()._loaded(total)
        whose = "Todos os clientes" if self.model.query == self._everything else "Com os filtros escolhidos"
        self.output.show_list(self.model.query, ON_PAPER, whose)
        self.print_button.setEnabled(bool(total))
        for action in (self.output.print_action, self.output.save_action):
            action.setEnabled(bool(total))
        self._follow_shown()

    def _follow_shown(self) -> None:
        """Read the analysis at the side again when it went on, so that what is read in it is left alone otherwise."""
        shown = self._shown
        if shown is None or shown.row.id != self.view.analysis_id:
            return
        positions = self.model.positions(lambda listed: listed.id == shown.row.id)
        listed = self.model.row(positions[0]) if positions else None
        if (not shown.row.state.is_over) if listed is None else (listed.row != shown.row):
            self._read_shown()

    @Slot()
    def _read_shown(self) -> None:
        if self.view.analysis_id is not None:
            self.view.show_analysis(self.view.analysis_id)

    @property
    def _shown_id(self) -> int | None:
        return self.view.analysis_id

    def _fill_side(self, number: int) -> None:
        if self._shown is not None and self._shown.row.id != number:
            self._shown = None
            self._show_actions(False)
        self.view.show_analysis(number)

    @Slot(object)
    def _offer(self, full: FullAnalysis) -> None:
        """What can be done to the analysis at the side."""
        self._shown = full
        self._show_actions(full.row.state is AnalysisState.QUEUED)
        for button, what in ((self.force, "Forçar agora"), (self.cancel, "Cancelar")):
            button.setAccessibleName(f"{what}: análise nº {full.row.id}")

    def _show_actions(self, visible: bool) -> None:
        """The keyboard goes from a button that goes away to the list."""
        if not visible and (self.force.hasFocus() or self.cancel.hasFocus()):
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        self._actions.setVisible(visible)

    @Slot()
    def _settings_changed(self) -> None:
        """How long each one is good may be another now."""
        if self.isVisible():
            self.refresh()
            self._read_shown()

    # --- what can be done ---

    @Slot()
    def _force_shown(self) -> None:
        if self._shown is not None:
            self._force(self._shown.row.id)

    @Slot()
    def _force_all(self) -> None:
        self._force(None)

    def _force(self, number: int | None) -> None:
        def force(connection: Connection) -> int:
            from app.data import credit_analyses

            return credit_analyses.force(connection, number, datetime.now(UTC))

        self._write(force, partial(self._forced, number))

    def _forced(self, number: int | None, how_many: int) -> None:
        if not how_many:
            self._tell(_gone(number), Tone.WARN)
        elif number is not None:
            self._tell(f"A análise nº {number} será feita assim que o serviço puder.", Tone.OK)
        elif how_many == 1:
            self._tell("A análise da fila será feita assim que o serviço puder.", Tone.OK)
        else:
            self._tell(f"As {words.number(how_many)} análises da fila serão feitas assim que o serviço puder.", Tone.OK)
        self._office.service_of(Authority.CREDIT).wake()
        self._something_changed()

    @Slot()
    def _ask_cancelling(self) -> None:
        if self._shown is None:
            return
        row = self._shown.row
        box = QMessageBox(
            QMessageBox.Icon.Question,
            "Cancelar análise",
            f"Cancelar a análise nº {row.id}, de {row.customer or row.document.named}?",
            parent=self,
        )
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setInformativeText("Ela sai da fila e não é consultada. Um pedido que precise dela põe outra na fila.")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        yes = box.addButton("Cancelar a análise", QMessageBox.ButtonRole.DestructiveRole)
        no = box.addButton("Voltar", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(no)
        box.setEscapeButton(no)
        box.buttonClicked.connect(partial(self._answer_cancelling, row.id, yes))
        box.open()

    def _answer_cancelling(self, number: int, yes: QAbstractButton, answer: QAbstractButton) -> None:
        if answer is not yes:
            return

        def cancel(connection: Connection) -> bool:
            from app.data import credit_analyses

            return credit_analyses.cancel(connection, number)

        self._write(cancel, partial(self._cancelled, number))

    def _cancelled(self, number: int, done: bool) -> None:
        if done:
            self._tell(f"A análise nº {number} foi cancelada.", Tone.OK)
        else:
            self._tell(_gone(number), Tone.WARN)
        self._something_changed()

    def _write(self, change: Callable[[Connection], int], done: Callable[[int], None]) -> None:
        self.said.hide()
        self.refusal.clear()
        database = self._office.backoffice.database

        def write() -> int:
            with database.writing() as connection:
                return change(connection)

        tasks.run(write, done, self._refused, self)

    def _something_changed(self) -> None:
        self.refresh()
        self._read_shown()

    def _tell(self, sentence: str, tone: Tone) -> None:
        self.said.setText(sentence)
        theme.tone(self.said, tone)
        self.said.show()

    @Slot(object)
    def _refused(self, error: Exception) -> None:
        self.refusal.show_failure(failure_of(error))

    # --- where it leads ---

    @Slot(int)
    def _open_customer(self, customer_id: int) -> None:
        self._office.open_page.emit(pages.CUSTOMERS, customer_id)

    @Slot()
    def _go_to_managers(self) -> None:
        self._office.open_page.emit(pages.TABLES, CREDIT_MANAGERS.key)

    @Slot()
    def _go_to_settings(self) -> None:
        self._office.open_page.emit(pages.PROFILES, CREDIT_ALLOWED)


def _gone(number: int | None) -> str:
    if number is None:
        return "A fila já estava vazia: outro computador fez as análises, ou foram canceladas."
    return f"A análise nº {number} já não está na fila: está sendo feita, foi feita ou foi cancelada."
