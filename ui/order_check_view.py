"""One order evaluated, whole: the answer, every reason, the rules by their names, and all that was looked at."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.brands import BrandSaid
from app.domain import AnpOutcome, BlockOrigin
from app.kinds import InvalidValue
from app.policies import AnpKind
from app.rules.order_gate import Step, act, rule_label
from app.settings.catalog import BY_KEY
from ui import icons, tasks, theme, words
from ui.emptying import empty
from ui.failure_view import FailureView, failure_of
from ui.inscription_card import selectable
from ui.order_check_model import LOOKS

if TYPE_CHECKING:
    from app.data.database import Database
    from app.data.order_checks import FullCheck

_STEPS = {
    Step.SKIP.value: "não se aplica a este pedido",
    Step.REUSE.value: "resposta anterior, ainda válida",
    Step.ASK.value: "consultada para este pedido",
}
_BRANDS = {
    BrandSaid.KNOWN.value: "cadastrada",
    BrandSaid.UNKNOWN.value: "não está na Tabela de Bandeiras",
    BrandSaid.EMPTY.value: "a ANP não informa",
}


class OrderCheckView(QScrollArea):
    """Reads and shows the check given to `show_check`."""

    customer_wanted = Signal(int)
    consultation_wanted = Signal(int)

    def __init__(self, database: Database, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._database = database
        self.check_id: int | None = None
        self._customer_id: int | None = None
        self._consultation_id: int | None = None
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Avaliação do pedido")
        self._icon = QLabel()
        self._answer = theme.role(QLabel(), "subtitle")
        self._where = theme.role(selectable(), "hint")
        self._customer = self._link(self._open_customer)
        self._reasons = QVBoxLayout()
        self._reasons.setSpacing(theme.S)
        self._consultation = self._link(self._open_consultation)
        self._facts = QGridLayout()
        self._facts.setHorizontalSpacing(theme.M)
        self._facts.setVerticalSpacing(theme.XS)
        self._facts.setColumnStretch(1, 1)
        self._failure = FailureView()

        head = QHBoxLayout()
        head.setSpacing(theme.S)
        head.addWidget(self._icon)
        head.addWidget(self._answer, 1)
        self._content = QWidget()
        whole = QVBoxLayout(self._content)
        whole.setContentsMargins(0, 0, theme.S, theme.S)
        whole.setSpacing(theme.S)
        whole.addLayout(head)
        whole.addWidget(self._where)
        whole.addWidget(self._customer, 0, Qt.AlignmentFlag.AlignLeft)
        whole.addLayout(self._reasons)
        whole.addWidget(self._consultation, 0, Qt.AlignmentFlag.AlignLeft)
        whole.addLayout(self._facts)
        whole.addWidget(self._failure)
        whole.addStretch(1)
        self.setWidget(self._content)

    def show_check(self, check_id: int) -> None:
        """Read one check off the GUI thread and show it."""
        if check_id == self.check_id:
            return
        self.check_id = check_id
        database = self._database

        def load() -> FullCheck | None:
            from app.data import order_checks

            with database.reading() as connection:
                return order_checks.get(connection, check_id)

        tasks.run(load, self._show, self._show_error, self)

    @property
    def text(self) -> str:
        """Everything shown, for tests."""
        return "\n".join(label.text() for label in self._content.findChildren(QLabel) if label.isVisibleTo(self))

    def _link(self, slot: Any) -> QPushButton:
        button = QPushButton()
        theme.link(button)
        button.clicked.connect(slot)
        button.hide()
        return button

    def _show(self, check: FullCheck | None) -> None:
        if check is None or check.row.id != self.check_id:
            return
        row, look = check.row, LOOKS[check.row.allowed]
        self._failure.clear()
        self._icon.setPixmap(icons.pixmap(look.icon, 20, look.tone))
        self._answer.setText(f"{look.word}: {act(row.kind, row.operation)}")
        theme.tone(self._answer, look.tone)
        self._where.setText(
            f"{words.exact(row.at)}, empresa {row.company_id} · {row.company}, por {row.actor}, em {check.machine}. "
            f"Avaliação nº {row.id}."
        )
        self._customer_id, self._consultation_id = row.customer_id, check.consultation_id
        self._customer.setText(f"{row.customer} · abrir o cliente")
        self._customer.setVisible(row.customer_id is not None)
        end = "abrir a consulta" if check.consultation_kept else "não está mais guardada"
        self._consultation.setText(f"Consulta nº {check.consultation_id} · {end}")
        self._consultation.setEnabled(check.consultation_kept)
        self._consultation.setVisible(check.consultation_id is not None)
        empty(self._reasons)
        for reason in row.reasons:
            self._reasons.addWidget(selectable(reason))
        self._show_facts(check)
        self.verticalScrollBar().setValue(0)

    def _show_facts(self, check: FullCheck) -> None:
        empty(self._facts)
        line = 0
        for title, facts in (
            ("Regras", [("", rule_label(rule)) for rule in check.rules]),
            ("O que foi olhado", [("Documento", check.row.document.named), *_looked_at(check.inputs)]),
            ("Configurações naquele momento", _settings(check.inputs["configuracoes"])),
        ):
            heading = theme.role(QLabel(title), "subtitle")
            heading.setContentsMargins(0, theme.S, 0, 0)
            self._facts.addWidget(heading, line, 0, 1, 2)
            for label, value in facts:
                line += 1
                text = selectable(value)
                text.setAccessibleName(f"{label or title}: {value}")
                if not label:
                    self._facts.addWidget(text, line, 0, 1, 2)
                    continue
                name = theme.role(selectable(label), "hint")
                name.setMinimumWidth(120)
                self._facts.addWidget(name, line, 0)
                self._facts.addWidget(text, line, 1)
            line += 1

    def _show_error(self, error: Exception) -> None:
        self._failure.show_failure(failure_of(error))

    @Slot()
    def _open_customer(self) -> None:
        if self._customer_id is not None:
            self.customer_wanted.emit(self._customer_id)

    @Slot()
    def _open_consultation(self) -> None:
        if self._consultation_id is not None:
            self.consultation_wanted.emit(self._consultation_id)


def _looked_at(inputs: dict[str, Any]) -> list[tuple[str, str]]:
    """The inputs of a check (see services.order_gate) as labels and words."""
    customer, previous, anp = inputs["cliente"], inputs["resposta_anterior"], inputs["anp"]
    activity = {True: "ativo", False: "inativo", None: "documento sem cadastro"}
    facts = [("Cliente", activity[customer["ativo"]])]
    if customer["ativo"] is not None:
        facts.append(("Cadastro na ANP", AnpKind(customer["cadastro_anp"]).label))
    if customer["entidade"] is not None:
        facts.append(("Entidade", customer["entidade"]))
    facts += [(f"Bloqueio: {BlockOrigin(b['origem']).label}", b["motivo"]) for b in customer["bloqueios"]]
    facts.append(("ANP", _STEPS[anp["consulta"]]))
    if previous is not None:
        when = words.exact(datetime.fromisoformat(previous["quando"]))
        facts.append(("Resposta anterior", f"{AnpOutcome(previous['status']).label}, de {when}"))
    if "status" in anp:
        facts.append(("Status na ANP", AnpOutcome(anp["status"]).label))
        if AnpOutcome(anp["status"]).is_listed:
            said = _BRANDS[anp["bandeira_na_tabela"]]
            facts.append(("Bandeira na ANP", f"{anp['bandeira']}: {said}" if anp["bandeira"] else said))
    return facts


def _settings(stored: dict[str, str]) -> list[tuple[str, str]]:
    return [(BY_KEY[key].label if key in BY_KEY else key, _shown(key, text)) for key, text in stored.items()]


def _shown(key: str, text: str) -> str:
    """A value as people read it; as it was stored, where this version has no such setting or option."""
    if key not in BY_KEY:
        return text
    kind = BY_KEY[key].kind
    try:
        return kind.show(kind.parse(text))
    except InvalidValue:
        return text
