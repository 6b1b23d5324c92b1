"""Who changed what, from what to what, when and on which computer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QObject, Qt, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.tables import TABLES
from ui import theme, words
from ui.failure_view import FailureView, failure_of
from ui.layout_memory import LayoutMemory
from ui.page import Page
from ui.paged_model import PagedModel
from ui.row_table import RowTable
from ui.search_box import SearchBox
from ui.table_look import prepare_table

if TYPE_CHECKING:
    from app.data.audit import AuditQuery, Entry
    from app.data.database import Database
    from ui.office import Office

_WIDTHS = (136, 150, 270, 150, 260, 100)
_SUBJECTS = (
    ("", "Tudo"),
    ("/", "Configurações"),
    *((f"{table.key}/", table.label) for table in TABLES.values()),
    ("enderecos/", "Endereços da SEFAZ"),
    ("balcoes/", "Balcões"),
    ("avaliacoes/", "Liberações de vendas"),
    ("mensagens/", "Mensagens"),
    ("whatsapp/", "Pausas do WhatsApp"),
)


class AuditModel(PagedModel["AuditQuery", "Entry"]):
    """Searched and paged by the database, the newest first."""

    labels = ("Quando", "Quem", "O que", "De", "Para", "Computador")

    def __init__(self, database: Database, parent: QObject) -> None:
        from app.data import audit

        super().__init__(database, audit.page, audit.count, audit.AuditQuery(), parent)

    def choose(self, text: str, subject: str) -> None:
        """Show the entries with these words, of one kind of subject."""
        query: AuditQuery = replace(self.query, text=text, subject=subject)
        self.show(query)

    def cell(self, row: Entry, column: int, role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return cells(row)[column].replace("\n", " · ")
        if role == Qt.ItemDataRole.ToolTipRole:
            return words.relative(row.at) if column == 0 else cells(row)[column]
        return None


def cells(entry: Entry) -> tuple[str, ...]:
    """One entry in words, in the order of the columns."""
    what = f"{entry.what} (empresa {entry.company_id})" if entry.company_id else entry.what
    return words.exact(entry.at), entry.actor, what, entry.old, entry.new, entry.machine


class AuditPage(Page):
    """The list, and under it the chosen change whole."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__("auditoria", "Auditoria", ("Ferramentas", "Sistema"), parent)
        self.model = AuditModel(office.backoffice.database, self)
        self.model.loaded.connect(self._loaded)
        self.model.failed.connect(self._show_failure)
        self.count = theme.role(QLabel(), "hint")
        self.header.addWidget(self.count)
        self.search = SearchBox("Buscar por pessoa, computador, o que mudou ou valor", "Buscar na auditoria")
        self.search.setToolTip("Buscar na auditoria (Ctrl+F)")
        self.search.searched.connect(self._choose)
        self.subject = QComboBox()
        self.subject.setAccessibleName("Mostrar mudanças em")
        for key, label in _SUBJECTS:
            self.subject.addItem(label, key)
        self.subject.setMaxVisibleItems(len(_SUBJECTS))
        self.subject.currentIndexChanged.connect(self._choose)
        top = QHBoxLayout()
        top.setSpacing(theme.S)
        top.addWidget(self.search, 1)
        top.addWidget(self.subject)

        self.failure = FailureView()
        self.view = RowTable()
        self.view.setObjectName("mudancas")
        self.view.setAccessibleName("Mudanças")
        self.view.setModel(self.model)
        self.view.setSelectionMode(RowTable.SelectionMode.SingleSelection)
        prepare_table(self.view, line_height=30)
        self.view.horizontalHeader().setStretchLastSection(True)
        for section, width in enumerate(_WIDTHS):
            self.view.setColumnWidth(section, width)
        LayoutMemory(office.folders, self.key, self).columns(self.view)
        self.view.selectionModel().currentRowChanged.connect(self._show_detail)
        self._empty = theme.role(QLabel(), "subtitle")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self.show_all = QPushButton("Mostrar tudo")
        self.show_all.clicked.connect(self._show_all)
        empty = QWidget()
        column = QVBoxLayout(empty)
        column.setSpacing(theme.M)
        column.addStretch(1)
        column.addWidget(self._empty)
        column.addWidget(self.show_all, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch(2)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.view)
        self.stack.addWidget(empty)
        self.body.addLayout(top)
        self.body.addWidget(self.failure)
        self.body.addWidget(self.stack, 1)
        self.body.addWidget(self._detail_card())

    def _detail_card(self) -> QFrame:
        self.detail = QFrame()
        theme.card(self.detail)
        grid = QGridLayout(self.detail)
        grid.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        grid.setHorizontalSpacing(theme.L)
        grid.setVerticalSpacing(theme.XS)
        grid.setColumnStretch(1, 1)
        self.what = theme.role(QLabel(), "strong")
        self.what.setWordWrap(True)
        self.where = theme.role(QLabel(), "hint")
        self.old, self.new = QLabel(), QLabel()
        grid.addWidget(self.what, 0, 0, 1, 2)
        grid.addWidget(self.where, 1, 0, 1, 2)
        for row, (name, label) in enumerate((("De", self.old), ("Para", self.new)), 2):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            grid.addWidget(theme.role(QLabel(name), "hint"), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label, row, 1)
        self.detail.hide()
        return self.detail

    def entered(self) -> None:
        """Read the changes again."""
        self.model.refresh()

    def show_argument(self, argument: object) -> None:
        """A subject, such as "filiais/" or "/", filters by it; any other text is searched for."""
        if isinstance(argument, str):
            position = self.subject.findData(argument)
            self.subject.setCurrentIndex(max(0, position))
            self.search.setText("" if position >= 0 else argument)

    @Slot()
    def _choose(self) -> None:
        self.search.settle()
        self.model.choose(self.search.text(), self.subject.currentData())

    @Slot(int)
    def _loaded(self, total: int) -> None:
        self.failure.clear()
        self.count.setText(words.counted(total, "mudança", "mudanças"))
        filtered = bool(self.search.text().strip()) or self.subject.currentIndex() > 0
        self._empty.setText("Nenhuma mudança com estes filtros." if filtered else "Ninguém mudou nada ainda.")
        self.show_all.setVisible(filtered)
        self.stack.setCurrentIndex(0 if total else 1)
        if not total or not self.view.currentIndex().isValid():
            self.detail.hide()

    @Slot(QModelIndex)
    def _show_detail(self, index: QModelIndex) -> None:
        entry = self.model.row(index.row()) if index.isValid() else None
        self.detail.setVisible(entry is not None)
        if entry is None:
            return
        when, who, what, old, new, machine = cells(entry)
        self.what.setText(what)
        self.where.setText(f"{when} ({words.relative(entry.at)}), por {who}, em {machine}")
        self.old.setText(old or "nada")
        self.new.setText(new or "nada")
        self.detail.setAccessibleName(f"{what}, de {old or 'nada'} para {new or 'nada'}")

    @Slot()
    def _show_all(self) -> None:
        self.search.clear()
        self.subject.setCurrentIndex(0)
        self._choose()

    @Slot(object)
    def _show_failure(self, error: Exception) -> None:
        self.failure.show_failure(failure_of(error))
