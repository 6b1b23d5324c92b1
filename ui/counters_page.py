"""The counters that may call the integration service: which are at work, from where, and with which token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QStackedWidget,
    QWidget,
)

from app.rules.counter_presence import Presence, presence
from app.settings.catalog import INTEGRATION_ACTIVE
from app.tables import COMPANIES
from services.integration.server import ServerPhase
from ui import counter_address, icons, pages, tasks, theme, words
from ui.counter_model import WIDTHS, CounterModel
from ui.empty_state import EmptyState
from ui.failure_view import FailureView, failure_of
from ui.layout_memory import LayoutMemory
from ui.new_counter import NewCounter
from ui.page import Page
from ui.row_table import RowTable
from ui.server_words import SERVER_ICONS
from ui.status_delegate import StatusDelegate
from ui.table_look import prepare_table

if TYPE_CHECKING:
    from app.data.counters import Counter
    from services.backoffice import Backoffice
    from ui.office import Office

_AGAIN_MS = 10_000
"""How often the list is read while it is looked at; the service writes down who called every 15 seconds."""


@dataclass(frozen=True)
class _Reading:
    """What the page shows; `companies` are the names of all, `choices` those that may be chosen."""

    counters: list[Counter]
    companies: dict[int, str]
    choices: dict[int, str]


class CountersPage(Page):
    """The list, refreshed while it is looked at."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__(pages.COUNTERS, "Balcões", ("Balcão",), parent)
        self._office = office
        self._found = _Reading([], {}, {})
        self._select_after: int | None = None
        self._task: tasks.Task[_Reading] | None = None
        self._question: QMessageBox | None = None

        self.service_icon = QLabel()
        self.service = QLabel()
        self.service.setWordWrap(True)
        self.settings = QPushButton("Serviço de integração")
        theme.link(self.settings)
        self.settings.setToolTip("Abre Balcão › Integração, onde o serviço é iniciado e parado")
        self.settings.clicked.connect(self._open_settings)
        state = QHBoxLayout()
        state.setSpacing(theme.S)
        state.addWidget(self.service_icon)
        state.addWidget(self.service, 1)
        state.addWidget(self.settings)

        self.add_button = QPushButton("Incluir balcão…")
        self.add_button.setToolTip("Ctrl+N")
        theme.primary(self.add_button)
        self.add_button.clicked.connect(self.add_counter)
        QShortcut(QKeySequence(QKeySequence.StandardKey.New), self, self.add_counter)
        self.again_button = QPushButton(icons.icon("reactivate"), "Incluir de novo…")
        self.again_button.setToolTip("Dá um token novo a este balcão, que foi revogado")
        self.again_button.clicked.connect(self._add_again)
        self.revoke_button = QPushButton(icons.icon("block"), "Revogar…")
        self.revoke_button.setToolTip("O token deste balcão deixa de valer")
        self.revoke_button.clicked.connect(self._ask_to_revoke)
        self.show_revoked = QCheckBox("Mostrar revogados")
        self.show_revoked.toggled.connect(self._show)
        self.count = theme.role(QLabel(), "hint")
        actions = QHBoxLayout()
        actions.setSpacing(theme.S)
        for button in (self.add_button, self.again_button, self.revoke_button):
            actions.addWidget(button)
        actions.addStretch(1)
        actions.addWidget(self.count)
        actions.addSpacing(theme.S)
        actions.addWidget(self.show_revoked)

        self.failure = FailureView()
        self.model = CounterModel(self)
        self.view = RowTable()
        self.view.setObjectName("balcoes")
        self.view.setAccessibleName("Balcões")
        self.view.setModel(self.model)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        prepare_table(self.view)
        self.view.setItemDelegate(StatusDelegate(self.view))
        self.view.horizontalHeader().setStretchLastSection(True)
        for section, width in enumerate(WIDTHS):
            self.view.setColumnWidth(section, width)
        LayoutMemory(office.folders, self.key, self).columns(self.view)
        self.view.selectionModel().currentRowChanged.connect(self._offer)
        empty = EmptyState(
            "counters",
            "Nenhum balcão incluído",
            "Inclua cada computador ou sistema que vai chamar o serviço. Ele recebe um token, sem o qual nada é lido.",
        )
        empty.add_button("Incluir balcão…", "add").clicked.connect(self.add_counter)
        only_revoked = EmptyState("counters", "Todos os balcões foram revogados", "Nenhum token vale agora.")
        only_revoked.add_button("Mostrar revogados", "eye").clicked.connect(self.show_revoked.click)
        self.stack = QStackedWidget()
        for place in (self.view, empty, only_revoked):
            self.stack.addWidget(place)
        self.body.addLayout(state)
        self.body.addLayout(actions)
        self.body.addWidget(self.failure)
        self.body.addWidget(self.stack, 1)

        self._again = QTimer(self, interval=_AGAIN_MS)
        self._again.timeout.connect(self.entered)
        office.desk.state_changed.connect(self._say_service)
        office.snapshot_changed.connect(self._say_service)
        self._offer()
        self._say_service()

    @property
    def selected(self) -> Counter | None:
        """The counter chosen in the list."""
        index = self.view.currentIndex()
        return self.model.counter(index.row()) if index.isValid() else None

    @Slot()
    def entered(self) -> None:
        """Read the counters again."""
        if self._task is not None:
            self._task.drop()  # it may have been read before what is to be seen now
        backoffice = self._office.backoffice
        self._task = tasks.run(lambda: _read(backoffice), self._take, self._failed, self)

    def _take(self, found: _Reading) -> None:
        self.failure.clear()
        self._found = found
        self._show()

    @Slot()
    def _show(self) -> None:
        now, chosen = datetime.now(UTC), self.selected
        wanted = self._select_after if self._select_after is not None else chosen.id if chosen is not None else None
        self._select_after = None
        every = self._found.counters
        shown = [each for each in every if self.show_revoked.isChecked() or not each.revoked]
        self.model.show(shown, self._found.companies, now)
        line = None if wanted is None else self.model.line_of(wanted)
        if line is not None:
            self.view.selectRow(line)
        self.stack.setCurrentIndex(0 if shown else 2 if every else 1)
        online = sum(presence(each, now) is Presence.ONLINE for each in every)
        working = sum(not each.revoked for each in every)
        self.count.setText(f"{online} de {words.counted(working, 'balcão', 'balcões')} online" if working else "")
        self.show_revoked.setVisible(working < len(every))
        self._offer()

    @Slot()
    def _say_service(self) -> None:
        state = self._office.desk.state
        self.service_icon.setPixmap(icons.solid(SERVER_ICONS[state.phase]).pixmap(18))
        if state.phase is ServerPhase.RUNNING:
            where = " ou ".join(counter_address.addresses(self._office.desk.begun_with))
            self.service.setText(f"O serviço atende neste computador, em {where}.")
        elif state.failure is not None:
            self.service.setText(state.failure.what)
        elif state.phase is ServerPhase.STARTING:
            self.service.setText(state.sentence)
        else:
            self.service.setText("O serviço está parado neste computador: daqui nenhum balcão é atendido.")

    @Slot()
    def _offer(self) -> None:
        counter = self.selected
        self.revoke_button.setEnabled(counter is not None and not counter.revoked)
        self.again_button.setVisible(counter is not None and counter.revoked)

    # --- letting in ---

    @Slot()
    def add_counter(self) -> None:
        """Ask about a new counter."""
        self._open_form("")

    @Slot()
    def _add_again(self) -> None:
        if self.selected is not None:
            self._open_form(self.selected.name)

    def _open_form(self, name: str) -> None:
        dialog = NewCounter(self._office, self._found.choices, self, name=name)
        dialog.added.connect(self._added)
        dialog.open()

    @Slot(int)
    def _added(self, number: int) -> None:
        self._select_after = number
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)  # where the keyboard is once the token was seen
        self.entered()

    # --- shutting out ---

    @Slot()
    def _ask_to_revoke(self) -> None:
        counter = self.selected
        if counter is None or self._question is not None:
            return
        box = QMessageBox(self)
        box.setIconPixmap(icons.pixmap("warning", 32))
        box.setWindowTitle("Revogar balcão")
        box.setText(f"Revogar o token do balcão “{counter.name}”?")
        box.setInformativeText(
            "O balcão deixa de ser atendido na hora. O token não volta a valer: para o balcão voltar, ele recebe outro."
        )
        revoke = box.addButton("Revogar", QMessageBox.ButtonRole.DestructiveRole)
        back = box.addButton("Voltar", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(back)
        box.setEscapeButton(back)

        def answered(button: QAbstractButton) -> None:
            self._question = None
            box.deleteLater()
            if button is revoke:
                self._revoke(counter.id)

        box.buttonClicked.connect(answered)
        self._question = box
        box.open()

    def _revoke(self, number: int) -> None:
        backoffice = self._office.backoffice
        tasks.run(lambda: _revoke(backoffice, number), self._revoked, self._failed, self)

    def _revoked(self, _counter: Counter) -> None:
        self._office.desk.forget_counters()
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.entered()

    def _failed(self, error: Exception) -> None:
        self.failure.show_failure(failure_of(error))

    @Slot()
    def _open_settings(self) -> None:
        self._office.open_page.emit(pages.INTEGRATION, INTEGRATION_ACTIVE)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._again.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._again.stop()


def _read(backoffice: Backoffice) -> _Reading:
    from app.data import counters, records

    with backoffice.database.reading() as connection:
        companies = records.every(connection, COMPANIES)
        found = counters.every(connection)
    choices = {company.id: company.title for company in companies if company.active}
    return _Reading(found, {company.id: company.title for company in companies}, choices)


def _revoke(backoffice: Backoffice, number: int) -> Counter:
    from app.data import counters

    with backoffice.database.writing() as connection:
        return counters.revoke(connection, number, backoffice.actor, datetime.now(UTC))
