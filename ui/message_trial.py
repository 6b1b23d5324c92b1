"""“Enviar teste”: one message at once to a number that a person gives, and what WhatsApp says to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QWidget

from app.policies import ServiceOrderStage
from app.rules.outbox import parameters
from app.settings.catalog import WHATSAPP_FIELDS, WHATSAPP_TEMPLATE
from ui import icons, theme
from ui.asking_dialog import AskingDialog
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


class MessageTrialDialog(AskingDialog):
    """Tests the sender of `profile`, saved or not. It stays open: whoever mends something sends another."""

    sent = Signal()
    """A test was sent, whatever became of it: it is among the messages."""

    def __init__(self, office: Office, profile: Snapshot, parent: QWidget | None = None) -> None:
        super().__init__("Enviar mensagem de teste", "Enviar", parent)
        self._office = office
        self._profile = profile
        self._explain(_EXPLANATION, role="hint")
        self.number, self.template = QLineEdit(), QComboBox()
        self.number.setPlaceholderText("(27) 99999-1234")
        self._templates = _templates(profile)
        for template in self._templates:
            self.template.addItem(template.label)
        self._ask("&Celular", self.number)
        self._ask("&Modelo", self.template)
        self._icon, self.answer = QLabel(), selectable()
        said = QHBoxLayout()
        said.setSpacing(theme.S)
        said.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        said.addWidget(self.answer, 1)
        self._below.addLayout(said)
        self.number.setFocus()

    @property
    def _blamed(self) -> QLineEdit:
        return self.number

    def _begin(self) -> None:
        number, template = self.number.text(), self._templates[self.template.currentIndex()]
        if not number.strip():
            self._refuse(self.number, "Informe o celular que recebe o teste.")
            return
        self._say("clock", Tone.INFO, "Enviando…")
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

        self._run(send, self._answered)

    def _answered(self, outcome: Outcome) -> None:
        look = LOOKS[outcome.state]
        self._say(look.icon, look.tone, f"{look.word}. {outcome.why}".rstrip())
        self.sent.emit()

    def _failed(self, error: Exception) -> None:
        self._icon.clear()
        self.answer.clear()
        super()._failed(error)

    def _say(self, icon: str, tone: Tone, sentence: str) -> None:
        self._icon.setPixmap(icons.pixmap(icon, 16, tone))
        self.answer.setText(sentence)
        theme.tone(self.answer, tone)
        self._make_room()


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
