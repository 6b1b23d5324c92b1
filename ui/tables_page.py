"""The auxiliary tables: which ones there are, their rows, and what can be done to a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractItemModel, QSize, Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.kinds import Reference
from app.tables import BRANCHES, CREDIT_MANAGERS, CUSTOMERS, TABLES, USERS, Table
from ui import icons, tasks, theme
from ui.failure_view import FailureView, failure_of
from ui.layout_memory import LayoutMemory
from ui.page import Page
from ui.record_form import RecordForm
from ui.record_model import CustomerRecordModel, RecordFilter, RecordModel, is_paged
from ui.references import NewRow, ReferenceSource
from ui.row_table import RowTable
from ui.search_box import SearchBox

if TYPE_CHECKING:
    from app.data.database import Database
    from app.data.records import Record
    from ui.office import Office

_KEY_ROLE = Qt.ItemDataRole.UserRole
_WIDE = {"nome", "fantasia", "empresa", "nomes_anp"}


@dataclass(frozen=True)
class _Reading:
    """One look at the data. `records` is None for a table that pages itself."""

    table: Table
    counts: dict[str, tuple[int, int]]
    records: list[Record] | None
    titles: dict[str, dict[int, str]]


class TablesPage(Page):
    """A list of tables at the left, the rows of the chosen one at the right."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__("tabelas", "Tabelas", ("Ferramentas", "Sistema"), parent)
        self._office = office
        self._layout_memory = LayoutMemory(office.folders, self.key, self)
        self._references = ReferenceSource(office, self)
        self._references.failed.connect(self._show_failure)
        self._forms: list[RecordForm] = []
        self._counts: dict[str, tuple[int, int]] = {}
        self._customers: CustomerRecordModel | None = None
        self._filter = RecordFilter(self)
        self._select_after: int | None = None
        self._reading: tasks.Task[_Reading] | None = None

        self.tables = QListWidget()
        self.tables.setObjectName("tabelas")
        self.tables.setAccessibleName("Tabelas")
        for table in TABLES.values():
            item = QListWidgetItem(table.label)
            item.setData(_KEY_ROLE, table.key)
            item.setSizeHint(QSize(0, 32))
            self.tables.addItem(item)
        self.tables.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tables.setCurrentRow(0)
        self.tables.currentItemChanged.connect(self._table_chosen)

        split = QSplitter(Qt.Orientation.Horizontal)
        split.setObjectName("tabelas")
        split.setChildrenCollapsible(False)
        split.addWidget(self.tables)
        split.addWidget(self._right_side())
        split.setStretchFactor(1, 1)
        split.setSizes([290, 780])
        self._layout_memory.panes(split)
        self.body.addWidget(split, 1)
        office.tables_changed.connect(self._refresh_if_shown)
        office.customers_changed.connect(self._refresh_if_shown)
        for keys, slot in (
            (QKeySequence(QKeySequence.StandardKey.New), self.add_row),
            (QKeySequence(Qt.Key.Key_F2), self.edit_row),
        ):
            QShortcut(keys, self, slot)

    def _right_side(self) -> QWidget:
        self.search = SearchBox("Buscar", "Buscar nesta tabela")
        self.search.setToolTip("Buscar nesta tabela (Ctrl+F)")
        self.search.searched.connect(self._choose)
        self.active = QPushButton("Ativos")
        self.inactive = QPushButton("Inativos")
        group = QButtonGroup(self)
        for button in (self.active, self.inactive):
            button.setCheckable(True)
            group.addButton(button)
        self.active.setChecked(True)
        group.buttonClicked.connect(self._choose)

        self.add_button = self._button("Incluir", "", self.add_row, "Ctrl+N")
        theme.primary(self.add_button)
        self.edit_button = self._button("Editar", "edit", self.edit_row, "F2")
        self.activity_button = self._button("Desativar", "deactivate", self.change_activity)
        self.import_button = self._button("Importar CSV…", "folder", self.import_customers)
        self.certificate_button = self._button("Certificado…", "certificate", self.open_certificate)
        self.password_button = self._button("Senha…", "key", self.set_password)
        self.access_button = self._button("Credenciais…", "key", self.open_access)
        self.access_button.setToolTip("Informa, apaga ou testa as credenciais da gerenciadora neste computador")
        top = QHBoxLayout()
        top.setSpacing(theme.S)
        top.addWidget(self.search, 1)
        top.addWidget(self.active)
        top.addWidget(self.inactive)
        actions = QHBoxLayout()
        actions.setSpacing(theme.S)
        for button in (self.add_button, self.edit_button, self.activity_button):
            actions.addWidget(button)
        actions.addStretch(1)
        actions.addWidget(self.certificate_button)
        actions.addWidget(self.password_button)
        actions.addWidget(self.access_button)
        actions.addWidget(self.import_button)

        self.failure = FailureView()
        self.view = RowTable()
        self.view.setObjectName("linhas")
        self.view.setSelectionBehavior(RowTable.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(RowTable.SelectionMode.SingleSelection)
        self.view.setAlternatingRowColors(False)
        self.view.setShowGrid(False)
        self.view.setWordWrap(False)
        self.view.setTabKeyNavigation(False)
        self.view.setSortingEnabled(True)
        self.view.verticalHeader().hide()
        self.view.verticalHeader().setDefaultSectionSize(30)
        self.view.horizontalHeader().setHighlightSections(False)
        self.view.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.view.activated.connect(self.edit_row)
        self._empty = theme.role(QLabel(), "subtitle")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._way_out = QPushButton()
        self._way_out.clicked.connect(self._take_way_out)
        empty = QWidget()
        column = QVBoxLayout(empty)
        column.setSpacing(theme.M)
        column.addStretch(1)
        column.addWidget(self._empty)
        column.addWidget(self._way_out, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch(2)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.view)
        self.stack.addWidget(empty)

        right = QWidget()
        lines = QVBoxLayout(right)
        lines.setContentsMargins(theme.M, 0, 0, 0)
        lines.setSpacing(theme.M)
        lines.addLayout(top)
        lines.addLayout(actions)
        lines.addWidget(self.failure)
        lines.addWidget(self.stack, 1)
        return right

    def _button(self, text: str, icon: str, slot: Callable[[], None], keys: str = "") -> QPushButton:
        button = QPushButton(text)
        if icon:
            button.setIcon(icons.icon(icon))
        if keys:
            button.setToolTip(f"{text} ({keys})")
        button.clicked.connect(slot)
        return button

    @property
    def table(self) -> Table:
        """The table shown."""
        return TABLES[self.tables.currentItem().data(_KEY_ROLE)]

    def entered(self) -> None:
        """Read the tables again."""
        self._references.refresh()
        self._read()

    def show_argument(self, argument: object) -> None:
        """A table's key, or a NewRow, opens the form of a new row; (key, number) the form of that row."""
        if isinstance(argument, str) and argument in TABLES:
            self._show_table(argument)
            self.add_row()
        elif isinstance(argument, NewRow):
            self._show_table(argument.table)
            self._open_form(self.table, None, argument.kept)
        elif isinstance(argument, tuple) and len(argument) == 2 and argument[0] in TABLES:
            self._show_table(argument[0])
            self._select_after = argument[1]
            self._open_row(TABLES[argument[0]], argument[1])

    def _show_table(self, key: str) -> None:
        self.tables.setCurrentRow(list(TABLES).index(key))

    @Slot()
    def _refresh_if_shown(self) -> None:
        if self.isVisible():
            self._references.refresh()
            self._read()

    @Slot()
    def _table_chosen(self) -> None:
        self.search.clear()
        self.search.settle()
        self.active.setChecked(True)
        self.failure.clear()
        self._read()

    def _read(self) -> None:
        if self._reading is not None:
            self._reading.drop()
        database, table = self._office.backoffice.database, self.table
        self._reading = tasks.run(lambda: _read(database, table), self._show, self._show_failure, self)

    def _show(self, reading: _Reading) -> None:
        self._counts = reading.counts
        for row in range(self.tables.count()):
            item = self.tables.item(row)
            table = TABLES[item.data(_KEY_ROLE)]
            number = f"{self._counts[table.key][0]:,}".replace(",", ".")
            item.setText(f"{table.label}  ·  {number}")
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{table.label}, {number}")
            item.setToolTip(table.label)
        chosen = self._select_after or self._current_id()
        if reading.records is None:
            self._show_customers()
        else:
            old = self._filter.sourceModel()
            self._filter.setSourceModel(RecordModel(reading.table, reading.records, reading.titles, self))
            if old is not None:
                old.deleteLater()
            self._use(self._filter)
        self._choose()
        self._select(chosen)

    def _show_customers(self) -> None:
        if self._customers is None:
            self._customers = CustomerRecordModel(self._office.backoffice.database, self)
            self._customers.failed.connect(self._show_failure)
            self._customers.loaded.connect(self._customers_loaded)
        self._use(self._customers)

    @Slot()
    def _customers_loaded(self) -> None:
        self._select(self._select_after)
        self._say()

    def _use(self, model: QAbstractItemModel) -> None:
        name = f"linhas-{self.table.key}"
        if self.view.model() is model and self.view.objectName() == name:
            return
        self.view.setObjectName(name)
        self.view.setModel(model)
        self.view.selectionModel().selectionChanged.connect(self._say)
        header = self.view.horizontalHeader()
        header.setSortIndicator(1 if is_paged(self.table) else 0, Qt.SortOrder.AscendingOrder)
        header.setStretchLastSection(True)
        names = ["codigo", *(field.name for field in self.table.fields)]
        for column in range(model.columnCount()):
            wide = column == 1 if is_paged(self.table) else names[column] in _WIDE
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, 72 if column == 0 else 260 if wide else 150)
        self._layout_memory.columns(self.view)

    @Slot()
    def _choose(self) -> None:
        active = self.active.isChecked()
        if is_paged(self.table):
            if self._customers is not None:
                self._customers.choose(self.search.text(), active)
        else:
            self._filter.choose(self.search.text(), active)
        self._say()

    def _current_id(self) -> int | None:
        index = self.view.currentIndex()
        if not index.isValid() or not self.view.selectionModel().isRowSelected(index.row()):
            return None
        model = self.view.model()
        if isinstance(model, CustomerRecordModel):
            row = model.row(index.row())
            return None if row is None else row.id
        return int(model.index(index.row(), 0).data())

    def _select(self, row_id: int | None) -> None:
        if row_id is None:
            return
        model = self.view.model()
        if isinstance(model, CustomerRecordModel):
            found = next(iter(model.positions(lambda row: row.id == row_id)), None)
        else:
            rows = range(model.rowCount())
            found = next((row for row in rows if model.index(row, 0).data() == str(row_id)), None)
        if found is not None:
            self._select_after = None
            self.view.selectRow(found)
            self.view.scrollTo(model.index(found, 0))

    @Slot()
    def _say(self) -> None:
        """What can be done now, and what to do when there is nothing to see."""
        table, active = self.table, self.active.isChecked()
        counts = self._counts.get(table.key, (0, 0))
        for button, word, number in ((self.active, "Ativos", counts[0]), (self.inactive, "Inativos", counts[1])):
            button.setText(f"{word} ({number:,})".replace(",", "."))
        has_row = self._current_id() is not None
        of_table = (self.certificate_button, self.password_button, self.access_button)
        for button in (self.edit_button, self.activity_button, *of_table):
            button.setEnabled(has_row)
        self.activity_button.setText("Desativar" if active else "Reativar")
        self.activity_button.setIcon(icons.icon("deactivate" if active else "reactivate"))
        self.import_button.setVisible(table is CUSTOMERS)
        self.certificate_button.setVisible(table is BRANCHES)
        self.password_button.setVisible(table is USERS)
        self.access_button.setVisible(table is CREDIT_MANAGERS)
        self.view.setAccessibleName(table.label)
        if self.view.model() is not None and self.view.model().rowCount() == 0 and table.key in self._counts:
            self._say_empty(table, active)
            self.stack.setCurrentIndex(1)
        else:
            self.stack.setCurrentIndex(0)

    def _say_empty(self, table: Table, active: bool) -> None:
        if self.search.text().strip():
            self._empty.setText(f"Nada em {table.label} tem “{self.search.text().strip()}”.")
            self._way_out.setText("Limpar a busca")
        elif not active:
            self._empty.setText(f"Não há inativos em {table.label}.")
            self._way_out.setText("Mostrar os ativos")
        else:
            self._empty.setText(f"Ainda não há nada em {table.label}.")
            self._way_out.setText(f"Incluir {table.singular}")
        self._way_out.setAccessibleName(self._way_out.text())

    @Slot()
    def _take_way_out(self) -> None:
        if self.search.text().strip():
            self.search.clear()
            self.search.setFocus()
        elif not self.active.isChecked():
            self.active.setChecked(True)
            self._choose()
        else:
            self.add_row()

    @Slot()
    def add_row(self) -> None:
        """Open the form of a new row."""
        self._open_form(self.table, None)

    @Slot()
    def edit_row(self) -> None:
        """Open the form of the chosen row."""
        row_id = self._current_id()
        if row_id is not None:
            self._open_row(self.table, row_id)

    def _open_row(self, table: Table, row_id: int) -> None:
        for form in self._forms:
            if (form.table, form.row_id) == (table, row_id):
                _bring_up(form)
                return
        self._find(table, row_id, partial(self._open_form, table))

    def _find(self, table: Table, row_id: int, found: Callable[[Record], None]) -> None:
        """Give a row, as it is now, to `found`."""
        database = self._office.backoffice.database

        def find() -> Record:
            from app.data import records

            with database.reading() as connection:
                return records.get(connection, table, row_id)

        tasks.run(find, found, self._show_failure, self)

    def _open_form(self, table: Table, record: Record | None, kept: Callable[[int], None] | None = None) -> None:
        form = RecordForm(table, self._office, self._references, record, self)
        self._forms.append(form)
        form.saved.connect(self._saved)
        if kept is not None:
            form.saved.connect(kept)
        form.finished.connect(self._form_finished)
        self._references.refresh()
        form.show()

    @Slot(int)
    def _saved(self, row_id: int) -> None:
        form = self.sender()
        if isinstance(form, RecordForm):
            if form.table is self.table:
                self._select_after = row_id
            self._tell_changed(form.table)

    @Slot()
    def _form_finished(self) -> None:
        self._forms = [form for form in self._forms if form is not self.sender()]

    def _tell_changed(self, table: Table) -> None:
        self.failure.clear()
        self._office.tables_changed.emit()
        if table is CUSTOMERS:
            self._office.customers_changed.emit()

    @Slot()
    def change_activity(self) -> None:
        """Deactivate the chosen row after a question, or bring it back."""
        row_id = self._current_id()
        if row_id is None:
            return
        table, active = self.table, not self.active.isChecked()
        if not active:
            title = self._row_title(row_id)
            question = QMessageBox(
                QMessageBox.Icon.Question,
                f"Desativar {table.singular}",
                f"Desativar {title}?",
                parent=self,
            )
            question.setInformativeText(
                "Deixa de aparecer nas listas e escolhas. A história fica, e pode ser reativado."
            )
            yes = question.addButton("Desativar", QMessageBox.ButtonRole.AcceptRole)
            no = question.addButton("Voltar", QMessageBox.ButtonRole.RejectRole)
            question.setDefaultButton(no)
            question.exec()
            if question.clickedButton() is not yes:
                return
        database, actor = self._office.backoffice.database, self._office.actor

        def keep() -> Table:
            from app.data import records

            with database.writing() as connection:
                records.set_active(connection, table, row_id, active, actor)
            return table

        tasks.run(keep, self._tell_changed, self._show_failure, self)

    def _row_title(self, row_id: int) -> str:
        columns = ["id", *(field.name for field in self.table.fields)]
        column = 1 if is_paged(self.table) else columns.index(self.table.title_field)
        model = self.view.model()
        return f"{row_id} · {model.index(self.view.currentIndex().row(), column).data()}"

    @Slot()
    def import_customers(self) -> None:
        """Open the import of customers from a CSV file."""
        from ui.import_customers import ImportCustomers

        dialog = ImportCustomers(self._office, self)
        dialog.show()

    @Slot()
    def open_certificate(self) -> None:
        """Go to the certificate of the chosen branch."""
        row_id = self._current_id()
        if row_id is not None:
            self._office.open_page.emit("certificados", row_id)

    @Slot()
    def set_password(self) -> None:
        """Ask for a new password of the chosen user."""
        row_id = self._current_id()
        if row_id is not None:
            self._find(USERS, row_id, self._ask_password)

    def _ask_password(self, user: Record) -> None:
        from ui.user_password import UserPasswordDialog

        UserPasswordDialog(self._office, user, self).open()

    @Slot()
    def open_access(self) -> None:
        """Show the credentials that this computer has of the chosen gerenciadora."""
        from ui.credit_access import CreditAccessDialog

        row_id = self._current_id()
        if row_id is not None:
            CreditAccessDialog(self._office, row_id, self).open()

    @Slot(object)
    def _show_failure(self, error: Exception) -> None:
        self.failure.show_failure(failure_of(error))

    def unsaved(self) -> list[str]:
        """The forms with something typed and not saved."""
        return [form.windowTitle() for form in self._forms if form.is_changed]

    def save_all(self, then: Callable[[bool], None]) -> None:
        """Save every open form that was changed; those refused stay open with their errors."""
        forms = [form for form in self._forms if form.is_changed]
        answers: list[bool] = []

        def answered(kept: bool) -> None:
            answers.append(kept)
            if len(answers) == len(forms):
                then(all(answers))

        if not forms:
            then(True)
        for form in forms:
            form.save_then(answered)

    def discard_all(self) -> None:
        """Close every open form."""
        for form in list(self._forms):
            form.give_up()


def _bring_up(form: RecordForm) -> None:
    form.raise_()
    form.activateWindow()


def _read(database: Database, table: Table) -> _Reading:
    from app.data import records

    with database.reading() as connection:
        counts = {key: records.counts(connection, each) for key, each in TABLES.items()}
        if is_paged(table):
            return _Reading(table, counts, None, {})
        others = {field.kind.table for field in table.fields if isinstance(field.kind, Reference)}
        titles = {key: records.titles(connection, TABLES[key]) for key in others}
        return _Reading(table, counts, records.every(connection, table), titles)
