"""Where each UF's SEFAZ is asked, and how fast: the shipped table and what this installation changed in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.domain import Authority
from app.uf import UFS
from services.sefaz.endpoints import EndpointStatus
from ui import icons, tasks, theme
from ui.endpoint_form import EndpointForm
from ui.endpoint_model import WIDTHS, EndpointModel, Endpoints
from ui.endpoint_standing import UfStanding, read_standings, standing_of
from ui.failure_view import FailureView, failure_of
from ui.layout_memory import LayoutMemory
from ui.page import Page
from ui.references import ReferenceSource
from ui.row_table import RowTable
from ui.table_look import prepare_table

if TYPE_CHECKING:
    from app.data.uf_gaps import Gap
    from services.sefaz.endpoint_changes import Risk
    from ui.office import Office

RISK = (
    "Passar do limite pode causar a rejeição 656 (consumo indevido). A SEFAZ passa então a recusar, por até uma hora, "
    "tudo o que vem deste certificado e deste endereço de internet: também a emissão de notas."
)


@dataclass(frozen=True)
class _Loaded:
    """The endpoints in force and as shipped, and how those UFs stand that are not as usual."""

    now: Endpoints
    shipped: Endpoints
    standings: Mapping[str, UfStanding]


class EndpointsPage(Page):
    """The table at the left, the form of the chosen UF at the right."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__("enderecos", "Endereços da SEFAZ", ("Ferramentas", "Sistema"), parent)
        self._office = office
        self._now: Endpoints = {}
        self._shipped: Endpoints = {}
        self._standings: Mapping[str, UfStanding] = {}
        self._reading: tasks.Task[_Loaded] | None = None
        self._returning = False
        self._then: Callable[[bool], None] | None = None
        self.model = EndpointModel(self)
        self.view = RowTable()
        self.view.setObjectName("enderecos")
        self.view.setAccessibleName("Endereços por UF")
        self.view.setModel(self.model)
        self.view.setSelectionMode(RowTable.SelectionMode.SingleSelection)
        prepare_table(self.view, line_height=28)
        for column, width in enumerate(WIDTHS):
            self.view.setColumnWidth(column, width)
        self.view.selectionModel().currentRowChanged.connect(self._uf_chosen)

        self.form = EndpointForm(ReferenceSource(office, self), self._say, self._try_again)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.form)
        self.restore_button = QPushButton("Voltar ao de fábrica")
        self.restore_button.setIcon(icons.icon("restore"))
        self.restore_button.clicked.connect(self.restore)
        self.discard_button = QPushButton("Descartar")
        self.discard_button.setIcon(icons.icon("undo"))
        self.discard_button.clicked.connect(self.discard_all)
        self.save_button = QPushButton("Salvar")
        self.save_button.setShortcut("Ctrl+S")
        self.save_button.setToolTip("Ctrl+S")
        theme.primary(self.save_button)
        self.save_button.clicked.connect(self.save)
        self.failure = FailureView()
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        buttons.addWidget(self.restore_button)
        buttons.addStretch(1)
        buttons.addWidget(self.discard_button)
        buttons.addWidget(self.save_button)
        right = QWidget()
        lines = QVBoxLayout(right)
        lines.setContentsMargins(theme.M, 0, 0, 0)
        lines.setSpacing(theme.M)
        lines.addWidget(scroll, 1)
        lines.addLayout(buttons)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setObjectName("enderecos")
        split.setChildrenCollapsible(False)
        split.addWidget(self.view)
        split.addWidget(right)
        split.setStretchFactor(0, 1)
        split.setSizes([560, 440])
        memory = LayoutMemory(office.folders, self.key, self)
        memory.panes(split)
        memory.columns(self.view)
        self.body.addWidget(self.failure)
        self.body.addWidget(split, 1)
        self._hold_ends = QTimer(self, singleShot=True)
        self._hold_ends.timeout.connect(self._look_again)
        office.customers_changed.connect(self._look_again)
        self._say()

    def entered(self) -> None:
        """Read everything again; what is typed stays."""
        if self._reading is not None:
            self._reading.drop()
        office = self._office
        self._reading = tasks.run(lambda: _read(office), self._show, self._show_failure, self)

    @Slot()
    def _look_again(self) -> None:
        """A consultation was made, or a silence ended: the UFs may stand otherwise."""
        if self.isVisible() and (self._reading is None or not self._reading.running):
            self.entered()

    def show_argument(self, argument: object) -> None:
        """A UF is chosen in the table."""
        if isinstance(argument, str) and argument in UFS and not self.form.is_changed:
            self.form.uf = argument
            if self._now:
                self.view.selectRow(list(UFS).index(argument))

    def _show(self, loaded: _Loaded) -> None:
        self.failure.clear()
        self._now, self._shipped, self._standings = loaded.now, loaded.shipped, loaded.standings
        self.model.show(loaded.now, loaded.shipped, loaded.standings)
        if self.form.is_changed:
            self._show_standing()
        else:
            self._show_form(self.form.uf or next(iter(UFS)))
        self._await_end_of_hold()

    def _await_end_of_hold(self) -> None:
        now = datetime.now(UTC)
        ends = [standing.held.at for standing in self._standings.values() if standing.held is not None]
        if ends:
            self._hold_ends.start(max(min(ends) - now, timedelta()) // timedelta(milliseconds=1) + 1)
        else:
            self._hold_ends.stop()

    def _show_form(self, uf: str) -> None:
        from services.sefaz.endpoint_changes import overridden

        endpoint = self._now[uf]
        sharing = [
            other.uf
            for other in self._now.values()
            if other.uf != uf and other.authorizer == endpoint.authorizer and other.status is not EndpointStatus.NONE
        ]
        self.form.show_endpoint(endpoint, is_changed=bool(overridden(endpoint, self._shipped[uf])), sharing=sharing)
        self._show_standing()
        if self.view.currentIndex().row() != list(UFS).index(uf):
            self.view.selectRow(list(UFS).index(uf))
        self._say()

    def _show_standing(self) -> None:
        uf = self.form.uf
        self.form.standing.show_standing(self._now[uf], standing_of(self._standings, uf))

    def _try_again(self, gap: Gap) -> None:
        """Ask the UF again in spite of what it said."""
        from services.sefaz.endpoint_changes import try_again

        backoffice = self._office.backoffice
        tasks.run(
            lambda: try_again(backoffice.database, gap, actor=backoffice.actor),
            self._asked_again,
            self._show_failure,
            self,
        )

    def _asked_again(self, _: None) -> None:
        self._office.service_of(Authority.SEFAZ).wake()
        self.entered()

    @Slot(QModelIndex)
    def _uf_chosen(self, index: QModelIndex) -> None:
        if not index.isValid() or self._returning:
            return
        uf = list(UFS)[index.row()]
        if uf == self.form.uf:
            return
        if self.form.is_changed:
            # What was typed is not lost to a click: the selection goes back to its UF.
            self._returning = True
            self.view.selectRow(list(UFS).index(self.form.uf))
            self._returning = False
            self._ask_before_leaving(uf)
            return
        self._show_form(uf)

    def _ask_before_leaving(self, uf: str) -> None:
        question = QMessageBox(
            QMessageBox.Icon.Question, self.title, f"As alterações de {self.form.uf} não foram salvas.", parent=self
        )
        discard = question.addButton("Descartar", QMessageBox.ButtonRole.DestructiveRole)
        back = question.addButton("Continuar editando", QMessageBox.ButtonRole.RejectRole)
        question.setDefaultButton(back)
        question.exec()
        if question.clickedButton() is discard:
            self._show_form(uf)

    def _say(self) -> None:
        changed = self.form.is_changed
        self.save_button.setEnabled(changed)
        self.discard_button.setEnabled(changed)
        self.restore_button.setEnabled(bool(self.form.uf) and not self.form.changed_badge.isHidden())

    @Slot()
    def save(self) -> None:
        """Keep what was typed, after a warning when it is a risk."""
        from services.sefaz.endpoint_changes import change_endpoint, risks

        uf, changes = self.form.uf, self.form.changes()
        if changes is not None:
            taken = risks(self._now[uf], self._shipped, changes)
            if taken and not self._risk_taken(uf, taken):
                changes = None
        if changes is None:
            self._tell(False)
            return
        backoffice, path = self._office.backoffice, self._office.folders.endpoints_file
        self._write(lambda: change_endpoint(backoffice.database, path, uf, changes, actor=backoffice.actor))

    def _risk_taken(self, uf: str, risks: tuple[Risk, ...]) -> bool:
        question = QMessageBox(
            QMessageBox.Icon.Warning, self.title, f"Consultar {uf} fora dos limites de fábrica?", parent=self
        )
        question.setInformativeText("\n\n".join((*(risk.sentence for risk in risks), RISK)))
        yes = question.addButton("Assumir o risco e salvar", QMessageBox.ButtonRole.AcceptRole)
        no = question.addButton("Voltar", QMessageBox.ButtonRole.RejectRole)
        question.setDefaultButton(no)
        question.exec()
        return question.clickedButton() is yes

    @Slot()
    def restore(self) -> None:
        """Forget what this installation changed in the UF chosen."""
        from services.sefaz.endpoint_changes import restore_endpoint

        uf, backoffice, path = self.form.uf, self._office.backoffice, self._office.folders.endpoints_file
        self._write(lambda: restore_endpoint(backoffice.database, path, uf, actor=backoffice.actor))

    def _write(self, work: Callable[[], Endpoints]) -> None:
        for button in (self.save_button, self.restore_button, self.discard_button):
            button.setEnabled(False)
        tasks.run(work, self._written, self._not_written, self)

    def _written(self, now: Endpoints) -> None:
        self.failure.clear()
        self._now = now
        self.model.show(now, self._shipped, self._standings)
        self._show_form(self.form.uf)
        self.entered()
        self._office.service_of(Authority.SEFAZ).wake()
        self._tell(True)

    def _not_written(self, error: Exception) -> None:
        self._show_failure(error)
        self._say()
        self._tell(False)

    def _tell(self, kept: bool) -> None:
        then, self._then = self._then, None
        if then is not None:
            then(kept)

    def _show_failure(self, error: Exception) -> None:
        self.failure.show_failure(failure_of(error))

    def unsaved(self) -> list[str]:
        """The UF with something typed and not saved."""
        return [f"Endereço de {self.form.uf}"] if self.form.is_changed else []

    def save_all(self, then: Callable[[bool], None]) -> None:
        """Save the form, then say whether it is kept."""
        if not self.form.is_changed:
            then(True)
            return
        self._then = then
        self.save()

    @Slot()
    def discard_all(self) -> None:
        """Write the kept values back into the form."""
        if self.form.uf and self._now:
            self._show_form(self.form.uf)


def _read(office: Office) -> _Loaded:
    from services.sefaz.endpoints import load_endpoints

    endpoints = load_endpoints(office.folders.endpoints_file)
    standings = read_standings(office.backoffice, office.snapshot) if office.database is not None else {}
    return _Loaded(endpoints, load_endpoints(None), standings)
