"""The orders evaluated by the gate: one may be evaluated now, all are found and filtered, each is whole at the side."""

from __future__ import annotations

from datetime import datetime, timedelta
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

from app.settings.catalog import ANP_ORDER_CONSULT
from app.tables import COMPANIES
from ui import icons, pages, theme, words
from ui.customer_panel import prepare_table
from ui.empty_state import EmptyState
from ui.failure_view import FailureView, failure_of
from ui.layout_memory import LayoutMemory
from ui.order_check_model import LOOKS, WIDTHS, OrderCheckModel
from ui.order_check_view import OrderCheckView
from ui.order_simulator import OrderSimulator
from ui.page import Page
from ui.references import ReferenceSource
from ui.status_delegate import StatusDelegate

if TYPE_CHECKING:
    from ui.office import Office

_SEARCH_MS = 150
_PERIODS = (("Qualquer data", -1), ("Hoje", 0), ("Últimos 7 dias", 6), ("Últimos 30 dias", 29))
LIST, NOTHING_YET, NO_RESULTS, FAILED = range(4)


class OrderChecksPage(Page):
    """`show_argument` takes a check's number."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__(pages.ORDER_CHECKS, "Pedidos avaliados", ("Ferramentas", "Sistema", "Clientes"), parent)
        self._office = office
        database = office.backoffice.database
        self._references = ReferenceSource(office, self)
        self._search = QLineEdit()
        self._search.setPlaceholderText("Buscar cliente ou documento")
        self._search.setAccessibleName("Buscar avaliações por cliente ou documento")
        self._search.setToolTip("Ctrl+F. O documento pode ter pontuação ou não")
        self._search.setClearButtonEnabled(True)
        self._search.setMinimumWidth(320)
        self._search.addAction(icons.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.header.addWidget(self._search)

        self.simulator = OrderSimulator(office, self._references)
        self.body.addWidget(self.simulator)
        self._answer, self._company, self._period = QComboBox(), QComboBox(), QComboBox()
        self._clear = QPushButton("Limpar filtros")
        self._count = theme.role(QLabel(), "hint")
        self.body.addLayout(self._filters())

        self.model = OrderCheckModel(database, self)
        self.table = QTableView()
        self._failure = FailureView()
        self._places = QStackedWidget()
        self._fill_places()
        self.view = OrderCheckView(database)
        self._side = QWidget()
        self._side.setMinimumWidth(340)
        beside = QVBoxLayout(self._side)
        beside.setContentsMargins(theme.L, 0, 0, 0)
        beside.addWidget(self.view)
        self._side.hide()
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setObjectName("lista")
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(self._places)
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
        self.model.loaded.connect(self._loaded)
        self.model.failed.connect(self._failed)
        self.model.block_read.connect(self._show_selected)
        self._references.changed.connect(self._fill_companies)
        self._references.failed.connect(self._failed)
        self.simulator.evaluated.connect(self._evaluated)
        self.view.customer_wanted.connect(self._open_customer)
        self.view.consultation_wanted.connect(self._open_consultation)
        for keys, slot in ((QKeySequence.StandardKey.Find, self._focus_search), (Qt.Key.Key_F5, self.refresh)):
            QShortcut(QKeySequence(keys), self, slot)

    def entered(self) -> None:
        """Read the companies and the list."""
        self._references.refresh()
        self.refresh()

    def show_argument(self, argument: object) -> None:
        """Show one check whole."""
        if isinstance(argument, int):
            self._show(argument)

    @Slot()
    def refresh(self) -> None:
        """Read the list again; filters and selection stay."""
        self.model.refresh()

    @Slot()
    def clear_filters(self) -> None:
        """Show every check."""
        self._search.clear()
        for box in (self._answer, self._company, self._period):
            box.setCurrentIndex(0)
        self._apply_filters()

    def _filters(self) -> QHBoxLayout:
        self._answer.setAccessibleName("Filtro: resposta")
        self._answer.addItem("Todas as respostas", "")
        for allowed, plural in ((True, "Permitidos"), (False, "Recusados")):
            self._answer.addItem(icons.icon(LOOKS[allowed].icon), plural, "sim" if allowed else "nao")
        self._company.setAccessibleName("Filtro: empresa")
        self._company.setMaximumWidth(240)
        self._company.addItem("Todas as empresas", None)
        self._period.setAccessibleName("Filtro: período")
        for label, days in _PERIODS:
            self._period.addItem(label, days)
        row = QHBoxLayout()
        row.setSpacing(theme.S)
        for box in (self._answer, self._company, self._period):
            box.currentIndexChanged.connect(self._apply_filters)
            row.addWidget(box)
        theme.link(self._clear)
        self._clear.clicked.connect(self.clear_filters)
        self._clear.hide()
        row.addWidget(self._clear)
        row.addStretch(1)
        row.addWidget(self._count)
        return row

    def _fill_places(self) -> None:
        table = self.table
        table.setObjectName("avaliacoes")
        table.setAccessibleName("Pedidos avaliados")
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
            "order",
            "Nenhum pedido foi avaliado ainda",
            "Avalie um acima, ou faça o programa de vendas chamar “avaliar pedido”. Cada resposta fica aqui, com o "
            "motivo.",
        )
        empty.add_button("Ver as regras do pedido", "profiles").clicked.connect(self._go_to_rules)
        nothing = EmptyState(
            "filter", "Nenhuma avaliação com este filtro", "A busca olha o nome do cliente e o documento avaliado."
        )
        nothing.add_button("Limpar filtros", "undo").clicked.connect(self.clear_filters)
        failed = QWidget()
        layout = QVBoxLayout(failed)
        layout.setContentsMargins(0, 0, 0, 0)
        retry = QPushButton(icons.icon("refresh"), "Tentar de novo")
        retry.clicked.connect(self.entered)
        self._failure.add_button(retry)
        layout.addWidget(self._failure)
        layout.addStretch(1)
        for place in (table, empty, nothing, failed):
            self._places.addWidget(place)

    @Slot()
    def _fill_companies(self) -> None:
        chosen = self._company.currentData()
        with QSignalBlocker(self._company):
            while self._company.count() > 1:
                self._company.removeItem(1)
            for row in self._references.rows(COMPANIES.key):
                self._company.addItem(row.title, row.id)
            self._company.setCurrentIndex(max(self._company.findData(chosen), 0))

    @Slot()
    def _apply_filters(self) -> None:
        from app.data.order_checks import CheckQuery

        self._search_timer.stop()
        answer, days = self._answer.currentData(), int(self._period.currentData())
        today = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        wanted = CheckQuery(
            self._search.text(),
            answer == "sim" if answer else None,
            self._company.currentData(),
            today - timedelta(days=days) if days >= 0 else None,
        )
        self._clear.setVisible(wanted != CheckQuery())
        if wanted != self.model.query:
            self.model.show(wanted)

    @Slot(int)
    def _loaded(self, total: int) -> None:
        from app.data.order_checks import CheckQuery

        self._failure.clear()
        filtered = self.model.query != CheckQuery()
        self._places.setCurrentIndex(LIST if total else NO_RESULTS if filtered else NOTHING_YET)
        self._count.setText(words.counted(total, "avaliação", "avaliações"))
        self._follow_selected()

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        self._failure.show_failure(failure_of(error))
        self._places.setCurrentIndex(FAILED)

    @Slot(int)
    def _evaluated(self, check_id: int) -> None:
        self._show(check_id)
        self.refresh()
        self._office.customers_changed.emit()

    def _follow_selected(self) -> None:
        """Newer checks push the list down: the one being read stays selected."""
        shown = self.view.check_id
        if shown is None:
            return
        positions = self.model.positions(lambda row: row.id == shown)
        selection = self.table.selectionModel()
        if not positions:
            selection.clearSelection()
            return
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        selection.setCurrentIndex(self.model.index(positions[0], 0), flags)

    @Slot(QItemSelection, QItemSelection)
    def _selection_changed(self, _chosen: QItemSelection, _left: QItemSelection) -> None:
        self._show_selected()

    @Slot()
    def _show_selected(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        row = self.model.row(rows[0].row()) if rows else None
        if row is not None:
            self._show(row.id)

    def _show(self, check_id: int) -> None:
        self.view.show_check(check_id)
        self._side.show()

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

    @Slot(int)
    def _open_customer(self, customer_id: int) -> None:
        self._office.open_page.emit(pages.CUSTOMERS, customer_id)

    @Slot(int)
    def _open_consultation(self, consultation_id: int) -> None:
        self._office.open_page.emit(pages.CONSULTATIONS, consultation_id)

    @Slot()
    def _go_to_rules(self) -> None:
        self._office.open_page.emit(pages.PROFILES, ANP_ORDER_CONSULT)
