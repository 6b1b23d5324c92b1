"""The customers: found, filtered and sorted; the selected one beside; consulted alone or many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QItemSelectionRange, QModelIndex, Qt, QTimer, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.domain import Authority, Origin, Request, Result
from app.uf import UFS
from ui import icons, tasks, theme, words
from ui.consult_button import Choice, Whom
from ui.consultation_progress import ConsultationProgress
from ui.customer_model import WIDTHS, Column, CustomerModel
from ui.customer_panel import CustomerPanel
from ui.document_dialog import DocumentDialog
from ui.empty_state import EmptyState
from ui.failure_view import FailureView, failure_of
from ui.layout_memory import LayoutMemory
from ui.page import Page
from ui.status_delegate import StatusDelegate
from ui.table_look import prepare_table

if TYPE_CHECKING:
    from app.data.customers import CustomerRow, Situation
    from ui.office import Office

_SEARCH_MS = 150
_BATCH_MS = 150
_ASK_ABOVE = 100  # consulting more customers than this is asked about first
_REMEMBERED = 500  # selections larger than this are not put back after a refresh
LIST, NO_CUSTOMERS, NO_RESULTS, FAILED = range(4)


class CustomersPage(Page):
    """`show_argument` takes a customer's number, or a Situation (or its value) to filter by."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__("clientes", "Clientes", ("Ferramentas", "Sistema", "Clientes"), parent)
        from app.data.customers import Situation

        self._office = office
        self._database = office.backoffice.database
        self._registered = 0
        self._finished_ids: set[int] = set()
        self._kept_ids: list[int] = []
        self._asking: list[QItemSelectionRange] = []
        self._asking_choice = Choice(Whom.SEFAZ, apply=False)
        self._document_dialog: DocumentDialog | None = None

        self._search = QLineEdit()
        self._search.setPlaceholderText("Buscar nome, documento, IE ou cidade")
        self._search.setAccessibleName("Buscar clientes por nome, documento, inscrição estadual ou cidade")
        self._search.setToolTip("Ctrl+F. O documento pode ter pontuação ou não")
        self._search.setClearButtonEnabled(True)
        self._search.setMinimumWidth(320)
        self._search.addAction(icons.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        document = QPushButton(icons.icon("consultations"), "Consultar documento…")
        document.setToolTip("Consulta na SEFAZ ou na ANP um documento que não precisa estar cadastrado")
        document.clicked.connect(self._open_document_dialog)
        self.header.addWidget(self._search)
        self.header.addWidget(document)

        self._chips: dict[Situation, QPushButton] = {}
        self._uf = QComboBox()
        self._clear = QPushButton("Limpar filtros")
        self._count = theme.role(QLabel(), "hint")
        self.body.addLayout(self._filters(list(Situation)))

        self.progress = ConsultationProgress(office)
        self.progress.ended.connect(self._batch_ended)
        self.body.addWidget(self.progress)

        self.model = CustomerModel(self._database, self)
        self.table = QTableView()
        self.panel = CustomerPanel(office)
        self.panel.consult.connect(self._consult)
        self._failure = FailureView()
        self._places = QStackedWidget()
        self._fill_places()
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setObjectName("lista")
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(self._places)
        self._splitter.addWidget(self.panel)
        self.panel.setMinimumWidth(340)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setSizes([900, 340])
        memory = LayoutMemory(office.folders, self.key, self)
        memory.panes(self._splitter)
        memory.columns(self.table)
        self.body.addWidget(self._splitter, 1)

        self._search_timer = QTimer(self, singleShot=True, interval=_SEARCH_MS)
        self._search_timer.timeout.connect(self._apply_filters)
        self._search.textChanged.connect(self._search_timer.start)
        self._search.returnPressed.connect(self._enter_list)
        self._panel_timer = QTimer(self, singleShot=True, interval=30)
        self._panel_timer.timeout.connect(self._show_selected)
        self._finished_timer = QTimer(self, singleShot=True, interval=_BATCH_MS)
        self._finished_timer.timeout.connect(self._read_finished)
        self._refresh_timer = QTimer(self, singleShot=True, interval=_BATCH_MS)
        self._refresh_timer.timeout.connect(self.refresh)

        self.model.loaded.connect(self._loaded)
        self.model.failed.connect(self._failed)
        self.model.block_read.connect(self._panel_timer.start)
        office.finished_one.connect(self._on_finished)
        office.customers_changed.connect(self._refresh_timer.start)
        office.tables_changed.connect(self._refresh_timer.start)
        for keys, slot in ((QKeySequence.StandardKey.Find, self._focus_search), (Qt.Key.Key_F5, self.refresh)):
            QShortcut(QKeySequence(keys), self, slot)

    def entered(self) -> None:
        """Show the list as it is now, ordered as the header was left."""
        header = self.table.horizontalHeader()
        if not self.model.sort_by(header.sortIndicatorSection(), header.sortIndicatorOrder()):
            self._show_order()
        self.refresh()

    def show_argument(self, argument: object) -> None:
        """Go to one customer, or show those in one situation."""
        from app.data.customers import Situation

        if isinstance(argument, int):
            self.clear_filters()
            self._kept_ids = [argument]
            self.panel.show_customer(argument)
        elif isinstance(argument, Situation | str):
            self.clear_filters()
            self._chips[Situation(argument)].setChecked(True)

    @Slot()
    def refresh(self) -> None:
        """Read the list and the selected customer again; filters, order and selection stay."""
        self._kept_ids = self._selected_ids() or self._kept_ids
        self.model.refresh()
        self.panel.reload()
        self._count_registered()

    @Slot()
    def clear_filters(self) -> None:
        """Show every active customer."""
        for chip in self._chips.values():
            chip.setChecked(False)
        self._uf.setCurrentIndex(0)
        self._search.clear()
        self._apply_filters()

    # --- how it is made ---

    def _filters(self, situations: Sequence[Situation]) -> QVBoxLayout:
        """The chips that are added up; below them what narrows the list down, and its count."""
        chips, below = QHBoxLayout(), QHBoxLayout()
        for row in (chips, below):
            row.setSpacing(theme.S)
        for situation in situations:
            chip = QPushButton(situation.label)
            chip.setCheckable(True)
            chip.setAccessibleName(f"Filtro: {situation.label}")
            chip.toggled.connect(self._apply_filters)
            self._chips[situation] = chip
            (below if situation.narrows else chips).addWidget(chip)
        chips.addStretch(1)
        self._uf.setAccessibleName("Filtro: UF")
        self._uf.addItem("Todas as UFs", "")
        for sigla in UFS:
            self._uf.addItem(sigla, sigla)
        self._uf.currentIndexChanged.connect(self._apply_filters)
        theme.link(self._clear)
        self._clear.clicked.connect(self.clear_filters)
        self._clear.hide()
        below.addWidget(self._uf)
        below.addWidget(self._clear)
        below.addStretch(1)
        below.addWidget(self._count)
        both = QVBoxLayout()
        both.setSpacing(theme.S)
        both.addLayout(chips)
        both.addLayout(below)
        return both

    def _fill_places(self) -> None:
        table = self.table
        table.setObjectName("clientes")
        table.setAccessibleName("Clientes")
        table.setModel(self.model)
        prepare_table(table)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setItemDelegate(StatusDelegate(table))
        header = table.horizontalHeader()
        for section, width in enumerate(WIDTHS):
            header.resizeSection(section, width)
        header.setStretchLastSection(True)
        header.setSectionsMovable(True)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(Column.NAME, Qt.SortOrder.AscendingOrder)
        header.sectionClicked.connect(self._sort_by)
        table.selectionModel().selectionChanged.connect(self._selection_changed)
        table.activated.connect(self._open)

        empty = EmptyState(
            "customers",
            "Nenhum cliente cadastrado",
            "Importe a sua lista de clientes ou inclua o primeiro para consultar a situação dele na SEFAZ e na ANP.",
        )
        empty.add_button("Importar CSV…", "folder").clicked.connect(self._import)
        empty.add_button("Incluir cliente", "add").clicked.connect(self._add_customer)
        nothing = EmptyState(
            "filter",
            "Nenhum cliente com este filtro",
            "A busca olha nome, nome fantasia, documento, inscrição estadual e cidade.",
        )
        nothing.add_button("Limpar filtros", "undo").clicked.connect(self.clear_filters)
        failed = QWidget()
        column_layout = QVBoxLayout(failed)
        column_layout.setContentsMargins(0, 0, 0, 0)
        retry = QPushButton(icons.icon("refresh"), "Tentar de novo")
        retry.clicked.connect(self.refresh)
        self._failure.add_button(retry)
        column_layout.addWidget(self._failure)
        column_layout.addStretch(1)
        for place in (table, empty, nothing, failed):
            self._places.addWidget(place)

    # --- the list ---

    @Slot()
    def _apply_filters(self) -> None:
        chosen = frozenset(situation for situation, chip in self._chips.items() if chip.isChecked())
        wanted = replace(
            self.model.query,
            text=self._search.text(),
            situations=chosen,
            uf=str(self._uf.currentData()),
        )
        self._search_timer.stop()
        self._clear.setVisible(self._is_filtered(wanted.text, bool(chosen), wanted.uf))
        if wanted != self.model.query:
            self._kept_ids = self._selected_ids() or self._kept_ids
            self.model.show(wanted)

    @staticmethod
    def _is_filtered(text: str, has_situation: bool, uf: str) -> bool:
        return bool(text.strip() or has_situation or uf)

    @Slot(int)
    def _sort_by(self, column: int) -> None:
        self._kept_ids = self._selected_ids() or self._kept_ids
        if not self.model.sort_by(column, self.table.horizontalHeader().sortIndicatorOrder()):
            self._show_order()

    def _show_order(self) -> None:
        """Put the arrow where the list is really sorted."""
        order = Qt.SortOrder.DescendingOrder if self.model.query.descending else Qt.SortOrder.AscendingOrder
        self.table.horizontalHeader().setSortIndicator(self.model.sorted_column(), order)

    @Slot(int)
    def _loaded(self, total: int) -> None:
        query = self.model.query
        filtered = self._is_filtered(query.text, bool(query.situations), query.uf)
        self._failure.clear()
        self._places.setCurrentIndex(LIST if total else NO_RESULTS if filtered else NO_CUSTOMERS)
        self._show_count(total, filtered)
        self._restore_selection()
        if not self._selected_count():
            self.panel.end_several()

    def _show_count(self, total: int, filtered: bool) -> None:
        clients = words.counted(total, "cliente", "clientes")
        if filtered and self._registered > total:
            clients = f"{total:,} de {words.counted(self._registered, 'cliente', 'clientes')}".replace(",", ".")
        self._count.setText(clients)

    def _count_registered(self) -> None:
        database = self._database

        def count() -> int:
            from app.data import customers

            with database.reading() as connection:
                return customers.count(connection, customers.Query())

        tasks.run(count, self._registered_counted, self._failed, self)

    def _registered_counted(self, number: int) -> None:
        self._registered = number
        query = self.model.query
        self._show_count(self.model.rowCount(), self._is_filtered(query.text, bool(query.situations), query.uf))

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        self._failure.show_failure(failure_of(error))
        self._places.setCurrentIndex(FAILED)

    # --- the selection ---

    def _ranges(self) -> list[QItemSelectionRange]:
        selection = self.table.selectionModel().selection()
        return [selection.at(number) for number in range(selection.count())]

    def _selected_count(self) -> int:
        return sum(part.height() for part in self._ranges())

    def _selected_ids(self) -> list[int]:
        """The customers selected, when they are not too many to be put back."""
        if self._selected_count() > _REMEMBERED:
            return []
        rows = (self.model.row(index.row()) for index in self.table.selectionModel().selectedRows())
        return [row.id for row in rows if row is not None]

    def _restore_selection(self) -> None:
        """Select again the same customers, which may be on other lines now or no longer in the list."""
        kept, self._kept_ids = set(self._kept_ids), []
        if not kept:
            return
        selection = QItemSelection()
        current = QModelIndex()
        for position in self.model.positions(lambda row: row.id in kept):
            first = self.model.index(position, 0)
            current = current if current.isValid() else first
            selection.select(first, self.model.index(position, self.model.columnCount() - 1))
        model = self.table.selectionModel()
        model.setCurrentIndex(current, QItemSelectionModel.SelectionFlag.NoUpdate)
        model.select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if not selection:
            # The customer left the filter: it stays in the panel until another one is selected.
            self._panel_timer.stop()

    @Slot(QItemSelection, QItemSelection)
    def _selection_changed(self, chosen: QItemSelection, _left: QItemSelection) -> None:
        if self._kept_ids and not chosen.isEmpty():
            # Chosen while the list is being read again: this is what is selected when it comes.
            self._kept_ids = self._selected_ids()
        self._panel_timer.start()

    @Slot()
    def _show_selected(self) -> None:
        number = self._selected_count()
        if number > 1:
            self.panel.show_several(number)
        elif number == 1:
            row = self.model.row(self._ranges()[0].top())
            if row is not None:
                self.panel.show_customer(row.id)

    @Slot(QModelIndex)
    def _open(self, index: QModelIndex) -> None:
        row = self.model.row(index.row())
        if row is not None:
            self.panel.show_customer(row.id)
            self.panel.consult_button.take_focus()

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

    # --- consulting ---

    @Slot(object)
    def _consult(self, choice: Choice) -> None:
        """Consult the customer shown, or those selected when they are several."""
        if self.panel.row is not None:
            self._start([self.panel.row], choice)
            return
        ranges = self._ranges()
        number = self._selected_count()
        if number <= _ASK_ABOVE:
            self._submit(ranges, choice)
            return
        self._asking, self._asking_choice = ranges, choice
        question = QMessageBox(
            QMessageBox.Icon.Question,
            "Consultar clientes",
            f"Consultar {words.counted(number, 'cliente', 'clientes')} na {choice.whom.label}?",
            QMessageBox.StandardButton.NoButton,
            self,
        )
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.setInformativeText(
            "O ritmo é o limite de cada autoridade, e muitas consultas podem levar horas. O programa continua livre "
            "para outras tarefas, e o que faltar pode ser cancelado."
        )
        question.addButton("Consultar", QMessageBox.ButtonRole.AcceptRole)
        question.addButton("Voltar", QMessageBox.ButtonRole.RejectRole)
        question.accepted.connect(self._submit_asked)
        question.open()

    @Slot()
    def _submit_asked(self) -> None:
        self._submit(self._asking, self._asking_choice)

    def _submit(self, ranges: list[QItemSelectionRange], choice: Choice) -> None:
        lines = [(part.top(), part.height()) for part in ranges]
        rows = [self.model.row(top + n) for top, height in lines for n in range(height)] if len(lines) < 50 else [None]
        if ranges and all(row is not None for row in rows):
            self._start([row for row in rows if row is not None], choice)
            return
        database, query = self._database, self.model.query

        def read() -> list[CustomerRow]:
            from app.data import customers

            with database.reading() as connection:
                return [row for top, height in lines for row in customers.page(connection, query, top, height)]

        self._asking_choice = choice
        tasks.run(read, self._start_read, self._failed, self)

    def _start_read(self, rows: list[CustomerRow]) -> None:
        self._start(rows, self._asking_choice)

    def _start(self, rows: Sequence[CustomerRow], choice: Choice) -> None:
        """Ask each authority about each customer; both only where ANP can be asked about it too."""
        actor = self._office.actor
        names: dict[Request, str] = {}
        for row in rows:
            for authority in choice.whom.authorities:
                if choice.whom is Whom.BOTH and authority is Authority.ANP and not row.anp_consulted:
                    continue
                request = Request(row.document, row.uf, Origin.OPERATOR, actor, choice.apply, row.id, authority)
                names[request] = row.name
        if names:
            self.progress.start(list(names), names)

    @Slot(object)
    def _on_finished(self, result: Result) -> None:
        if result.request.customer_id is not None:
            self._finished_ids.add(result.request.customer_id)
            if not self._finished_timer.isActive():
                self._finished_timer.start()

    @Slot()
    def _read_finished(self) -> None:
        """Read again only the customers just consulted: the list keeps its order while work goes on."""
        ids, self._finished_ids = self._finished_ids, set()
        database = self._database

        def read() -> dict[int, CustomerRow]:
            from app.data import customers

            with database.reading() as connection:
                return {row.id: row for row in customers.rows(connection, ids)}

        tasks.run(read, self._show_finished, self._failed, self)

    def _show_finished(self, rows: dict[int, CustomerRow]) -> None:
        self.model.replace(lambda row: rows.get(row.id))
        if self.panel.customer_id in rows:
            self.panel.reload()

    @Slot()
    def _batch_ended(self) -> None:
        self._office.customers_changed.emit()

    # --- elsewhere ---

    @Slot()
    def _add_customer(self) -> None:
        self._office.open_page.emit("tabelas", "clientes")

    @Slot()
    def _import(self) -> None:
        from ui.import_customers import ImportCustomers

        ImportCustomers(self._office, self).show()

    @Slot()
    def _open_document_dialog(self) -> None:
        if self._document_dialog is None:
            self._document_dialog = DocumentDialog(self._office, self)
        self._document_dialog.show()
        self._document_dialog.raise_()
        self._document_dialog.activateWindow()
