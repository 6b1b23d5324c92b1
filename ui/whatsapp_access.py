"""The token by which messages are sent, which goes to this computer's keyring, and the way to a test of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.portuguese import counted
from app.settings.catalog import WHATSAPP_NUMBER
from ui import icons, tasks, theme
from ui.asking_dialog import AskingDialog
from ui.failure_view import failure_of
from ui.password_field import PasswordField
from ui.setting_row import align_columns

if TYPE_CHECKING:
    from app.settings.snapshot import Snapshot
    from ui.office import Office

LABEL = "Token de acesso do WhatsApp"
_LONGEST = 1000  # with its name it fits in an entry of Windows' keyring, which has 2,560 bytes


class WhatsAppAccess(QWidget):
    """Goes under the settings of the account. `show_profile` tells whose number the token is of, saved or not."""

    def __init__(self, office: Office) -> None:
        super().__init__()
        self._office = office
        self._profile = office.snapshot
        self._number = ""
        self._asked: str | None = None
        self.label = QLabel(LABEL)
        self.label.setWordWrap(True)
        self.label.setToolTip("O token que a Meta gera para o número. Fica só no cofre de senhas deste computador.")
        self.state = theme.role(QLabel(), "hint")
        self.state.setWordWrap(True)
        self.change = QPushButton(icons.icon("key"), "Informar token…")
        self.change.clicked.connect(self._ask)
        self.test = QPushButton(icons.icon("message"), "Enviar teste…")
        self.test.setToolTip("Envia uma mensagem com os valores desta tela, salvos ou não.")
        self.test.clicked.connect(self._open_test)
        self.label.setBuddy(self.change)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        buttons.addWidget(self.change)
        buttons.addWidget(self.test)
        buttons.addStretch(1)
        lines = QVBoxLayout()
        lines.setSpacing(theme.S)
        lines.addLayout(buttons)
        lines.addWidget(self.state)
        grid = QGridLayout(self)
        align_columns(grid)
        grid.addWidget(self.label, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addLayout(lines, 0, 1)

    def show_profile(self, profile: Snapshot) -> None:
        """Follow the screen: the values shown now, of one company or general."""
        self._profile = profile
        self._number = profile[WHATSAPP_NUMBER]
        for button in (self.change, self.test):
            button.setEnabled(bool(self._number) and self._office.database is not None)
        if self._number == self._asked:
            return
        self._asked = self._number
        self.change.setText("Informar token…")
        if not self._number:
            self.state.setText("Informe antes a identificação do número: o token é dela.")
            return
        self.state.setText("")
        number = self._number
        tasks.run(partial(_is_kept, number), partial(self._say_kept, number), self._say_unknown, self)

    def _say_kept(self, number: str, kept: bool) -> None:
        if number != self._number:
            return
        self.change.setText("Trocar token…" if kept else "Informar token…")
        here = "neste computador para o número"
        self.state.setText(
            f"Guardado {here} {number}. Cada computador que envia mensagens precisa ter o seu."
            if kept
            else f"Nenhum token guardado {here} {number}: daqui nada é enviado por ele."
        )

    def _say_unknown(self, error: Exception) -> None:
        self._asked = None
        self.state.setText(failure_of(error).sentence)

    @Slot()
    def _ask(self) -> None:
        dialog = TokenDialog(self._number, self)
        dialog.kept.connect(self._kept)
        dialog.open()

    @Slot()
    def _kept(self) -> None:
        self._asked = None
        self.show_profile(self._profile)
        self._office.desk.wake_sender()

    @Slot()
    def _open_test(self) -> None:
        from ui.message_trial import MessageTrialDialog

        MessageTrialDialog(self._office, self._profile, self).open()


class TokenDialog(AskingDialog):
    """Asks for the token of one number, which the keyring gets."""

    kept = Signal()

    def __init__(self, number: str, parent: QWidget) -> None:
        super().__init__("Token do WhatsApp", "Guardar token", parent)
        self._number = number
        self._explain(
            f"Cole o token que a Meta gerou para o número {number}, de um usuário do sistema, com a permissão "
            "whatsapp_business_messaging. Os temporários duram 24 horas."
        )
        self.token = PasswordField("o token")
        self._ask("&Token", self.token)
        self.token.setFocus()

    @property
    def _blamed(self) -> PasswordField:
        return self.token

    def _begin(self) -> None:
        from services.whatsapp.account import is_token

        token = self.token.text().strip()
        if not token:
            self._refuse(self.token, "Cole o token.")
        elif len(token) > _LONGEST:
            most = counted(_LONGEST, "caractere", "caracteres")
            self._refuse(self.token, f"O token passa de {most}: copie de novo da Meta, só ele.")
        elif not is_token(token):
            self._refuse(self.token, "O token tem só letras e algarismos, sem espaços: copie de novo da Meta.")
        else:
            self._run(partial(_keep, self._number, token), self._done)

    def _done(self, _nothing: None) -> None:
        self.kept.emit()
        self._close()


def _is_kept(number: str) -> bool:
    from app import secrets
    from services.whatsapp.account import token_secret

    return secrets.read(token_secret(number)) is not None


def _keep(number: str, token: str) -> None:
    from app import secrets
    from services.whatsapp.account import token_secret

    secrets.write(token_secret(number), token)
