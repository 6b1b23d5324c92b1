"""“Enviar teste”: one message at once to a number that a person gives, and what WhatsApp says to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QDialog, QFormLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from app.kinds import InvalidValue
from app.policies import ServiceOrderStage
from app.rules.outbox import parameters
from app.settings.catalog import WHATSAPP_FIELDS, WHATSAPP_TEMPLATE
from ui import icons, tasks, theme
from ui.confirm_buttons import ConfirmButtons
from ui.failure_view import FailureView, failure_of
from ui.inscription_card import selectable
from ui.message_model import LOOKS
from ui.theme import Tone

if TYPE_CHECKING:
    from app.settings.snapshot import Snapshot
    from services.whatsapp.delivery import Outcome
    from ui.office import Office

_EXPLANATION = (
    "Sai na hora, fora da fila, mesmo com o envio em pausa. Enquanto a conta na Meta for de teste, o destinatário "
    "precisa estar na lista de números permitidos dela."
)


@dataclass(frozen=True)
class _Template:
    """A template that may be tested, filled with examples."""

    label: str
    name: str
    parameters: tuple[str, ...] = ()


class TestMessageDialog(QDialog):
    """Tests the sender of `profile`, saved or not. It stays open: whoever mends something sends another."""

    __test__ = False  # no test of pytest's, by whose rules its name is one

    sent = Signal()
    """A test was sent, whatever became of it: it is among the messages."""

    def __init__(self, office: Office, profile: Snapshot, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._office = office
        self._profile = profile
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Enviar mensagem de teste")
        self.setMinimumWidth(500)
        explanation = theme.role(QLabel(_EXPLANATION), "hint")
        explanation.setWordWrap(True)
        self.number = QLineEdit()
        self.number.setPlaceholderText("(27) 99999-1234")
        self.template = QComboBox()
        self._templates = _templates(profile)
        for template in self._templates:
            self.template.addItem(template.label)
        self.error = theme.role(QLabel(), "error")
        self.error.setWordWrap(True)
        self.error.hide()
        self.number.textEdited.connect(self.error.hide)
        self._icon, self.answer = QLabel(), selectable()
        self.failure = FailureView()
        buttons = ConfirmButtons(self, "Enviar")
        self.send_button = buttons.confirm
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.setHorizontalSpacing(theme.L)
        form.setVerticalSpacing(theme.S)
        for text, field in (("&Celular", self.number), ("&Modelo", self.template)):
            label = QLabel(text)
            label.setBuddy(field)
            field.setAccessibleName(text.replace("&", ""))
            form.addRow(label, field)
        form.addRow("", self.error)
        said = QHBoxLayout()
        said.setSpacing(theme.S)
        said.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        said.addWidget(self.answer, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        whole.setSpacing(theme.M)
        whole.addWidget(explanation)
        whole.addLayout(form)
        whole.addLayout(said)
        whole.addWidget(self.failure)
        whole.addWidget(buttons)
        self.number.setFocus()

    def accept(self) -> None:
        """Send; the answer is shown here."""
        if not self.send_button.isEnabled():
            return
        if not self.number.text().strip():
            self._refuse("Informe o celular que recebe o teste.")
            return
        self.error.hide()
        self.failure.clear()
        self.send_button.setEnabled(False)
        self._say("clock", Tone.INFO, "Enviando…")
        number, template = self.number.text(), self._templates[self.template.currentIndex()]
        backoffice, profile, actor = self._office.backoffice, self._profile, self._office.actor

        def send() -> Outcome:
            from services.whatsapp.trial import send_test

            return send_test(
                backoffice.database,
                backoffice.folders,
                profile,
                number,
                template=template.name,
                parameters=template.parameters,
                actor=actor,
            )

        tasks.run(send, self._answered, self._failed, self)

    def _answered(self, outcome: Outcome) -> None:
        self.send_button.setEnabled(True)
        look = LOOKS[outcome.state]
        self._say(look.icon, look.tone, f"{look.word}. {outcome.why}".rstrip())
        self.sent.emit()

    def _failed(self, error: Exception) -> None:
        self.send_button.setEnabled(True)
        self._icon.clear()
        self.answer.clear()
        if isinstance(error, InvalidValue):
            self._refuse(str(error))
        else:
            self.failure.show_failure(failure_of(error))

    def _say(self, icon: str, tone: Tone, sentence: str) -> None:
        self._icon.setPixmap(icons.pixmap(icon, 16, tone))
        self.answer.setText(sentence)
        theme.tone(self.answer, tone)

    def _refuse(self, sentence: str) -> None:
        self.error.setText(sentence)
        self.error.show()
        self.number.setAccessibleDescription(sentence)
        self.number.setFocus()


def _templates(snapshot: Snapshot) -> list[_Template]:
    """Those of the profile, then the sample that Meta gives to every account (Cloud API, get started)."""
    found = []
    for stage in ServiceOrderStage:
        name = snapshot[WHATSAPP_TEMPLATE[stage]]
        fields = snapshot[WHATSAPP_FIELDS[stage]]
        filled = parameters(fields, customer="Cliente", order="1", company="Teste", situation=stage.label)
        if name:
            found.append(_Template(f"{name} · {stage.label}", name, filled))
    return [*found, _Template("hello_world · exemplo da Meta, em inglês", "hello_world")]
