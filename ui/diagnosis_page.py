"""Diagnosing SEFAZ: a grid of the 27 UFs and their steps, and one of them whole at the side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QHeaderView,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.domain import Authority
from app.settings.catalog import SEFAZ_BRANCH
from app.tables import BRANCHES
from app.uf import UFS
from services.sefaz.diagnosis_report import UfReport, as_text
from ui import icons, pages, tasks, theme
from ui.diagnosis_model import DiagnosisModel
from ui.diagnosis_view import DiagnosisView
from ui.empty_state import EmptyState
from ui.failure_view import FailureView, failure_of
from ui.layout_memory import LayoutMemory
from ui.long_work import Cancelled, LongWork, Progress
from ui.page import Page
from ui.row_table import RowTable
from ui.save_dialog import ask_where
from ui.status_delegate import StatusDelegate
from ui.table_look import prepare_table
from ui.wrapping_row import WrappingRow

if TYPE_CHECKING:
    from app.data.database import Database
    from app.settings.snapshot import Snapshot
    from ui.office import Office

_SHOWN_EVERY_MS = 100


class DiagnosisPage(Page):
    """`show_argument` takes a UF and diagnoses it. What was found stays for as long as the program runs."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__(pages.DIAGNOSIS, "Diagnóstico da SEFAZ", ("Ferramentas", "Sistema"), parent)
        self._office = office
        self._coming: dict[str, UfReport] = {}
        self._showing = QTimer(self, interval=_SHOWN_EVERY_MS)
        self._showing.timeout.connect(self._show_coming)

        self.one_button = QPushButton(icons.icon("diagnosis"), "Diagnosticar UF")
        self.one_button.clicked.connect(self._diagnose_chosen)
        self.all_button = QPushButton("Diagnosticar todas")
        self.all_button.clicked.connect(self._diagnose_all)
        theme.primary(self.all_button)
        self.connection_only = QCheckBox("Só a conexão, sem consultar")
        self.connection_only.setToolTip(
            "Vai até o TLS. Sem marcar, consulta uma vez o CNPJ da própria filial em cada UF."
        )
        self.copy_button = QPushButton(icons.icon("copy"), "Copiar relatório")
        self.copy_button.clicked.connect(self._copy)
        self.save_button = QPushButton(icons.icon("save"), "Salvar relatório…")
        self.save_button.clicked.connect(self._ask_file)
        actions = WrappingRow()
        for widget in (self.all_button, self.one_button, self.connection_only, self.copy_button, self.save_button):
            actions.add_widget(widget)

        self.told = theme.role(QLabel(), "hint")
        self.told.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.told.hide()
        self.work = LongWork()
        self.failure = FailureView()
        self.model = DiagnosisModel(self)
        self.view = DiagnosisView()
        self.view.retry_wanted.connect(self._retry)
        self.view.consultation_wanted.connect(self._open_consultation)
        self._side = QStackedWidget()
        self._side.addWidget(self._empty())
        self._side.addWidget(self.view)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setObjectName("diagnostico")
        split.setChildrenCollapsible(False)
        split.addWidget(self._make_table())
        split.addWidget(self._side)
        split.setStretchFactor(0, 0)  # the grid is as wide as its marks; what was found is what needs room
        split.setStretchFactor(1, 1)
        split.setSizes([584, 276])
        LayoutMemory(office.folders, self.key, self).panes(split)
        self.body.addWidget(actions)
        self.body.addWidget(self.told)
        self.body.addWidget(self.work)
        self.body.addWidget(self.failure)
        self.body.addWidget(split, 1)
        self._say()

    def _make_table(self) -> RowTable:
        self.table = RowTable()
        self.table.setAccessibleName("Diagnóstico por UF e por passo")
        self.table.setModel(self.model)
        self.table.setSelectionMode(RowTable.SelectionMode.SingleSelection)
        self.table.setItemDelegate(StatusDelegate(self.table))
        prepare_table(self.table, line_height=28)
        header = self.table.horizontalHeader()
        header.setMinimumSectionSize(48)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        self.table.selectionModel().currentRowChanged.connect(self._uf_chosen)
        self.table.doubleClicked.connect(self._diagnose_chosen)
        return self.table

    def _empty(self) -> QWidget:
        empty = EmptyState(
            "diagnosis",
            "Esta UF ainda não foi diagnosticada",
            "O diagnóstico segue o caminho de uma consulta, do certificado da filial à resposta da SEFAZ, e diz em que "
            "passo ela para e o que fazer.",
        )
        self.empty_button = empty.add_button("Diagnosticar UF", "diagnosis")
        self.empty_button.clicked.connect(self._diagnose_chosen)
        place = QWidget()
        QVBoxLayout(place).addWidget(empty)
        return place

    @property
    def uf(self) -> str:
        """The UF chosen in the grid, "" before there is one."""
        row = self.table.currentIndex().row()
        return "" if row < 0 else list(UFS)[row]

    def entered(self) -> None:
        """Choose the branch's UF, when nothing was chosen yet."""
        if not self.uf:
            database, snapshot = self._office.backoffice.database, self._office.snapshot
            tasks.run(lambda: _branch_uf(database, snapshot), self._choose_at_first, self._show_failure, self)

    def show_argument(self, argument: object) -> None:
        """Diagnose that UF."""
        if isinstance(argument, str) and argument in UFS:
            self._choose(argument)
            if not self.work.running:
                self._diagnose([argument])

    def _choose_at_first(self, uf: str) -> None:
        if not self.uf:
            self._choose(uf)

    def _choose(self, uf: str) -> None:
        self.table.selectRow(list(UFS).index(uf))

    @Slot(QModelIndex)
    def _uf_chosen(self, index: QModelIndex) -> None:
        report = self.model.reports.get(self.uf)
        if report is not None:
            self.view.show_report(report)
        self._side.setCurrentIndex(0 if report is None else 1)
        self._say()

    def _say(self) -> None:
        idle = not self.work.running
        self.all_button.setEnabled(idle)
        for button in (self.one_button, self.empty_button):
            button.setEnabled(idle and bool(self.uf))
            button.setText(f"Diagnosticar {self.uf}" if self.uf else "Diagnosticar UF")
        self.view.retry_button.setEnabled(idle)
        self.connection_only.setEnabled(idle)
        for button in (self.copy_button, self.save_button):
            button.setEnabled(idle and bool(self.model.reports))

    @Slot()
    def _diagnose_chosen(self) -> None:
        if self.uf and not self.work.running:
            self._diagnose([self.uf])

    @Slot()
    def _diagnose_all(self) -> None:
        self._diagnose(list(UFS))

    @Slot(str)
    def _retry(self, uf: str) -> None:
        self._diagnose([uf], retry_unserved=True)

    def _diagnose(self, ufs: Sequence[str], *, retry_unserved: bool = False) -> None:
        backoffice, snapshot, coming = self._office.backoffice, self._office.snapshot, self._coming
        consult = retry_unserved or not self.connection_only.isChecked()

        def work(progress: Progress, cancelled: Cancelled) -> None:
            diagnosis = backoffice.diagnosis(snapshot, consult=consult, retry_unserved=retry_unserved)
            finished = 0
            for report in diagnosis.reports(ufs, cancelled):
                coming[report.uf] = report
                finished += report.finished
                progress(finished, len(ufs))

        self.failure.clear()
        self.told.hide()
        self.model.forget(ufs)
        self._uf_chosen(self.table.currentIndex())
        what = "todas as UFs" if len(ufs) > 1 else UFS[ufs[0]].name
        measure = _measured if len(ufs) > 1 else lambda _done, _total: ""
        self.work.start(f"Diagnosticando {what}…", work, self._finished, self._not_finished, measure=measure)
        self._showing.start()
        self._say()

    @Slot()
    def _show_coming(self) -> None:
        # The thread at work only puts reports there: it never waits for the window to paint them.
        reports = {uf: self._coming.pop(uf) for uf in list(self._coming)}
        self.model.show(reports)
        if self.uf in reports:
            self._uf_chosen(self.table.currentIndex())

    def _finished(self, _nothing: None) -> None:
        self._showing.stop()
        self._show_coming()
        self._say()
        self._office.service_of(Authority.SEFAZ).wake()  # an authorizer may have been let go
        self._office.customers_changed.emit()

    def _not_finished(self, error: Exception) -> None:
        self._showing.stop()
        self._show_coming()
        self._show_failure(error)
        self._say()

    def _show_failure(self, error: Exception) -> None:
        self.failure.show_failure(failure_of(error))

    @property
    def report(self) -> str:
        """The report of every UF diagnosed, as text."""
        return as_text([self.model.reports[uf] for uf in UFS if uf in self.model.reports])

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.report)
        self._tell("Relatório copiado.")

    @Slot()
    def _ask_file(self) -> None:
        name = f"diagnostico-sefaz-{datetime.now().astimezone():%Y-%m-%d-%H%M}.txt"
        file = ask_where(self, self._office.folders, "Salvar o relatório", name, "Texto (*.txt)")
        if file is None:
            return
        data = self.report.encode()

        def write() -> None:
            from ui.file_saving import save

            save(file, data)

        def written(_nothing: None) -> None:
            self._tell(f"Relatório salvo: {file.name}")

        self.failure.clear()
        self.told.hide()
        tasks.run(write, written, self._show_failure, self)

    def _tell(self, done: str) -> None:
        """What became of the report."""
        self.told.setText(done)
        self.told.show()

    @Slot(int)
    def _open_consultation(self, consultation_id: int) -> None:
        self._office.open_page.emit(pages.CONSULTATIONS, consultation_id)


def _measured(done: int, total: int | None) -> str:
    return f"{done} de {total}"


def _branch_uf(database: Database, snapshot: Snapshot) -> str:
    """The UF of the branch that consults; that of São Paulo while none was chosen."""
    from app.data import records

    branch_id = snapshot[SEFAZ_BRANCH]
    if branch_id is None:
        return "SP"
    with database.reading() as connection:
        return str(records.get(connection, BRANCHES, branch_id).values["uf"])
