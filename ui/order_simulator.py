"""“Avaliar agora”: asks the order gate from the screen, off the GUI thread, and shows what it answers."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout

from app.documents import InvalidDocument, parse_document
from app.domain import FailureKind
from app.overdue_profile import SWITCHES
from app.policies import OrderKind, OrderOperation
from app.rules.order_gate import OrderQuestion
from app.tables import COMPANIES
from ui import icons, tasks, theme, words
from ui.failure_view import FailureView, failure_of
from ui.inscription_card import selectable
from ui.order_check_model import LOOKS

if TYPE_CHECKING:
    from services.backoffice import Backoffice
    from services.order_gate import OrderAnswer, OrderGate
    from ui.office import Office
    from ui.references import ReferenceSource


class _Evaluation:
    """One question under way, with a consultation of its own: the service keeps its thread and its connection."""

    def __init__(self, backoffice: Backoffice, question: OrderQuestion) -> None:
        self._backoffice = backoffice
        self._question = question
        self._given_up = threading.Event()
        self._gate: OrderGate | None = None

    def run(self) -> OrderAnswer:
        """The answer; in a thread of the pool."""
        from services.anp.consultation import AnpConsultation
        from services.order_gate import OrderGate

        database, folders = self._backoffice.database, self._backoffice.folders
        consultation = AnpConsultation(database, folders)
        try:
            self._gate = OrderGate(database, consultation)
            snapshot = self._backoffice.settings.load()
            return self._gate.check(self._question, snapshot, given_up=self._given_up.is_set)
        finally:
            consultation.close()

    def cancel(self) -> None:
        """Give up, from the GUI thread."""
        self._given_up.set()
        if self._gate is not None:
            self._gate.cancel()


class OrderSimulator(QFrame):
    """Document, company, what and how; the answer with its reasons under them. The evaluation is logged as any."""

    evaluated = Signal(int)
    """An answer was logged under this number."""

    def __init__(self, office: Office, references: ReferenceSource) -> None:
        super().__init__()
        self._office = office
        self._references = references
        self._evaluation: _Evaluation | None = None
        theme.card(self)
        self.document = QLineEdit()
        self.document.setPlaceholderText("CNPJ ou CPF, com ou sem pontuação")
        self.document.setClearButtonEnabled(True)
        self.document.returnPressed.connect(self._evaluate)
        self.document.textEdited.connect(self._typed)
        self.company, self.kind, self.operation = QComboBox(), QComboBox(), QComboBox()
        self.company.setPlaceholderText("nenhuma empresa ativa")
        self.company.setMinimumContentsLength(16)
        self.company.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        # The values are plain text: an enum kept in a combo box would not come back as itself.
        for kind in OrderKind:
            self.kind.addItem(words.capital(kind.label), kind.value)
        for operation in OrderOperation:
            self.operation.addItem(words.capital(operation.label), operation.value)
        self.start = QPushButton("Avaliar agora")
        self.start.setToolTip(
            "Aplica as regras a esta venda, consulta a ANP se for preciso, e registra a resposta. Um pedido põe na "
            "fila a análise de crédito que lhe faltar, e ela pode ser cobrada."
        )
        theme.primary(self.start)
        self.start.clicked.connect(self._evaluate)
        self.cancel = QPushButton(icons.icon("cancel"), "Cancelar")
        self.cancel.clicked.connect(self._give_up)
        self._no_company = theme.role(QLabel("Inclua uma empresa em Tabelas › Empresas para avaliar vendas."), "hint")
        self._error = theme.role(QLabel(), "error")
        self._icon, self._answer = QLabel(), theme.role(QLabel(), "subtitle")
        self._why = selectable()
        self._failure = FailureView()

        fields = QGridLayout()
        fields.setHorizontalSpacing(theme.M)
        fields.setVerticalSpacing(theme.XS)
        for column, (label, field, stretch) in enumerate(
            (
                ("&Documento do cliente", self.document, 3),
                ("E&mpresa", self.company, 2),
                ("&Tipo", self.kind, 0),
                ("&Operação", self.operation, 0),
            )
        ):
            name = theme.role(QLabel(label), "hint")
            name.setBuddy(field)
            field.setAccessibleName(label.replace("&", ""))
            fields.addWidget(name, 0, column)
            fields.addWidget(field, 1, column)
            fields.setColumnStretch(column, stretch)
        fields.addWidget(self.start, 1, 4)
        fields.addWidget(self.cancel, 1, 5)
        said = QHBoxLayout()
        said.setSpacing(theme.S)
        said.addWidget(self._icon)
        said.addWidget(self._answer)
        said.addWidget(self._why, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        whole.setSpacing(theme.S)
        whole.addLayout(fields)
        whole.addWidget(self._no_company)
        whole.addWidget(self._error)
        whole.addLayout(said)
        whole.addWidget(self._failure)
        for hidden in (self._no_company, self._error, self._icon, self._answer, self._why):
            hidden.hide()
        references.watch(COMPANIES.key)
        references.changed.connect(self._fill)
        self._rest()

    @property
    def running(self) -> bool:
        """Whether an answer is being waited for."""
        return self._evaluation is not None

    @property
    def sentence(self) -> str:
        """What is said of the last question."""
        shown = (label.text() for label in (self._error, self._answer, self._why) if label.isVisibleTo(self))
        return " ".join(shown)

    def hideEvent(self, event: QHideEvent) -> None:
        # The window is closing: it would wait for ANP.
        if not self.window().isVisible():
            self._give_up()
        super().hideEvent(event)

    @Slot()
    def _fill(self) -> None:
        chosen = self.company.currentData()
        self.company.clear()
        for row in self._references.rows(COMPANIES.key):
            if row.active:
                self.company.addItem(row.title, row.id)
        self.company.setCurrentIndex(max(self.company.findData(chosen), 0))
        self._no_company.setVisible(self.company.count() == 0)
        self._rest()

    @Slot()
    def _typed(self) -> None:
        self._error.hide()

    @Slot()
    def _evaluate(self) -> None:
        if self.running or not self.start.isEnabled():
            return
        try:
            document = parse_document(self.document.text())
        except InvalidDocument as error:
            text = str(error) if self.document.text().strip() else "Informe o CNPJ ou o CPF do cliente."
            self._error.setText(text)
            self._error.show()
            self.document.setFocus()
            return
        self._failure.clear()
        self._error.hide()
        kind, operation = OrderKind(self.kind.currentData()), OrderOperation(self.operation.currentData())
        company = int(self.company.currentData())
        question = OrderQuestion(document, company, kind, operation, self._office.actor)
        self._evaluation = _Evaluation(self._office.backoffice, question)
        why = f"{document}." if kind in SWITCHES else f"{document}: a ANP pode levar alguns segundos."
        self._say("clock", theme.Tone.INFO, "Avaliando", why)
        self._rest()
        tasks.run(self._evaluation.run, self._answered, self._failed, self)

    def _say(self, icon: str, tone: theme.Tone, word: str, why: str) -> None:
        self._icon.setPixmap(icons.pixmap(icon, 16, tone))
        self._answer.setText(word)
        theme.tone(self._answer, tone)
        self._why.setText(why)
        for label in (self._icon, self._answer, self._why):
            label.show()

    def _answered(self, answer: OrderAnswer) -> None:
        self._end()
        look = LOOKS[answer.allowed]
        self._say(look.icon, look.tone, look.word, answer.reasons[0])
        self.evaluated.emit(answer.check_id)

    def _failed(self, error: Exception) -> None:
        self._end()
        failure = failure_of(error)
        if failure.kind is FailureKind.CANCELLED:
            self._say("cancel", theme.Tone.NEUTRAL, "Cancelada", "Nada foi decidido nem registrado.")
            return
        for label in (self._icon, self._answer, self._why):
            label.hide()
        self._failure.show_failure(failure)

    @Slot()
    def _give_up(self) -> None:
        if self._evaluation is not None:
            self._evaluation.cancel()

    def _end(self) -> None:
        self._evaluation = None
        self._rest()

    def _rest(self) -> None:
        """Offer what can be done now; the keyboard stays on the one button that is there."""
        some = self.company.count() > 0
        on_button = self.start.hasFocus() or self.cancel.hasFocus()
        self.start.setVisible(not self.running)
        self.start.setEnabled(some)
        self.cancel.setVisible(self.running)
        self.company.setEnabled(some)
        if on_button:
            (self.cancel if self.running else self.start).setFocus(Qt.FocusReason.OtherFocusReason)
