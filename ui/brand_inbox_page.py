"""Brands that ANP names and the Tabela de Bandeiras does not have: what each may be, and the ways to register it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QObject, Qt, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.tables import BRANDS
from ui import icons, pages, tasks, theme, words
from ui.brand_dialogs import AssociateBrand, CreateBrands
from ui.empty_state import EmptyState
from ui.failure_view import FailureView, failure_of
from ui.headed_model import HeadedModel, Index
from ui.layout_memory import LayoutMemory
from ui.page import Page
from ui.record_form import RecordForm
from ui.references import ReferenceSource
from ui.row_table import RowTable
from ui.status_delegate import StatusDelegate
from ui.table_look import prepare_table
from ui.theme import Tone

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.data.brand_inbox import BrandInbox, BrandProposal, UnknownBrand
    from app.data.database import Database
    from ui.office import Office

_WIDTHS = (190, 118, 132, 150, 190, 74)
_SUGGESTION, _ACCEPT = 3, 5
_NEXT = "Os clientes recebem a bandeira na próxima consulta à ANP, conforme o perfil."


class UnknownBrandModel(HeadedModel):
    """The names, those of our customers first."""

    labels = ("Nome na ANP", "Nossos clientes", "Estabelecimentos", "Sugestão", "Por quê", "")

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[UnknownBrand] = []

    def show(self, rows: list[UnknownBrand]) -> None:
        """Show these names."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return _cells(self.rows[index.row()])[index.column()]
        return None


def _cells(row: UnknownBrand) -> tuple[str, ...]:
    suggestion = row.suggestion
    return (
        row.seen.name,
        f"{row.seen.customers:,}".replace(",", "."),
        f"{row.seen.establishments:,}".replace(",", "."),
        f"{suggestion.brand} · {suggestion.degree} %" if suggestion is not None else "nenhuma",
        suggestion.why if suggestion is not None else "",
        "",
    )


class BrandInboxPage(Page):
    """The names, and what to do with the chosen one. Nothing is associated without a person's click."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__(pages.BRAND_INBOX, "Bandeiras não cadastradas", ("Ferramentas", "Sistema"), parent)
        self._office = office
        self._references = ReferenceSource(office, self)
        self._inbox: BrandInbox | None = None
        self._form: RecordForm | None = None
        self._reading: tasks.Task[BrandInbox] | None = None
        self.count = theme.role(QLabel(), "hint")
        self.fill_button = QPushButton(icons.icon("tables"), "Preencher pela lista de distribuidores…")
        self.fill_button.clicked.connect(self.propose)
        self.header.addWidget(self.count)
        self.header.addWidget(self.fill_button)

        self.failure = FailureView()
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.hide()
        self.model = UnknownBrandModel(self)
        self.view = RowTable()
        self.view.setObjectName("nomes")
        self.view.setAccessibleName("Bandeiras não cadastradas")
        self.view.setModel(self.model)
        self.view.setItemDelegate(StatusDelegate(self.view))
        self.view.setSelectionMode(RowTable.SelectionMode.SingleSelection)
        prepare_table(self.view, line_height=34)
        for column, width in enumerate(_WIDTHS):
            self.view.setColumnWidth(column, width)
        header = self.view.horizontalHeader()
        header.setSectionResizeMode(4, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(_ACCEPT, QHeaderView.ResizeMode.Fixed)
        LayoutMemory(office.folders, self.key, self).columns(self.view)
        self.view.selectionModel().currentRowChanged.connect(self._say_row)

        self.row_label = theme.role(QLabel(), "strong")
        self.row_label.setTextFormat(Qt.TextFormat.PlainText)
        self.accept_button = QPushButton(icons.icon("check"), "Aceitar sugestão")
        self.accept_button.clicked.connect(self.accept_suggestion)
        self.associate_button = QPushButton("Associar a…")
        self.associate_button.clicked.connect(self.choose_brand)
        self.create_button = QPushButton(icons.icon("add"), "Criar bandeira…")
        self.create_button.clicked.connect(self.create_brand)
        actions = QHBoxLayout()
        actions.setSpacing(theme.S)
        self.row_why = theme.role(QLabel(), "hint")
        self.row_why.setTextFormat(Qt.TextFormat.PlainText)
        self.row_why.setWordWrap(True)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(self.row_label)
        texts.addWidget(self.row_why)
        actions.addLayout(texts, 1)
        for button in (self.accept_button, self.associate_button, self.create_button):
            actions.addWidget(button)
        listed = QWidget()
        lines = QVBoxLayout(listed)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(theme.M)
        lines.addLayout(actions)
        lines.addWidget(self.view, 1)

        self.nothing_missing = EmptyState(
            "check",
            "Todas as bandeiras vistas na ANP estão cadastradas.",
            "Um nome novo aparece aqui quando uma consulta ou uma lista da ANP o trouxer.",
        )
        self.no_list = EmptyState(
            "flag",
            "Nenhuma bandeira não cadastrada foi vista até agora.",
            "As listas de revendedores da ANP ainda não foram importadas. Com elas aparecem aqui as bandeiras de todos "
            "os postos, antes mesmo da primeira consulta.",
        )
        self.open_lists = self.no_list.add_button("Abrir as listas da ANP", "anp")
        self.open_lists.clicked.connect(self._open_lists)
        self.stack = QStackedWidget()
        for widget in (listed, self.nothing_missing, self.no_list, QWidget()):
            self.stack.addWidget(widget)
        self.stack.setCurrentIndex(3)  # nothing is said before the table is read, and the heading keeps its place
        self.body.addWidget(self.failure)
        self.body.addWidget(self.said)
        self.body.addWidget(self.stack, 1)
        office.tables_changed.connect(self._refresh)

    def entered(self) -> None:
        """Read the names again."""
        self.said.hide()
        self._read()

    @Slot()
    def _refresh(self) -> None:
        if self.isVisible():
            self._read()

    def _read(self) -> None:
        if self._reading is not None:
            self._reading.drop()
        database = self._office.backoffice.database
        self._reading = tasks.run(lambda: _read(database), self._show, self._show_failure, self)

    def _show(self, inbox: BrandInbox) -> None:
        self._inbox = inbox
        self.failure.clear()
        position = self.view.currentIndex().row()
        self.model.show(inbox.unknown)
        for row, unknown in enumerate(inbox.unknown):
            if unknown.suggestion is not None:
                self.view.setIndexWidget(self.model.index(row, _ACCEPT), self._accept_button(unknown))
        number = len(inbox.unknown)
        self.count.setText(words.counted(number, "nome", "nomes") if number else "")
        self.stack.setCurrentIndex(0 if number else 1 if inbox.listed else 2)
        if number:
            self.view.selectRow(min(max(position, 0), number - 1))
        self._say_row()

    def _accept_button(self, unknown: UnknownBrand) -> QWidget:
        assert unknown.suggestion is not None
        button = QPushButton("Aceitar")
        theme.link(button)
        # The keyboard has the button above the list; the focus would stop at each row's.
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setAccessibleName(f"Aceitar {unknown.suggestion.brand} para {unknown.seen.name}")
        button.setToolTip(button.accessibleName())
        button.clicked.connect(partial(self._accept, unknown))
        return button

    @property
    def chosen(self) -> UnknownBrand | None:
        """The name chosen in the list."""
        row = self.view.currentIndex().row()
        return self.model.rows[row] if 0 <= row < len(self.model.rows) else None

    @Slot()
    def _say_row(self) -> None:
        unknown = self.chosen
        self.row_label.setText(unknown.seen.name if unknown is not None else "")
        suggestion = unknown.suggestion if unknown is not None else None
        self.row_why.setText(suggestion.why if suggestion is not None else "Nenhuma bandeira da tabela é parecida.")
        self.accept_button.setEnabled(suggestion is not None)
        self.accept_button.setText(f"Aceitar {suggestion.brand}" if suggestion is not None else "Aceitar sugestão")
        self.associate_button.setEnabled(unknown is not None and self._inbox is not None and bool(self._inbox.brands))
        self.create_button.setEnabled(unknown is not None)

    @Slot()
    def accept_suggestion(self) -> None:
        """Give the chosen name to the brand suggested for it."""
        if (unknown := self.chosen) is not None and unknown.suggestion is not None:
            self._accept(unknown)

    def _accept(self, unknown: UnknownBrand) -> None:
        assert unknown.suggestion is not None
        self._associate(unknown.seen.name, unknown.suggestion.brand_id)

    @Slot()
    def choose_brand(self) -> None:
        """Ask which brand the chosen name is."""
        if (unknown := self.chosen) is None or self._inbox is None:
            return
        dialog = AssociateBrand(unknown, self._inbox.brands, self)
        dialog.accepted.connect(self._brand_chosen)
        dialog.open()

    @Slot()
    def _brand_chosen(self) -> None:
        dialog = self.sender()
        if isinstance(dialog, AssociateBrand) and dialog.brand_id is not None:
            self._associate(dialog.name, dialog.brand_id)

    def _associate(self, name: str, brand_id: int) -> None:
        from app.data import brand_inbox, records

        actor = self._office.actor

        def keep(connection: Connection) -> str:
            brand_inbox.associate(connection, name, brand_id, actor)
            brand = records.get(connection, BRANDS, brand_id).values["nome"]
            return f"“{name}” agora é um nome de {brand} na ANP. {_NEXT}"

        self._write(keep)

    @Slot()
    def create_brand(self) -> None:
        """Open the form of a new brand with the chosen name."""
        if (unknown := self.chosen) is None:
            return
        name = unknown.seen.name
        given = {"nome": name, "nomes_anp": (name,)}
        self._form = RecordForm(BRANDS, self._office, self._references, None, self, given=given)
        self._form.saved.connect(self._created)
        self._form.finished.connect(self._form_finished)
        self._form.open()

    @Slot()
    def _created(self) -> None:
        self._tell(f"A bandeira está na tabela. {_NEXT}")

    @Slot()
    def _form_finished(self) -> None:
        self._form = None

    @Slot()
    def propose(self) -> None:
        """Read the brands that the list of distributors suggests, and ask which of them to create."""
        database = self._office.backoffice.database
        self.fill_button.setEnabled(False)
        tasks.run(lambda: _proposals(database), self._ask_which, self._show_failure, self)

    def _ask_which(self, proposals: Sequence[BrandProposal]) -> None:
        self.fill_button.setEnabled(True)
        self.failure.clear()
        if not proposals:
            self._say(
                "Não há bandeira a propor: as dos distribuidores da lista já estão na tabela, ou a lista de "
                "distribuidores ainda não foi importada em Listas da ANP.",
                Tone.NEUTRAL,
            )
            return
        dialog = CreateBrands(proposals, self)
        dialog.accepted.connect(self._create_chosen)
        dialog.open()

    @Slot()
    def _create_chosen(self) -> None:
        from app.data import brand_inbox

        dialog = self.sender()
        if not isinstance(dialog, CreateBrands):
            return
        chosen, snapshot, actor = dialog.chosen, self._office.snapshot, self._office.actor

        def keep(connection: Connection) -> str:
            number = len(brand_inbox.create(connection, chosen, snapshot, actor))
            return f"{words.counted(number, 'bandeira criada', 'bandeiras criadas')}. {_NEXT}"

        self._write(keep)

    def _write(self, keep: Callable[[Connection], str]) -> None:
        database = self._office.backoffice.database
        for button in (self.accept_button, self.associate_button, self.create_button, self.fill_button):
            button.setEnabled(False)

        def work() -> str:
            with database.writing() as connection:
                return keep(connection)

        tasks.run(work, self._tell, self._show_failure, self)

    def _tell(self, sentence: str) -> None:
        self.fill_button.setEnabled(True)
        self._say(sentence, Tone.OK)
        self.view.setFocus()  # the button that was pressed lost it while it was disabled
        self._office.tables_changed.emit()

    def _say(self, sentence: str, tone: Tone) -> None:
        self.said.setText(sentence)
        theme.tone(self.said, tone)
        self.said.show()

    @Slot()
    def _open_lists(self) -> None:
        self._office.open_page.emit(pages.ANP_LISTS, None)

    @Slot(object)
    def _show_failure(self, error: Exception) -> None:
        self.fill_button.setEnabled(True)
        self.said.hide()
        self.failure.show_failure(failure_of(error))
        self._say_row()

    def unsaved(self) -> list[str]:
        """The form of a new brand with something typed and not saved."""
        return [self._form.windowTitle()] if self._form is not None and self._form.is_changed else []

    def save_all(self, then: Callable[[bool], None]) -> None:
        """Save the open form, then say whether it is kept."""
        if self._form is not None and self._form.is_changed:
            self._form.save_then(then)
        else:
            then(True)

    def discard_all(self) -> None:
        """Close the open form."""
        if self._form is not None:
            self._form.give_up()


def _read(database: Database) -> BrandInbox:
    from app.data import brand_inbox

    with database.reading() as connection:
        return brand_inbox.read(connection)


def _proposals(database: Database) -> list[BrandProposal]:
    from app.data import brand_inbox

    with database.reading() as connection:
        return brand_inbox.proposals(connection)
