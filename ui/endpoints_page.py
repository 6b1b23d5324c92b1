"""Where each UF's SEFAZ is asked, and how fast: the shipped table and what this installation changed in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QFont
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.domain import Authority
from app.kinds import Choice, InvalidValue, Kind, Number, Option, Text, WebAddress
from app.uf import UFS
from services.sefaz.endpoints import FIELDS, MAX_INTERVAL_S, MAX_PER_MINUTE, Endpoint, EndpointStatus
from ui import icons, tasks, theme
from ui.editors import Editor, LineEditor, ListEditor, editor_for
from ui.failure_view import FailureView, failure_of
from ui.headed_model import HeadedModel, Index
from ui.layout_memory import LayoutMemory
from ui.page import Page
from ui.references import ReferenceSource
from ui.table_look import prepare_table
from ui.theme import Tone

if TYPE_CHECKING:
    from ui.office import Office

Endpoints = dict[str, Endpoint]

_KEYS = (
    "",
    "autorizador",
    "status",
    "producao",
    "intervalo_s",
    "por_minuto",
    "homologacao",
    "envelope",
    "fonte",
)
_WIDTHS = (64, 108, 150, 300, 76, 86, 240, 90, 300)
_ENVELOPES = {"padrao": "Padrão", "mt": "Mato Grosso"}
RISK = (
    "Consultar mais depressa que o limite de fábrica pode causar a rejeição 656 (consumo indevido). A SEFAZ passa "
    "então a recusar, por até uma hora, tudo o que vem deste certificado e deste endereço de internet: também a "
    "emissão de notas."
)


@dataclass(frozen=True)
class _Seconds(Kind[float]):
    """Seconds, with decimals; 0 is no pause."""

    def parse(self, text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,6}([.,][0-9]{1,3})?", text.strip()):
            raise InvalidValue(f"“{text.strip()}” não é um número de segundos. Escreva como 3 ou 2,5.")
        value = float(text.strip().replace(",", "."))
        if value > MAX_INTERVAL_S:
            raise InvalidValue(f"O intervalo vai de 0 (sem pausa) a {MAX_INTERVAL_S:.0f} segundos.")
        return value

    def dump(self, value: float) -> str:
        return f"{value:g}".replace(".", ",")

    @property
    def hint(self) -> str:
        return "segundos; 0 é sem pausa"


_FIELDS: tuple[tuple[str, str, Kind[Any], str], ...] = (
    (
        "status",
        "Situação",
        Choice(tuple(Option(status, status.label) for status in EndpointStatus)),
        "“Não listada, tentar”: não consta na relação do Portal da NF-e, mas o autorizador pode responder.",
    ),
    ("autorizador", "Autorizador", Text(10, required=True), "As UFs do mesmo autorizador dividem o mesmo ritmo."),
    ("producao", "Produção", WebAddress(required=False), "O endereço do serviço, sem “?wsdl”."),
    ("homologacao", "Homologação", WebAddress(required=False), ""),
    ("envelope", "Envelope", Text(10, required=True), ""),
    ("intervalo_s", "Intervalo (segundos)", _Seconds(), "Pausa mínima entre duas consultas; 0 é sem pausa."),
    ("por_minuto", "Consultas por minuto", Number(0, MAX_PER_MINUTE), "O máximo em um minuto; 0 é sem limite."),
    ("fonte", "Fonte", Text(300), "De onde vem o endereço e quando foi conferido."),
)


def _shown(endpoint: Endpoint, key: str) -> str:
    value = getattr(endpoint, FIELDS[key])
    match key:
        case "status":
            return str(value.label)
        case "envelope":
            return _ENVELOPES[value]
        case "intervalo_s":
            return f"{_Seconds().dump(value)} s" if value else "sem pausa"
        case "por_minuto":
            return str(value) if value else "sem limite"
        case _:
            return str(value)


class EndpointModel(HeadedModel):
    """The 27 UFs; what this installation changed is bold, and says what it was."""

    labels = (
        "UF",
        "Autorizador",
        "Situação",
        "Produção",
        "Intervalo",
        "Por minuto",
        "Homologação",
        "Envelope",
        "Fonte",
    )

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._now: Endpoints = {}
        self._shipped: Endpoints = {}

    def show(self, now: Endpoints, shipped: Endpoints) -> None:
        """Show these endpoints."""
        if self._now:
            self._now, self._shipped = now, shipped
            self.dataChanged.emit(self.index(0, 0), self.index(len(UFS) - 1, len(self.labels) - 1))
            return
        self.beginResetModel()
        self._now, self._shipped = now, shipped
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._now)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        from services.sefaz.endpoint_changes import overridden

        uf = list(UFS)[index.row()]
        endpoint, shipped = self._now[uf], self._shipped[uf]
        key = _KEYS[index.column()]
        changed = overridden(endpoint, shipped)
        is_changed = bool(changed) if not key else key in changed
        if role == Qt.ItemDataRole.DisplayRole:
            text = _shown(endpoint, key) if key else uf
            return f"● {text}" if is_changed else text
        if role == Qt.ItemDataRole.ToolTipRole:
            if not key:
                return UFS[uf].name + (" · alterada nesta instalação" if is_changed else "")
            was = _shown(shipped, key) or "vazio"
            return f"{_shown(endpoint, key)}\nDe fábrica: {was}" if is_changed else _shown(endpoint, key)
        if role == Qt.ItemDataRole.FontRole and is_changed:
            font = QFont()
            font.setBold(True)
            return font
        return None


class EndpointForm(QFrame):
    """The values of one UF. Errors stand under their fields."""

    def __init__(self, references: ReferenceSource, edited: Callable[[], None]) -> None:
        super().__init__()
        theme.card(self)
        self._edited = edited
        self._shown_texts: dict[str, str] = {}
        self.uf = ""
        self.title = theme.role(QLabel(), "subtitle")
        self.changed_badge = theme.badge(QLabel("alterada nesta instalação"), Tone.INFO)
        self.public_page = QPushButton("Consultar à mão")
        self.public_page.setIcon(icons.icon("external"))
        theme.link(self.public_page)
        head = QHBoxLayout()
        head.setSpacing(theme.S)
        head.addWidget(self.title)
        head.addWidget(self.changed_badge)
        head.addStretch(1)
        head.addWidget(self.public_page)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.M)
        grid.setVerticalSpacing(theme.M)
        grid.setColumnStretch(1, 1)
        self.editors: dict[str, Editor[Any]] = {}
        for row, (key, label, kind, help_text) in enumerate(_FIELDS):
            editor: Editor[Any]
            if key == "envelope":
                options = [(value, text, "") for value, text in _ENVELOPES.items()]
                editor = ListEditor(kind, options, sentences=False)
            elif isinstance(kind, _Seconds):
                editor = LineEditor(kind, kind.dump)
            else:
                editor = editor_for(kind, references=references, compact=True)
            editor.set_name(label)
            editor.changed.connect(self._typed)
            editor.setParent(self)
            self.editors[key] = editor
            caption = QLabel(label)
            caption.setWordWrap(True)
            caption.setBuddy(editor.field)
            caption.setContentsMargins(0, 5, 0, 0)
            cell = QVBoxLayout()
            cell.setSpacing(2)
            cell.addWidget(editor.widget)
            if help_text:
                hint = theme.role(QLabel(help_text), "hint")
                hint.setWordWrap(True)
                cell.addWidget(hint)
            grid.addWidget(caption, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addLayout(cell, row, 1)
        grid.setRowStretch(len(_FIELDS), 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        column.setSpacing(theme.L)
        column.addLayout(head)
        column.addLayout(grid)

    def show_endpoint(self, endpoint: Endpoint, *, is_changed: bool) -> None:
        """Write the values of one UF."""
        self.uf = endpoint.uf
        self.title.setText(f"{endpoint.uf} · {UFS[endpoint.uf].name}")
        self.changed_badge.setVisible(is_changed)
        self.public_page.setToolTip(endpoint.public_page)
        self.public_page.setAccessibleName(f"Abrir a página de consulta pública de {endpoint.uf}")
        for key, editor in self.editors.items():
            editor.set_value(getattr(endpoint, FIELDS[key]))
            editor.set_error("")
        self._shown_texts = self._texts()

    def _texts(self) -> dict[str, str]:
        return {key: editor.text() for key, editor in self.editors.items()}

    @property
    def is_changed(self) -> bool:
        """Whether something was typed and not saved."""
        return bool(self.uf) and self._texts() != self._shown_texts

    def changes(self) -> dict[str, str | float | int] | None:
        """What was typed, as the file has it; None when a field says what is wrong with it."""
        found: dict[str, str | float | int] = {}
        first: Editor[Any] | None = None
        for key, editor in self.editors.items():
            try:
                value = editor.value()
            except InvalidValue as error:
                editor.set_error(str(error))
                first = first or editor
                continue
            editor.set_error("")
            found[key] = value.value if isinstance(value, EndpointStatus) else value
        if found.get("status") != EndpointStatus.NONE.value and found.get("producao") == "":
            self.editors["producao"].set_error("Informe o endereço, ou escolha “Sem serviço” na situação.")
            first = first or self.editors["producao"]
        if first is not None:
            first.field.setFocus()
            return None
        return found

    @Slot()
    def _typed(self) -> None:
        editor = self.sender()
        if isinstance(editor, Editor):
            editor.set_error("")
        self._edited()


class EndpointsPage(Page):
    """The table at the left, the form of the chosen UF at the right."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__("enderecos", "Endereços da SEFAZ", ("Ferramentas", "Sistema"), parent)
        self._office = office
        self._now: Endpoints = {}
        self._shipped: Endpoints = {}
        self._returning = False
        self._then: Callable[[bool], None] | None = None
        self.model = EndpointModel(self)
        self.view = QTableView()
        self.view.setObjectName("enderecos")
        self.view.setAccessibleName("Endereços por UF")
        self.view.setModel(self.model)
        self.view.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        prepare_table(self.view, line_height=28)
        for column, width in enumerate(_WIDTHS):
            self.view.setColumnWidth(column, width)
        self.view.selectionModel().currentRowChanged.connect(self._uf_chosen)

        self.form = EndpointForm(ReferenceSource(office, self), self._say)
        self.form.public_page.clicked.connect(self._open_public_page)
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
        self._say()

    def entered(self) -> None:
        """Read the addresses again, unless something typed would be lost."""
        if not self.form.is_changed:
            path = self._office.folders.endpoints_file
            tasks.run(lambda: _read(path), self._show, self._show_failure, self)

    def show_argument(self, argument: object) -> None:
        """A UF is chosen in the table."""
        if isinstance(argument, str) and argument in UFS and not self.form.is_changed:
            self.form.uf = argument
            if self._now:
                self.view.selectRow(list(UFS).index(argument))

    def _show(self, found: tuple[Endpoints, Endpoints]) -> None:
        self.failure.clear()
        self._now, self._shipped = found
        self.model.show(*found)
        self._show_form(self.form.uf or next(iter(UFS)))

    def _show_form(self, uf: str) -> None:
        from services.sefaz.endpoint_changes import overridden

        endpoint = self._now[uf]
        self.form.show_endpoint(endpoint, is_changed=bool(overridden(endpoint, self._shipped[uf])))
        if self.view.currentIndex().row() != list(UFS).index(uf):
            self.view.selectRow(list(UFS).index(uf))
        self._say()

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
        from services.sefaz.endpoint_changes import change_endpoint, riskier

        uf, changes = self.form.uf, self.form.changes()
        if changes is None or (riskier(self._now[uf], self._shipped[uf], changes) and not self._risk_taken(uf)):
            self._tell(False)
            return
        backoffice, path = self._office.backoffice, self._office.folders.endpoints_file
        self._write(lambda: change_endpoint(backoffice.database, path, uf, changes, actor=backoffice.actor))

    def _risk_taken(self, uf: str) -> bool:
        question = QMessageBox(
            QMessageBox.Icon.Warning, self.title, f"Consultar {uf} mais depressa que o limite de fábrica?", parent=self
        )
        question.setInformativeText(RISK)
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
        self._show((now, self._shipped))
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

    @Slot()
    def _open_public_page(self) -> None:
        QDesktopServices.openUrl(QUrl(self._now[self.form.uf].public_page))

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


def _read(path: Any) -> tuple[Endpoints, Endpoints]:
    from services.sefaz.endpoints import load_endpoints

    return load_endpoints(path), load_endpoints(None)
