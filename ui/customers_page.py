"""The customers: found, filtered and sorted; the selected one beside; consulted alone or many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QItemSelectionRange, QModelIndex, Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QMessageBox,
    QPushButton,
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
from ui.list_page import ListPage
from ui.search_box import SearchBox
from ui.wrapping_row import WrappingRow

if TYPE_CHECKING:
    from app.data.customers import CustomerRow, Query, Situation
    from ui.office import Office

_BATCH_MS = 150
_ASK_ABOVE = 100  # consulting more customers than this is asked about first
_REMEMBERED = 500  # selections larger than this are not put back after a refresh
_SIDE_WIDTH = 340


class CustomersPage(ListPage[CustomerModel]):
    """`show_argument` takes a customer's number, or a Situation (or its value) to filter by."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        from app.data.customers import Situation

        search = SearchBox(
            "Buscar nome, documento, IE ou cidade",
            "Buscar clientes por nome, documento, inscrição estadual ou cidade",
        )
        super().__init__("clientes", "Clientes", office, CustomerModel, WIDTHS, search, parent)
        self._database = office.backoffice.database
        self._registered = 0
        self._finished_ids: set[int] = set()
        self._kept_ids: list[int] = []
        self._asking: list[QItemSelectionRange] = []
        self._asking_choice = Choice(Whom.SEFAZ, apply=False)
        self._document_dialog: DocumentDialog | None = None

        document = QPushButton(icons.icon("consultations"), "Consultar documento…")
        document.setToolTip("Consulta na SEFAZ ou na ANP um documento que não precisa estar cadastrado")
        document.clicked.connect(self._open_document_dialog)
        self.header.addWidget(document)

        self._chips: dict[Situation, QPushButton] = {}
        self._uf = QComboBox()
        self.body.addLayout(self._filters(list(Situation)))

        self.progress = ConsultationProgress(office)
        self.progress.ended.connect(self._batch_ended)
        self.body.addWidget(self.progress)

        self.panel = CustomerPanel(office)
        self.panel.consult.connect(self._consult)
        self._prepare_sorting()
        self._add_customers()

        self._panel_timer = QTimer(self, singleShot=True, interval=30)
        self._panel_timer.timeout.connect(self._show_selected)
        self._finished_timer = QTimer(self, singleShot=True, interval=_BATCH_MS)
        self._finished_timer.timeout.connect(self._read_finished)
        self._refresh_timer = QTimer(self, singleShot=True, interval=_BATCH_MS)
        self._refresh_timer.timeout.connect(self.refresh)

        self.table.selectionModel().selectionChanged.connect(self._selection_changed)
        self.table.activated.connect(self._open)
        self.model.block_read.connect(self._panel_timer.start)
        office.finished_one.connect(self._on_finished)
        office.customers_changed.connect(self._refresh_timer.start)
        office.tables_changed.connect(self._refresh_timer.start)

    def entered(self) -> None:
        """Show the list as it is now, ordered as the header was left."""
        header = self.table.horizontalHeader()
        if not self.model.sort_by(header.sortIndicatorSection(), header.sortIndicatorOrder()):
            self._show_order()
        super().entered()

    def show_argument(self, argument: object) -> None:
        """Go to one customer, or show those in one situation."""
        from app.data.customers import Situation

        if isinstance(argument, int):
            self.clear_filters()
            self._kept_ids = [argument]
            self.table.selectionModel().clearCurrentIndex()  # the list goes to this one
            self.panel.show_customer(argument)
        elif isinstance(argument, Situation | str):
            self.clear_filters()
            self._chips[Situation(argument)].setChecked(True)

    @Slot()
    def refresh(self) -> None:
        """Read the list and the selected customer again; filters, order and selection stay."""
        self._kept_ids = self._selected_ids() or self._kept_ids
        super().refresh()
        self.panel.reload()
        self._count_registered()

    @Slot()
    def clear_filters(self) -> None:
        """Show every active customer."""
        for chip in self._chips.values():
            chip.setChecked(False)
        super().clear_filters()

    # --- how it is made ---

    def _filters(self, situations: Sequence[Situation]) -> QVBoxLayout:
        """The chips that are added up; below them what narrows the list down, and its count."""
        self._uf.setAccessibleName("Filtro: UF")
        self._uf.addItem("Todas as UFs", "")
        for sigla in UFS:
            self._uf.addItem(sigla, sigla)
        chips, narrowing = WrappingRow(), QHBoxLayout()
        narrowing.setSpacing(theme.S)
        for situation in situations:
            chip = QPushButton(situation.label)
            chip.setCheckable(True)
            chip.setAccessibleName(f"Filtro: {situation.label}")
            chip.toggled.connect(self._apply_filters)
            self._chips[situation] = chip
            if situation.narrows:
                narrowing.addWidget(chip)
            else:
                chips.add_widget(chip)
        below = self._filter_row(self._uf)
        below.insertLayout(0, narrowing)
        both = QVBoxLayout()
        both.setSpacing(theme.S)
        both.addWidget(chips)
        both.addLayout(below)
        return both

    def _prepare_sorting(self) -> None:
        header = self.table.horizontalHeader()
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(Column.NAME, Qt.SortOrder.AscendingOrder)
        header.sectionClicked.connect(self._sort_by)

    def _add_customers(self) -> None:
        self.table.setObjectName("clientes")
        self.table.setAccessibleName("Clientes")
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
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
        self._add_list(empty, nothing, self.panel, _SIDE_WIDTH)

    # --- the list ---

    def _wanted(self) -> Query:
        chosen = frozenset(situation for situation, chip in self._chips.items() if chip.isChecked())
        return replace(self.model.query, text=self._search.text(), situations=chosen, uf=str(self._uf.currentData()))

    def _is_filtered(self, query: Query) -> bool:
        return bool(query.text.strip() or query.situations or query.uf)

    def _show_query(self, query: Query) -> None:
        self._kept_ids = self._selected_ids() or self._kept_ids
        super()._show_query(query)

    @Slot(int)
    def _sort_by(self, column: int) -> None:
        self._kept_ids = self._selected_ids() or self._kept_ids
        if not self.model.sort_by(column, self.table.horizontalHeader().sortIndicatorOrder()):
            self._show_order()

    def _show_order(self) -> None:
        """Put the arrow where the list is really sorted."""
        order = Qt.SortOrder.DescendingOrder if self.model.query.descending else Qt.SortOrder.AscendingOrder
        self.table.horizontalHeader().setSortIndicator(self.model.sorted_column(), order)

    def _count_text(self, total: int) -> str:
        if self._is_filtered(self.model.query) and self._registered > total:
            return f"{words.number(total)} de {words.counted(self._registered, 'cliente', 'clientes')}"
        return words.counted(total, "cliente", "clientes")

    @Slot(int)
    def _loaded(self, total: int) -> None:
        super()._loaded(total)
        if not self._selected_count():
            self.panel.end_several()

    def _count_registered(self) -> None:
        database = self._database

        def count() -> int:
            from app.data import customers

            with database.reading() as connection:
                return customers.count(connection, customers.Query())

        tasks.run(count, self._registered_counted, self._failed, self)

    def _registered_counted(self, number: int) -> None:
        self._registered = number
        self._count.setText(self._count_text(self.model.rowCount()))

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
        positions = self.model.positions(lambda row: row.id in kept)
        for position in positions:
            last = self.model.index(position, self.model.columnCount() - 1)
            selection.select(self.model.index(position, 0), last)
        if positions:
            self.table.follow(positions[0], QItemSelectionModel.SelectionFlag.NoUpdate)
        self.table.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
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
