"""The lists that ANP publishes: renewed here, what changed in them, and all customers checked against them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QTimer, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QStackedWidget,
    QWidget,
)

from app.domain import Failure, FailureKind, ListKind
from app.portuguese import megabytes_of
from app.rules.anp_difference import ChangeKind
from app.settings.catalog import ANP_LIST_AUTOMOTIVE, ANP_LIST_DISTRIBUTORS, ANP_LIST_GLP, ANP_MIRROR_AGE
from ui import icons, pages, tasks, theme, words
from ui.anp_change_model import AnpChangeModel
from ui.anp_list_card import TITLES, AnpListCard
from ui.check_report import CheckReportDialog
from ui.empty_state import EmptyState
from ui.failure_view import FailureView, failure_of
from ui.file_reading import unreadable
from ui.import_anp_list import ImportAnpList
from ui.layout_memory import LayoutMemory
from ui.long_work import Cancelled, LongWork, Progress
from ui.page import Page
from ui.row_table import RowTable
from ui.search_box import SearchBox
from ui.status_delegate import StatusDelegate
from ui.table_look import prepare_table
from ui.theme import Tone

if TYPE_CHECKING:
    from app.data.database import Database
    from app.data.mirror import ListReport, ListTaken
    from app.data.mirror_check import CheckReport
    from ui.office import Office

_ADDRESSES = {
    ListKind.AUTOMOTIVE: ANP_LIST_AUTOMOTIVE,
    ListKind.GLP: ANP_LIST_GLP,
    ListKind.DISTRIBUTOR: ANP_LIST_DISTRIBUTORS,
}
_RESELLERS = (ListKind.AUTOMOTIVE, ListKind.GLP)
_WIDTHS = (86, 190, 124, 140, 140, 158, 140, 40, 110)


@dataclass(frozen=True)
class _Kept:
    """The newest list of each kind, how many changes are kept, and how many of them are about our customers."""

    lists: dict[ListKind, ListTaken | None]
    changes: int
    ours: int


@dataclass(frozen=True)
class _Fetched:
    """The bytes of a list, not looked at yet."""

    kind: ListKind
    data: bytes
    source: str
    taken_at: datetime


class AnpListsPage(Page):
    """A card a list, and under them what the lists changed."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__(pages.ANP_LISTS, "Listas da ANP", ("Ferramentas", "Sistema"), parent)
        self._office = office
        self._model = AnpChangeModel(office.backoffice.database, self)
        self._model.loaded.connect(self._loaded)
        self._model.failed.connect(self._show_failure)
        self._kept: _Kept | None = None
        self._todo: list[ListKind] = []
        self._reports: list[str] = []
        self.download_all = QPushButton(icons.icon("refresh"), "Baixar todas")
        self.download_all.setToolTip("Baixar da ANP as três listas, uma depois da outra")
        self.download_all.clicked.connect(self._download_all)
        self.count = theme.role(QLabel(), "hint")
        self.check_button = QPushButton("Conferir todos os clientes…")
        theme.primary(self.check_button)
        self.check_button.clicked.connect(self.ask_check)
        self.check_button.setEnabled(False)
        self.header.addWidget(self.count)
        self.header.addWidget(self.download_all)
        self.header.addWidget(self.check_button)

        self.failure = FailureView()
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.hide()
        self.work = LongWork()
        self.cards = {kind: AnpListCard(kind) for kind in ListKind}
        cards = QHBoxLayout()
        cards.setSpacing(theme.M)
        for card in self.cards.values():
            card.download_wanted.connect(self._download_one)
            card.import_wanted.connect(self.open_import)
            card.rejected_wanted.connect(self._read_rejected)
            cards.addWidget(card, 1)
        self.body.addWidget(self.failure)
        self.body.addWidget(self.said)
        self.body.addWidget(self.work)
        self.body.addLayout(cards)
        self.body.addLayout(self._filters())
        self.body.addWidget(self._places(), 1)
        LayoutMemory(office.folders, self.key, self).columns(self.view)
        office.snapshot_changed.connect(self._refresh)
        office.customers_changed.connect(self._customers_changed)
        self._customers_timer = QTimer(self, singleShot=True, interval=1000)
        self._customers_timer.timeout.connect(self._refresh)

    def _filters(self) -> QHBoxLayout:
        self.search = SearchBox("Buscar por razão social ou CNPJ", "Buscar nas diferenças das listas")
        self.search.setToolTip("Buscar nas diferenças (Ctrl+F)")
        self.search.searched.connect(self._choose)
        self.list_filter = QComboBox()
        self.list_filter.setAccessibleName("Mostrar as diferenças da lista")
        self.list_filter.addItem("Todas as listas", "")
        for kind in ListKind:
            self.list_filter.addItem(TITLES[kind], kind.value)
        self.change_filter = QComboBox()
        self.change_filter.setAccessibleName("Mostrar as diferenças de um tipo")
        self.change_filter.addItem("Tudo o que mudou", "")
        for change in ChangeKind:
            self.change_filter.addItem(change.label, change.value)
        self.change_filter.setMaxVisibleItems(len(ChangeKind) + 1)
        self.only_ours = QPushButton("Só nossos clientes")
        self.only_ours.setCheckable(True)
        self.list_filter.currentIndexChanged.connect(self._choose)
        self.change_filter.currentIndexChanged.connect(self._choose)
        self.only_ours.toggled.connect(self._choose)
        self.customer_button = QPushButton(icons.icon("customers"), "Abrir cliente")
        self.customer_button.setEnabled(False)
        self.customer_button.clicked.connect(self._open_customer)
        row = QHBoxLayout()
        row.setSpacing(theme.S)
        row.addWidget(self.search, 1)
        for widget in (self.list_filter, self.change_filter, self.only_ours, self.customer_button):
            row.addWidget(widget)
        return row

    def _places(self) -> QStackedWidget:
        self.view = RowTable()
        self.view.setObjectName("diferencas")
        self.view.setAccessibleName("Diferenças das listas")
        self.view.setItemDelegate(StatusDelegate(self.view))
        self.view.setModel(self._model)
        self.view.setSelectionMode(RowTable.SelectionMode.SingleSelection)
        prepare_table(self.view, line_height=30)
        self.view.horizontalHeader().setStretchLastSection(True)
        for column, width in enumerate(_WIDTHS):
            self.view.setColumnWidth(column, width)
        self.view.selectionModel().currentRowChanged.connect(self._say_row)
        self.view.activated.connect(self._open_customer)
        self.no_list = EmptyState(
            "anp",
            "Nenhuma lista da ANP foi importada ainda.",
            "Com elas todos os clientes são conferidos de uma vez, as mudanças de um dia para o outro aparecem aqui, e "
            "uma lista recente responde quando a consulta à ANP falha.",
        )
        self.first_download = self.no_list.add_button("Baixar as três listas", "refresh")
        self.first_download.clicked.connect(self._download_all)
        self.no_changes = EmptyState(
            "check",
            "Nada mudou nas listas até agora.",
            "A primeira lista não tem com o que ser comparada. As diferenças aparecem a partir da próxima.",
        )
        self.none_found = EmptyState("search", "Nenhuma diferença com estes filtros.", "")
        self.show_all = self.none_found.add_button("Mostrar todas", "filter")
        self.show_all.clicked.connect(self._show_all)
        self.stack = QStackedWidget()
        # The first says nothing: before the lists are read the cards keep their place.
        for widget in (QWidget(), self.view, self.no_list, self.no_changes, self.none_found):
            self.stack.addWidget(widget)
        return self.stack

    # --- what is kept ---

    def entered(self) -> None:
        """Read the lists and their differences again."""
        self._read()

    @Slot()
    def _refresh(self) -> None:
        if self.isVisible():
            self._read()

    @Slot()
    def _customers_changed(self) -> None:
        if not self._customers_timer.isActive():
            self._customers_timer.start()

    def _read(self) -> None:
        database = self._office.backoffice.database
        tasks.run(lambda: _read(database), self._show, self._show_failure, self)

    def _show(self, kept: _Kept) -> None:
        now = datetime.now(UTC)
        for kind, card in self.cards.items():
            card.show_list(kept.lists[kind], self._office.snapshot[ANP_MIRROR_AGE], now)
        is_first = self._kept is None or not self._kept.changes
        self._kept = kept
        self._say_check()
        if is_first and kept.changes:
            with QSignalBlocker(self.only_ours):
                self.only_ours.setChecked(kept.ours > 0)
        self._choose()

    @Slot()
    def _choose(self) -> None:
        self.search.settle()
        kind, change = self.list_filter.currentData(), self.change_filter.currentData()
        self._model.choose(
            self.search.text(),
            ListKind(kind) if kind else None,
            ChangeKind(change) if change else None,
            self.only_ours.isChecked(),
        )

    @Slot(int)
    def _loaded(self, total: int) -> None:
        if self._kept is None:
            return
        self.count.setText(words.counted(total, "diferença", "diferenças") if self._kept.changes else "")
        if total:
            shown: QWidget = self.view
        elif not any(self._kept.lists.values()):
            shown = self.no_list
        else:
            shown = self.none_found if self._kept.changes else self.no_changes
        self.stack.setCurrentWidget(shown)
        self._say_row()

    @Slot()
    def _show_all(self) -> None:
        self.search.clear()
        self.list_filter.setCurrentIndex(0)
        self.change_filter.setCurrentIndex(0)
        self.only_ours.setChecked(False)
        self._choose()

    def _customer_id(self) -> int | None:
        index = self.view.currentIndex()
        row = self._model.row(index.row()) if index.isValid() else None
        return None if row is None else row.customer_id

    @Slot()
    def _say_row(self) -> None:
        self.customer_button.setEnabled(self._customer_id() is not None)

    @Slot()
    def _open_customer(self) -> None:
        if (customer_id := self._customer_id()) is not None:
            self._office.open_page.emit(pages.CUSTOMERS, customer_id)

    # --- rejected lines ---

    @Slot(object)
    def _read_rejected(self, taken: ListTaken) -> None:
        database = self._office.backoffice.database

        def read() -> str:
            from app.data import mirror

            with database.reading() as connection:
                return "\n".join(line.sentence for line in mirror.rejected_lines(connection, taken.id))

        tasks.run(read, partial(self._show_rejected, taken), self._show_failure, self)

    def _show_rejected(self, taken: ListTaken, lines: str) -> None:
        from ui.rejected_lines import RejectedLines

        RejectedLines(f"Linhas recusadas: {taken.kind.label}, {words.exact(taken.taken_at)}", lines, self).open()

    # --- a new list ---

    @Slot()
    def _download_all(self) -> None:
        self.download(tuple(ListKind))

    @Slot(object)
    def _download_one(self, kind: ListKind) -> None:
        self.download((kind,))

    def download(self, kinds: Sequence[ListKind]) -> None:
        """Download lists from ANP, one after the other, and take each into the mirror."""
        self._begin()
        self._todo = list(kinds)
        self._download_next()

    def _begin(self) -> None:
        self._todo, self._reports = [], []
        self.failure.clear()
        self.said.hide()
        self._set_busy(True)

    def _set_busy(self, busy: bool) -> None:
        for button in (self.download_all, self.first_download):
            button.setEnabled(not busy)
        self._say_check()
        for card in self.cards.values():
            card.set_busy(busy)

    def _download_next(self) -> None:
        kind = self._todo.pop(0)
        address, folders = self._office.snapshot[_ADDRESSES[kind]], self._office.folders

        def fetch(progress: Progress, cancelled: Cancelled) -> _Fetched:
            from services.anp.lists import download_list

            data = download_list(address, folders, progress=progress, cancelled=cancelled)
            return _Fetched(kind, data, address, datetime.now(UTC))

        failed = partial(self._not_taken, kind.label)
        self.work.start(f"Baixando da ANP: {kind.label}", fetch, self._fetched, failed, measure=megabytes_of)

    @Slot(object)
    def open_import(self, kind: ListKind) -> None:
        """Ask for the file of a list."""
        dialog = ImportAnpList(kind, self)
        dialog.accepted.connect(self._import_chosen)
        dialog.open()

    @Slot()
    def _import_chosen(self) -> None:
        dialog = self.sender()
        if isinstance(dialog, ImportAnpList):
            self.import_file(dialog.kind, dialog.file, dialog.taken_at)

    def import_file(self, kind: ListKind, file: Path, taken_at: datetime) -> None:
        """Take a list from a file."""
        self._begin()
        self.work.start(
            f"Lendo o arquivo {file.name}",
            lambda progress, cancelled: _Fetched(kind, file.read_bytes(), str(file), taken_at),
            self._fetched,
            partial(self._not_taken, file.name),
        )

    def _fetched(self, fetched: _Fetched) -> None:
        if self.work.cancelled:
            self._end_cancelled()
        else:
            self._take(fetched, accept_smaller=False)

    def _take(self, fetched: _Fetched, *, accept_smaller: bool) -> None:
        database, actor = self._office.backoffice.database, self._office.actor

        def take(progress: Progress, cancelled: Cancelled) -> ListReport:
            from app.data import mirror

            return mirror.take_list(
                database,
                fetched.data,
                fetched.kind,
                source=fetched.source,
                taken_at=fetched.taken_at,
                actor=actor,
                accept_smaller=accept_smaller,
            )

        self.work.start(
            f"Comparando com a lista anterior: {fetched.kind.label}",
            take,
            self._taken,
            partial(self._refused, fetched),
        )

    def _taken(self, report: ListReport) -> None:
        self._reports.append(report.sentence)
        self._say("\n".join(self._reports), Tone.WARN if report.rejected else Tone.OK)
        self._read()
        if self._todo and not self.work.cancelled:
            self._download_next()
        else:
            self._set_busy(False)

    def _refused(self, fetched: _Fetched, error: Exception) -> None:
        from app.data.mirror import IncompleteList

        if isinstance(error, IncompleteList) and not self.work.cancelled and self._smaller_accepted(error):
            self._take(fetched, accept_smaller=True)
        else:
            self._not_taken(fetched.kind.label, error)

    def _smaller_accepted(self, error: Exception) -> bool:
        question = QMessageBox(QMessageBox.Icon.Warning, self.title, "A lista é bem menor que a anterior.", parent=self)
        question.setInformativeText(str(error))
        yes = question.addButton("Aceitar a lista menor", QMessageBox.ButtonRole.AcceptRole)
        no = question.addButton("Recusar", QMessageBox.ButtonRole.RejectRole)
        question.setDefaultButton(no)
        question.exec()
        return question.clickedButton() is yes

    def _not_taken(self, which: str, error: Exception) -> None:
        """One list failed: say which, and go on with the others."""
        if self.work.cancelled:
            self._end_cancelled()
            return
        if isinstance(error, OSError):
            failure = Failure(FailureKind.CONFIGURATION, "A lista não foi importada.", unreadable(error), "")
        else:
            failure = failure_of(error)
        self.failure.show_failure(replace(failure, what=f"{which}: {failure.what}"))
        self._reports.append(f"{which}: não foi atualizada. {failure.what}")
        if self._todo:
            self._download_next()
        else:
            self._set_busy(False)

    def _end_cancelled(self) -> None:
        self._todo.clear()
        self._set_busy(False)
        self._say("\n".join((*self._reports, "Cancelado: o que faltava não foi feito.")), Tone.NEUTRAL)

    # --- every customer ---

    def _say_check(self) -> None:
        has_list = self._kept is not None and any(self._kept.lists[kind] for kind in _RESELLERS)
        self.check_button.setEnabled(has_list and self.download_all.isEnabled())
        self.check_button.setToolTip(
            "Comparar cada cliente com a lista mais nova do cadastro dele na ANP"
            if has_list
            else "Baixe ou importe antes uma lista de revendedores"
        )

    @Slot()
    def ask_check(self) -> None:
        """Ask whether the profiles are applied, then check every customer against the lists."""
        assert self._kept is not None
        dates = [
            f"{TITLES[kind]}: lista de {words.exact(taken.taken_at)}, confirmada em {words.exact(taken.confirmed_at)}."
            for kind in _RESELLERS
            if (taken := self._kept.lists[kind]) is not None
        ]
        question = QMessageBox(
            QMessageBox.Icon.Question, self.title, "Conferir todos os clientes com as listas da ANP?", parent=self
        )
        question.setInformativeText(
            "Quem mudou de situação ou de bandeira ganha uma consulta no histórico, com a data da lista. Ao aplicar os "
            "perfis, clientes são bloqueados ou desbloqueados como em uma consulta.\n\n" + "\n".join(dates)
        )
        only = question.addButton("Só conferir", QMessageBox.ButtonRole.AcceptRole)
        apply = question.addButton("Conferir e aplicar", QMessageBox.ButtonRole.AcceptRole)
        back = question.addButton("Voltar", QMessageBox.ButtonRole.RejectRole)
        question.setDefaultButton(only)
        question.setEscapeButton(back)
        question.exec()
        if question.clickedButton() in (only, apply):
            self.check(apply=question.clickedButton() is apply)

    def check(self, *, apply: bool) -> None:
        """Check every customer against the lists; with `apply` the profiles act on what is found."""
        self._begin()
        database, snapshot, actor = self._office.backoffice.database, self._office.snapshot, self._office.actor

        def check(progress: Progress, cancelled: Cancelled) -> CheckReport:
            from app.data.mirror_check import check_customers

            return check_customers(
                database,
                snapshot,
                apply=apply,
                actor=actor,
                now=datetime.now(UTC),
                progress=progress,
                cancelled=cancelled,
            )

        self.work.start("Conferindo os clientes", check, self._checked, self._check_failed, measure=_of_customers)

    def _checked(self, report: CheckReport) -> None:
        self._set_busy(False)
        self._say(report.sentence, Tone.WARN if report.cancelled or report.blocked else Tone.OK)
        self._office.customers_changed.emit()
        if self.isVisible():
            dialog = CheckReportDialog(report, self)
            dialog.customer_wanted.connect(self._go_to_customer)
            dialog.blocked_wanted.connect(self._go_to_blocked)
            dialog.open()

    def _check_failed(self, error: Exception) -> None:
        self._set_busy(False)
        self._office.customers_changed.emit()  # those checked before the failure stay checked
        self._show_failure(error)

    @Slot(int)
    def _go_to_customer(self, customer_id: int) -> None:
        self._office.open_page.emit(pages.CUSTOMERS, customer_id)

    @Slot()
    def _go_to_blocked(self) -> None:
        from app.data.customers import Situation

        self._office.open_page.emit(pages.CUSTOMERS, Situation.BLOCKED)

    def _say(self, sentence: str, tone: Tone) -> None:
        self.said.setText(sentence)
        theme.tone(self.said, tone)
        self.said.show()

    @Slot(object)
    def _show_failure(self, error: Exception) -> None:
        self.failure.show_failure(failure_of(error))


def _of_customers(number: int, total: int | None) -> str:
    done = f"{number:,}".replace(",", ".")
    return f"{done} de {words.counted(total or 0, 'cliente', 'clientes')}"


def _read(database: Database) -> _Kept:
    from app.data import mirror
    from app.data.mirror import ChangeQuery

    with database.reading() as connection:
        return _Kept(
            {kind: mirror.current(connection, kind) for kind in ListKind},
            mirror.count_changes(connection, ChangeQuery()),
            mirror.count_changes(connection, ChangeQuery(only_customers=True)),
        )
