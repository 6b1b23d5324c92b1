"""“Pedir análise”: for which company and how soon, with whom it will be asked, and what is already known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QLabel, QRadioButton, QSizePolicy, QVBoxLayout, QWidget

from app.domain import Origin
from app.policies import Environment
from app.portuguese import calendar_day
from app.settings.catalog import CREDIT_INTERVAL
from ui import theme, words
from ui.asking_dialog import AskingDialog
from ui.banner import Banner
from ui.credit_analysis_model import ENVIRONMENTS
from ui.inscription_card import selectable
from ui.theme import Tone

if TYPE_CHECKING:
    from app.data.customers import CustomerRow
    from services.credit.prospect import Prospect, Valid
    from ui.office import Office

_TEST = "Homologação: a gerenciadora responde com dados de teste, e o resultado nunca aprova um pedido."
_COST = "Cada consulta em Produção pode ser cobrada pela gerenciadora."


class AskCreditAnalysis(AskingDialog):
    """Starts at the first company that may ask."""

    asked = Signal(int, bool)
    """The analysis with this number is in the queue; whether it is new, or was there already."""

    def __init__(
        self, office: Office, customer: CustomerRow, prospects: Sequence[Prospect], parent: QWidget | None = None
    ) -> None:
        super().__init__("Pedir análise de crédito", "Pedir", parent)
        self._office = office
        self._customer = customer
        self._prospects = tuple(prospects)
        self._explain(f"{customer.name}, {customer.document.named}")
        self.banner = Banner(tone=Tone.BLOCK)
        self._above.addWidget(self.banner)
        self.company = QComboBox()
        for prospect in prospects:
            self.company.addItem(prospect.title, prospect.company_id)
        self.manager, self.environment = selectable(), selectable()
        for field in (self.company, self.manager, self.environment):
            field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.queued = QRadioButton()
        self.urgent = QRadioButton("Com urgência, sem esperar a fila")
        interval = words.counted(office.snapshot[CREDIT_INTERVAL], "minuto", "minutos")
        self.queued.setText(f"Na próxima verificação da fila, a cada {interval}")
        self.queued.setChecked(True)
        when = QWidget()
        choices = QVBoxLayout(when)
        choices.setContentsMargins(0, 0, 0, 0)
        choices.setSpacing(theme.XS)
        choices.addWidget(self.queued)
        choices.addWidget(self.urgent)
        self._ask("&Empresa", self.company)
        self._form.addRow("Gerenciadora", self.manager)
        self._form.addRow("Ambiente", self.environment)
        self._form.addRow("Quando", when)
        self.known = selectable()
        theme.tone(self.known, Tone.WARN)
        self.cost = theme.role(QLabel(_COST), "hint")
        self.cost.setWordWrap(True)
        self._below.addWidget(self.known)
        self._below.addWidget(self.cost)
        self.company.currentIndexChanged.connect(self._show_chosen)
        self.urgent.toggled.connect(self._offer)
        first = next((n for n, one in enumerate(prospects) if one.refusal is None), 0)
        self.company.setCurrentIndex(first)
        self._show_chosen()
        self.company.setFocus()

    @property
    def chosen(self) -> Prospect:
        """What asking for the company chosen would do."""
        return self._prospects[max(self.company.currentIndex(), 0)]

    @Slot()
    def _show_chosen(self) -> None:
        prospect = self.chosen
        choice = prospect.choice
        name = "nenhuma" if choice.manager is None else choice.manager.name
        self.manager.setText(f"{name} · {choice.manager_from}")
        self.environment.setText(f"{ENVIRONMENTS[choice.environment].word} · {choice.environment_from}")
        is_test = choice.environment is Environment.TEST
        self.banner.say((_TEST,) if is_test and prospect.refusal is None else ())
        self.cost.setVisible(not is_test)
        known = _known(prospect)
        self.known.setText(known)
        self.known.setVisible(bool(known))
        self.confirm.setText("Pedir outra" if prospect.valid is not None and prospect.waiting is None else "Pedir")
        self._offer()
        if prospect.refusal is not None:
            self.failure.show_failure(prospect.refusal)
        else:
            self.failure.clear()
        self._make_room()

    @Slot()
    def _offer(self) -> None:
        """One that waits is only asked for again to have it made at once."""
        prospect = self.chosen
        waits = prospect.waiting is not None and not self.urgent.isChecked()
        self.confirm.setEnabled(prospect.refusal is None and not waits)

    @property
    def _blamed(self) -> QWidget:
        return self.company

    def _begin(self) -> None:
        backoffice, customer, prospect = self._office.backoffice, self._customer, self.chosen
        actor, urgent = self._office.actor, self.urgent.isChecked()

        def ask() -> tuple[int, bool]:
            from services.credit.prospect import ask_as_told
            from services.credit.request import Wanted

            wanted = Wanted(
                customer.document, prospect.company_id, customer.id, Origin.OPERATOR, actor, manual=True, urgent=urgent
            )
            snapshot = backoffice.settings.load()
            with backoffice.database.writing() as connection:
                return ask_as_told(connection, prospect, wanted, snapshot, datetime.now(UTC))

        self._run(ask, self._done)

    def _done(self, kept: tuple[int, bool]) -> None:
        self.asked.emit(*kept)
        self._close()


def _known(prospect: Prospect) -> str:
    """What is already there: one in the queue, or an answer that is still good."""
    waiting, valid = prospect.waiting, prospect.valid
    said = []
    if waiting is not None:
        row = waiting.row
        said.append(
            f"A análise nº {row.id} deste documento já está na fila, pedida em {words.exact(row.created_at)} por "
            f"{row.user}: não se pede outra. Com urgência, ela deixa de esperar."
        )
    if valid is not None:
        said.append(_still_good(valid))
    return "\n".join(said)


def _still_good(valid: Valid) -> str:
    row = valid.analysis.row
    outcome = valid.judgement.outcome.label.lower()
    return (
        f"A análise nº {row.id} ainda vale, até {calendar_day(valid.good_until)}, e está {outcome} pelas regras desta "
        f"empresa. {valid.judgement.reasons[0]}"
    )
