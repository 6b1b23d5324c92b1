"""Whom the company shown would ask for a credit analysis with the values on the screen, and where each comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QVBoxLayout

from app.policies import Environment
from app.settings.catalog import CREDIT_ALLOWED, CREDIT_DAYS, CREDIT_ENVIRONMENT, CREDIT_MANAGER
from app.settings.snapshot import GENERAL_COMPANY, Snapshot
from app.tables import CREDIT_MANAGERS
from ui import icons, pages, tasks, theme
from ui.banner import Banner
from ui.credit_access import CreditAccessDialog
from ui.credit_analysis_model import ENVIRONMENTS
from ui.failure_view import FailureView, failure_of
from ui.inscription_card import selectable
from ui.theme import Tone
from ui.wrapping_row import WrappingRow

if TYPE_CHECKING:
    from app.data.credit_managers import CreditChoice
    from app.data.database import Database
    from ui.office import Office

_TEST = "Homologação: as análises usam dados de teste, e nenhuma aprova um pedido."


@dataclass(frozen=True)
class _InForce:
    """`kept` tells whether this computer has the credentials of the choice, None when its keyring does not answer."""

    choice: CreditChoice
    kept: bool | None


class CreditInForce(QFrame):
    """`show_profile` tells whose values are shown, saved or not; the rest is read off the GUI thread."""

    shown = Signal()
    """What is in force for the values shown is here."""

    def __init__(self, office: Office) -> None:
        super().__init__()
        self._office = office
        self._profile = office.snapshot
        self._asked: tuple[object, ...] | None = None
        self._reading: tasks.Task[_InForce] | None = None
        self._manager_id: int | None = None
        self._is_test = False
        self.banner = Banner(tone=Tone.BLOCK)
        self._title = theme.role(QLabel(), "strong")
        self._facts = QGridLayout()
        self._facts.setHorizontalSpacing(theme.M)
        self._facts.setVerticalSpacing(theme.XS)
        self._facts.setColumnStretch(1, 1)
        self._values: dict[str, QLabel] = {}
        for line, label in enumerate(("Consulta", "Gerenciadora", "Ambiente", "Prazo", "Credenciais")):
            value = self._values[label] = selectable()
            self._facts.addWidget(theme.role(QLabel(label), "hint"), line, 0, Qt.AlignmentFlag.AlignTop)
            self._facts.addWidget(value, line, 1)
        self.access = QPushButton(icons.icon("key"), "Credenciais…")
        self.access.clicked.connect(self._open_access)
        self.row = QPushButton(icons.icon("edit"), "Cadastro da gerenciadora…")
        self.row.clicked.connect(self._open_row)
        self._buttons = WrappingRow()
        for button in (self.access, self.row):
            self._buttons.add_widget(button)
        self.failure = FailureView()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.S)
        whole.addWidget(self.banner)
        whole.addWidget(self._title)
        whole.addLayout(self._facts)
        whole.addWidget(self._buttons)
        whole.addWidget(self.failure)
        office.tables_changed.connect(self._read)

    @property
    def text(self) -> str:
        """Everything shown, for tests."""
        return "\n".join(label.text() for label in self.findChildren(QLabel) if label.isVisibleTo(self))

    def show_profile(self, profile: Snapshot, whose: str) -> None:
        """Follow the screen: the values shown now, general or of the company that `whose` names."""
        self._profile = profile
        place = "no geral" if profile.company == GENERAL_COMPANY else f"para {whose}"
        self._title.setText(f"Em vigor {place}, com os valores desta tela")
        allowed, days = profile.effective(CREDIT_ALLOWED), profile.effective(CREDIT_DAYS)
        said = "permitida" if allowed.value else "desligada, nenhuma análise é pedida"
        self._say("Consulta", f"{said} · {allowed.source.label}")
        self._say("Prazo", f"{CREDIT_DAYS.kind.show(days.value)} · {days.source.label}")
        asked = (profile.company, profile.effective(CREDIT_MANAGER), profile.effective(CREDIT_ENVIRONMENT))
        if asked != self._asked:
            self._asked = asked
            self._read()
        self._say_banner()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._read()

    @Slot()
    def _read(self) -> None:
        if not self.isVisible():
            return
        if self._reading is not None:
            self._reading.drop()
        database, profile = self._office.backoffice.database, self._profile
        self._reading = tasks.run(lambda: _read(database, profile), self._show, self._not_read, self)

    def _show(self, found: _InForce) -> None:
        self.failure.clear()
        self._is_test = found.choice.environment is Environment.TEST
        choice, manager = found.choice, found.choice.manager
        self._manager_id = None if manager is None else manager.id
        for button in (self.access, self.row):
            button.setVisible(manager is not None)
        if manager is None:
            self._say("Gerenciadora", "nenhuma: escolha a Gerenciadora Padrão", Tone.WARN)
        elif not manager.active:
            self._say("Gerenciadora", f"{manager.name}, inativa · {choice.manager_from}", Tone.WARN)
        else:
            self._say("Gerenciadora", f"{manager.name} · {choice.manager_from}")
        word = ENVIRONMENTS[choice.environment].word
        self._say("Ambiente", f"{word} · {choice.environment_from}", Tone.BLOCK if self._is_test else None)
        self._say_credentials(found, word)
        self._say_banner()
        self.shown.emit()

    def _say_banner(self) -> None:
        self.banner.say((_TEST,) if self._is_test and self._profile[CREDIT_ALLOWED] else ())

    def _say_credentials(self, found: _InForce, word: str) -> None:
        if found.choice.manager is None:
            self._say("Credenciais", "—")
        elif found.kept is None:
            self._say("Credenciais", "o cofre de senhas deste computador não responde", Tone.WARN)
        elif found.kept:
            self._say("Credenciais", f"as de {word} estão neste computador")
        else:
            self._say("Credenciais", f"as de {word} não estão neste computador: daqui ela não é consultada", Tone.WARN)

    def _not_read(self, error: Exception) -> None:
        self.failure.show_failure(failure_of(error))

    def _say(self, label: str, text: str, tone: Tone | None = None) -> None:
        value = self._values[label]
        value.setText(text)
        value.setAccessibleName(f"{label} em vigor: {text}")
        theme.tone(value, tone)

    @Slot()
    def _open_access(self) -> None:
        if self._manager_id is not None:
            dialog = CreditAccessDialog(self._office, self._manager_id, self)
            dialog.changed.connect(self._read)
            dialog.open()

    @Slot()
    def _open_row(self) -> None:
        if self._manager_id is not None:
            self._office.open_page.emit(pages.TABLES, (CREDIT_MANAGERS.key, self._manager_id))


def _read(database: Database, profile: Snapshot) -> _InForce:
    from app.data import credit_managers
    from app.secrets import SecretsUnavailable
    from services.credit import credentials

    with database.reading() as connection:
        choice = credit_managers.choice(connection, profile)
    if choice.manager is None:
        return _InForce(choice, kept=False)
    try:
        return _InForce(choice, credentials.read(choice.manager, choice.environment) is not None)
    except SecretsUnavailable:
        return _InForce(choice, kept=None)
