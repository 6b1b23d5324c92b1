"""What the services are doing, and every consultation made: found, filtered, and whole at the side."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QSignalBlocker, Qt, QTimer, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.domain import AnpOutcome, Authority, Origin, Outcome, Result, Verdict, outcome_of
from ui import icons, theme, words
from ui.consultation_model import WIDTHS, ConsultationModel
from ui.customer_panel import prepare_table
from ui.empty_state import EmptyState
from ui.failure_view import FailureView, failure_of
from ui.layout_memory import LayoutMemory
from ui.page import Page
from ui.result_view import ResultView
from ui.service_card import ServiceCard
from ui.status_delegate import StatusDelegate

if TYPE_CHECKING:
    from app.data.history import HistoryRow
    from ui.office import Office

_SEARCH_MS = 150
_LIVE_MS = 500
_OUTCOMES: dict[Authority | None, tuple[Outcome, ...]] = {
    None: (Verdict.FAILURE,),
    Authority.SEFAZ: tuple(Verdict),
    Authority.ANP: tuple(AnpOutcome),
}
"""The results that the list may be filtered by; those of one authority mean nothing at another, but for the failure."""
LIST, NOTHING_YET, NO_RESULTS, FAILED = range(4)


class ConsultationsPage(Page):
    """`show_argument` takes a consultation's number, or an Outcome to filter by."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__("consultas", "Consultas", ("Ferramentas", "Sistema", "Clientes"), parent)
        self._office = office
        database = office.backoffice.database

        self._search = QLineEdit()
        self._search.setPlaceholderText("Buscar cliente ou documento")
        self._search.setAccessibleName("Buscar consultas por cliente ou documento")
        self._search.setToolTip("Ctrl+F. O documento pode ter pontuação ou não")
        self._search.setClearButtonEnabled(True)
        self._search.setMinimumWidth(320)
        self._search.addAction(icons.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.header.addWidget(self._search)

        self.cards = {authority: ServiceCard(office, authority) for authority in (Authority.SEFAZ, Authority.ANP)}
        cards = QVBoxLayout()
        cards.setSpacing(theme.XS)
        for card in self.cards.values():
            cards.addWidget(card)
        self.body.addLayout(cards)
        self._authority = QComboBox()
        self._verdict = QComboBox()
        self._origin = QComboBox()
        self._clear = QPushButton("Limpar filtros")
        self._count = theme.role(QLabel(), "hint")
        self.body.addLayout(self._filters())

        self.model = ConsultationModel(database, self)
        self.table = QTableView()
        self._failure = FailureView()
        self._places = QStackedWidget()
        self._fill_places()
        self.result = ResultView(database)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setObjectName("lista")
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(self._places)
        self._side = self._beside()
        self._side.hide()
        self._splitter.addWidget(self._side)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setSizes([900, 380])
        memory = LayoutMemory(office.folders, self.key, self)
        memory.panes(self._splitter)
        memory.columns(self.table)
        self.body.addWidget(self._splitter, 1)

        self._search_timer = QTimer(self, singleShot=True, interval=_SEARCH_MS)
        self._search_timer.timeout.connect(self._apply_filters)
        self._search.textChanged.connect(self._search_timer.start)
        self._search.returnPressed.connect(self._enter_list)
        self._live = QTimer(self, singleShot=True, interval=_LIVE_MS)
        self._live.timeout.connect(self.refresh)
        self.model.loaded.connect(self._loaded)
        self.model.failed.connect(self._failed)
        self.model.block_read.connect(self._show_selected)
        office.finished_one.connect(self._on_finished)
        for keys, slot in ((QKeySequence.StandardKey.Find, self._focus_search), (Qt.Key.Key_F5, self.refresh)):
            QShortcut(QKeySequence(keys), self, slot)

    def entered(self) -> None:
        """Show the services and the list as they are now."""
        for card in self.cards.values():
            card.show_state()
        self.refresh()

    def show_argument(self, argument: object) -> None:
        """Show one consultation whole, or those with one result."""
        if isinstance(argument, int):
            self._show(argument)
        elif isinstance(argument, Verdict | AnpOutcome):
            self.clear_filters()
            authority = next(each for each, outcomes in _OUTCOMES.items() if argument in outcomes)
            self._authority.setCurrentIndex(self._authority.findData(authority.value if authority else ""))
            self._verdict.setCurrentIndex(self._verdict.findData(argument.value))

    @Slot()
    def refresh(self) -> None:
        """Read the list again; filters and selection stay."""
        self.model.refresh()

    @Slot()
    def clear_filters(self) -> None:
        """Show every consultation."""
        self._search.clear()
        self._authority.setCurrentIndex(0)
        self._verdict.setCurrentIndex(0)
        self._origin.setCurrentIndex(0)
        self._apply_filters()

    def _filters(self) -> QHBoxLayout:
        # The values are plain text: an enum kept in a combo box would not come back as itself.
        self._authority.setAccessibleName("Filtro: autoridade")
        self._authority.addItem("Todas as autoridades", "")
        for authority in self.cards:
            self._authority.addItem(authority.label, authority.value)
        self._verdict.setAccessibleName("Filtro: resultado")
        self._verdict.setToolTip("Escolha uma autoridade para ver todos os resultados dela")
        self._verdict.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._offer_outcomes()
        self._authority.currentIndexChanged.connect(self._offer_outcomes)
        self._origin.setAccessibleName("Filtro: origem")
        self._origin.addItem("Todas as origens", "")
        for origin, said in words.ORIGINS.items():
            self._origin.addItem(f"Feitas {said}", origin.value)
        for box in (self._authority, self._verdict, self._origin):
            box.currentIndexChanged.connect(self._apply_filters)
        theme.link(self._clear)
        self._clear.clicked.connect(self.clear_filters)
        self._clear.hide()
        row = QHBoxLayout()
        row.setSpacing(theme.S)
        row.addWidget(self._authority)
        row.addWidget(self._verdict)
        row.addWidget(self._origin)
        row.addWidget(self._clear)
        row.addStretch(1)
        row.addWidget(self._count)
        return row

    @Slot()
    def _offer_outcomes(self) -> None:
        """Offer the results of the authority chosen; the one chosen before stays when it is among them."""
        before = self._verdict.currentData()
        blocker = QSignalBlocker(self._verdict)  # the list is asked for once, when the authority has changed
        self._verdict.clear()
        self._verdict.addItem("Todos os resultados", "")
        for outcome in _OUTCOMES[self._chosen_authority()]:
            look = words.verdict(outcome)
            self._verdict.addItem(icons.icon(look.icon), look.word, outcome.value)
        self._verdict.setCurrentIndex(max(0, self._verdict.findData(before)))
        blocker.unblock()

    def _chosen_authority(self) -> Authority | None:
        chosen = str(self._authority.currentData())
        return Authority(chosen) if chosen else None

    def _fill_places(self) -> None:
        table = self.table
        table.setObjectName("consultas")
        table.setAccessibleName("Consultas feitas")
        table.setModel(self.model)
        prepare_table(table)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setItemDelegate(StatusDelegate(table))
        header = table.horizontalHeader()
        for section, width in enumerate(WIDTHS):
            header.resizeSection(section, width)
        header.setStretchLastSection(True)
        header.setSectionsMovable(True)
        table.selectionModel().selectionChanged.connect(self._selection_changed)

        empty = EmptyState(
            "consultations",
            "Nenhuma consulta foi feita ainda",
            "Consulte um cliente, ou ligue a consulta automática nos perfis de clientes.",
        )
        empty.add_button("Ir para Clientes", "customers").clicked.connect(self._go_to_customers)
        empty.add_button("Ligar a consulta automática", "profiles").clicked.connect(self._go_to_profiles)
        nothing = EmptyState(
            "filter", "Nenhuma consulta com este filtro", "A busca olha o nome do cliente e o documento consultado."
        )
        nothing.add_button("Limpar filtros", "undo").clicked.connect(self.clear_filters)
        failed = QWidget()
        layout = QVBoxLayout(failed)
        layout.setContentsMargins(0, 0, 0, 0)
        retry = QPushButton(icons.icon("refresh"), "Tentar de novo")
        retry.clicked.connect(self.refresh)
        self._failure.add_button(retry)
        layout.addWidget(self._failure)
        layout.addStretch(1)
        for place in (table, empty, nothing, failed):
            self._places.addWidget(place)

    def _beside(self) -> QWidget:
        side = QWidget()
        side.setMinimumWidth(340)
        self._customer = QPushButton()
        theme.link(self._customer)
        self._customer.clicked.connect(self._open_customer)
        self._customer.hide()
        layout = QVBoxLayout(side)
        layout.setContentsMargins(theme.L, 0, 0, 0)
        layout.setSpacing(theme.S)
        layout.addWidget(self._customer, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.result, 1)
        return side

    @Slot()
    def _apply_filters(self) -> None:
        from app.data.history import HistoryQuery

        self._search_timer.stop()
        authority = self._chosen_authority()
        verdict, origin = str(self._verdict.currentData()), str(self._origin.currentData())
        wanted = HistoryQuery(
            self._search.text(),
            authority=authority,
            verdict=outcome_of(authority or Authority.SEFAZ, verdict) if verdict else None,
            origin=Origin(origin) if origin else None,
        )
        self._clear.setVisible(wanted != HistoryQuery())
        if wanted != self.model.query:
            self.model.show(wanted)

    @Slot(int)
    def _loaded(self, total: int) -> None:
        from app.data.history import HistoryQuery

        self._failure.clear()
        filtered = self.model.query != HistoryQuery()
        self._places.setCurrentIndex(LIST if total else NO_RESULTS if filtered else NOTHING_YET)
        self._count.setText(words.counted(total, "consulta", "consultas"))
        self._follow_selected()

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        self._failure.show_failure(failure_of(error))
        self._places.setCurrentIndex(FAILED)

    @Slot(object)
    def _on_finished(self, _result: Result) -> None:
        if not self._live.isActive() and self.isVisible():
            self._live.start()

    def _follow_selected(self) -> None:
        """Newer consultations push the list down: the one being read stays selected."""
        shown = self.result.consultation_id
        if shown is None:
            return
        positions = self.model.positions(lambda row: row.id == shown)
        selection = self.table.selectionModel()
        if not positions:
            selection.clearSelection()
            return
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        selection.setCurrentIndex(self.model.index(positions[0], 0), flags)

    def _selected(self) -> HistoryRow | None:
        rows = self.table.selectionModel().selectedRows()
        return self.model.row(rows[0].row()) if rows else None

    @Slot(QItemSelection, QItemSelection)
    def _selection_changed(self, _chosen: QItemSelection, _left: QItemSelection) -> None:
        self._show_selected()

    @Slot()
    def _show_selected(self) -> None:
        row = self._selected()
        if row is not None:
            self._customer.setText(f"{shorten(row.customer, 30, placeholder='…')} · abrir o cliente")
            self._customer.setProperty("customer", row.customer_id)
            self._customer.setVisible(row.customer_id is not None)
            self._show(row.id)

    def _show(self, consultation_id: int) -> None:
        self.result.show_consultation(consultation_id)
        self._side.show()

    @Slot()
    def _open_customer(self) -> None:
        self._office.open_page.emit("clientes", self._customer.property("customer"))

    @Slot()
    def _enter_list(self) -> None:
        self._apply_filters()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        if self.model.rowCount() and not self.table.selectionModel().hasSelection():
            self.table.selectRow(0)

    @Slot()
    def _focus_search(self) -> None:
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    @Slot()
    def _go_to_customers(self) -> None:
        self._office.open_page.emit("clientes", None)

    @Slot()
    def _go_to_profiles(self) -> None:
        self._office.open_page.emit("perfis", None)
