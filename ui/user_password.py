"""The password of one user, by which he releases sales at the counter: set or replaced, never shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFormLayout, QLabel, QVBoxLayout, QWidget

from app.kinds import InvalidValue
from ui import tasks, theme, words
from ui.confirm_buttons import ConfirmButtons
from ui.failure_view import FailureView, failure_of
from ui.password_field import PasswordField
from ui.theme import Tone

if TYPE_CHECKING:
    from app.data.records import Record
    from app.data.user_passwords import PasswordChange
    from ui.office import Office


class UserPasswordDialog(QDialog):
    """Asks for it twice. The dialog stays, with its sentence under the field, until the password is kept."""

    kept = Signal()

    def __init__(self, office: Office, user: Record, parent: QWidget | None = None) -> None:
        from services.passwords import SHORTEST

        super().__init__(parent)
        self._office = office
        self._user_id = user.id
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Senha de {user.values['login']}")
        self.setMinimumWidth(480)
        explanation = QLabel(
            f"{user.values['nome']} usa esta senha, com o login e um motivo, para liberar no balcão uma venda com "
            "crediário vencido."
        )
        explanation.setWordWrap(True)
        warning = QLabel("O cadastro não permite a este usuário liberar vendas: por ora a senha não terá uso.")
        warning.setWordWrap(True)
        theme.tone(warning, Tone.WARN)
        warning.setVisible(not user.values["liberar"])
        self.state = theme.role(QLabel(), "hint")
        self.state.setWordWrap(True)
        self.password, self.again = PasswordField("a senha"), PasswordField("a senha repetida")
        self.error = theme.role(QLabel(), "error")
        self.error.setWordWrap(True)
        self.error.hide()
        self.failure = FailureView()
        buttons = ConfirmButtons(self, "Guardar senha")
        self.keep_button = buttons.confirm
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.setHorizontalSpacing(theme.L)
        form.setVerticalSpacing(theme.S)
        for text, field in (("&Nova senha", self.password), ("&Repita a senha", self.again)):
            label = QLabel(text)
            label.setBuddy(field)
            field.setAccessibleName(text.replace("&", ""))
            field.textEdited.connect(self.error.hide)
            form.addRow(label, field)
        form.addRow("", self.error)
        hint = theme.role(
            QLabel(f"Pelo menos {SHORTEST} caracteres. Só um resumo dela fica guardado, do qual ninguém a recupera."),
            "hint",
        )
        hint.setWordWrap(True)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        whole.setSpacing(theme.M)
        whole.addWidget(explanation)
        whole.addWidget(warning)
        whole.addWidget(self.state)
        whole.addLayout(form)
        whole.addWidget(hint)
        whole.addWidget(self.failure)
        whole.addWidget(buttons)
        self.password.setFocus()
        tasks.run(self._read, self._show_state, self._failed, self)

    def accept(self) -> None:
        """Keep the password, then close."""
        if not self.keep_button.isEnabled():
            return
        password = self.password.text()
        if not password:
            self._refuse(self.password, "Digite a nova senha.")
            return
        if password != self.again.text():
            self._refuse(self.again, "As duas senhas são diferentes: digite de novo a mesma.")
            return
        self.failure.clear()
        self.keep_button.setEnabled(False)
        database, user_id, actor = self._office.backoffice.database, self._user_id, self._office.actor

        def keep() -> None:
            from services.passwords import set_password

            set_password(database, user_id, password, actor=actor, now=datetime.now(UTC))

        tasks.run(keep, self._done, self._failed, self)

    def _read(self) -> PasswordChange | None:
        from app.data import user_passwords

        with self._office.backoffice.database.reading() as connection:
            return user_passwords.change(connection, self._user_id)

    def _show_state(self, change: PasswordChange | None) -> None:
        self.state.setText(
            "Ainda não tem senha."
            if change is None
            else f"A senha atual foi definida em {words.exact(change.at)}, por {change.by}. A nova a substitui."
        )

    def _done(self, _nothing: None) -> None:
        self.kept.emit()
        super().accept()

    def _failed(self, error: Exception) -> None:
        self.keep_button.setEnabled(True)
        if isinstance(error, InvalidValue):
            self._refuse(self.password, str(error))
        else:
            self.failure.show_failure(failure_of(error))

    def _refuse(self, field: PasswordField, sentence: str) -> None:
        self.error.setText(sentence)
        self.error.show()
        field.setAccessibleDescription(sentence)
        field.setFocus()
        field.selectAll()
