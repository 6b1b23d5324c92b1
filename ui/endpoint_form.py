"""The values of one UF as the operator changes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout

from app.kinds import Choice, Flag, InvalidValue, Kind, Number, Option, Text, WebAddress
from app.portuguese import listed
from app.uf import UFS
from services.sefaz.endpoints import (
    FIELDS,
    LABELS,
    MAX_AUTHORIZER,
    MAX_INTERVAL_S,
    MAX_PER_MINUTE,
    Endpoint,
    EndpointStatus,
    Value,
)
from ui import theme
from ui.editors import Editor, LineEditor, ListEditor, editor_for
from ui.endpoint_model import ENVELOPES
from ui.endpoint_standing import StandingView
from ui.endpoint_tls import TlsView
from ui.public_page_button import PublicPageButton
from ui.references import ReferenceSource
from ui.theme import Tone

if TYPE_CHECKING:
    from app.data.uf_gaps import Gap


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


@dataclass(frozen=True)
class _Day(Kind[date]):
    """A day of the calendar, as 25/09/2026."""

    def parse(self, text: str) -> date:
        try:
            return datetime.strptime(text.strip(), "%d/%m/%Y").date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            raise InvalidValue(f"“{text.strip()}” não é um dia. Escreva como 25/09/2026.") from None

    def dump(self, value: date) -> str:
        return f"{value:%d/%m/%Y}"

    @property
    def hint(self) -> str:
        return "dia, como 25/09/2026"


_AUTHORIZER = "autorizador"
_ONE_PACE = "As UFs do mesmo autorizador dividem o mesmo ritmo."
_FIELDS: tuple[tuple[str, Kind[Any], str], ...] = (
    (
        "status",
        Choice(tuple(Option(status, status.label) for status in EndpointStatus)),
        "“Não listada, tentar”: não consta na relação do Portal da NF-e, mas o autorizador pode responder.",
    ),
    (_AUTHORIZER, Text(MAX_AUTHORIZER, required=True), _ONE_PACE),
    ("producao", WebAddress(required=False), "O endereço do serviço, sem “?wsdl”."),
    ("homologacao", WebAddress(required=False), ""),
    ("envelope", Text(10, required=True), ""),
    (
        "cabecalho",
        Flag(),
        "Manda o nfeCabecMsg, que a versão atual dispensa. Ligue se a UF responder 409, 411 ou 545.",
    ),
    ("intervalo_s", _Seconds(), "Pausa mínima entre duas consultas; 0 é sem pausa."),
    ("por_minuto", Number(0, MAX_PER_MINUTE), "O máximo em um minuto; 0 é sem limite."),
    ("fonte", Text(300), "De onde vem o endereço."),
    ("conferido_em", _Day(), "O dia em que o endereço foi conferido na fonte."),
)


class EndpointForm(QFrame):
    """Errors stand under their fields. Above them is how the UF stands now, below them the TLS of its servers."""

    def __init__(
        self, references: ReferenceSource, edited: Callable[[], None], try_again: Callable[[Gap], None]
    ) -> None:
        super().__init__()
        theme.card(self)
        self._edited = edited
        self._shown_texts: dict[str, str] = {}
        self.uf = ""
        self.title = theme.role(QLabel(), "subtitle")
        self.changed_badge = theme.badge(QLabel("alterada nesta instalação"), Tone.INFO)
        self.public_page = PublicPageButton()
        theme.link(self.public_page)
        self.standing = StandingView(try_again)
        self.tls = TlsView()
        head = QHBoxLayout()
        head.setSpacing(theme.S)
        head.addWidget(self.title)
        head.addWidget(self.changed_badge)
        head.addStretch(1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.M)
        grid.setVerticalSpacing(theme.M)
        grid.setColumnStretch(1, 1)
        self.editors: dict[str, Editor[Any]] = {}
        self.hints: dict[str, QLabel] = {}
        for row, (key, kind, help_text) in enumerate(_FIELDS):
            editor = _editor(key, kind, references)
            editor.set_name(LABELS[key])
            editor.changed.connect(self._typed)
            editor.setParent(self)
            self.editors[key] = editor
            caption = QLabel(LABELS[key])
            caption.setWordWrap(True)
            caption.setBuddy(editor.field)
            caption.setContentsMargins(0, 5, 0, 0)
            cell = QVBoxLayout()
            cell.setSpacing(2)
            cell.addWidget(editor.widget)
            if help_text:
                self.hints[key] = hint = theme.role(QLabel(help_text), "hint")
                hint.setWordWrap(True)
                cell.addWidget(hint)
            grid.addWidget(caption, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addLayout(cell, row, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        column.setSpacing(theme.M)
        column.addLayout(head)
        column.addWidget(self.public_page, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.standing)
        column.addLayout(grid)
        column.addWidget(self.tls)
        column.addStretch(1)

    def show_endpoint(self, endpoint: Endpoint, *, is_changed: bool, sharing: Sequence[str]) -> None:
        """Write the values of one UF; `sharing` are the other UFs that its authorizer serves."""
        self.uf = endpoint.uf
        self.title.setText(f"{endpoint.uf} · {UFS[endpoint.uf].name}")
        self.changed_badge.setVisible(is_changed)
        self.public_page.offer(endpoint.uf)
        self.hints[_AUTHORIZER].setText(_shared(endpoint, sharing))
        self.tls.show_endpoint(endpoint)
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

    def changes(self) -> dict[str, Value] | None:
        """What was typed, as the file has it; None when a field says what is wrong with it."""
        found: dict[str, Value] = {}
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


def _editor(key: str, kind: Kind[Any], references: ReferenceSource) -> Editor[Any]:
    if key == "envelope":
        return ListEditor(kind, [(value, text, "") for value, text in ENVELOPES.items()], sentences=False)
    if isinstance(kind, _Seconds | _Day):
        return LineEditor(kind, kind.dump)
    return editor_for(kind, references=references, compact=True)


def _shared(endpoint: Endpoint, sharing: Sequence[str]) -> str:
    if endpoint.status is EndpointStatus.NONE:
        return _ONE_PACE
    if not sharing:
        return f"Só esta UF é atendida por {endpoint.authorizer}."
    return f"{endpoint.authorizer} atende também {listed(sharing)}: todas dividem o mesmo ritmo."
