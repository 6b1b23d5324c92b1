"""The password of one user, by which he releases sales at the counter: set or replaced, never shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from ui import tasks, words
from ui.asking_dialog import AskingDialog
from ui.password_field import PasswordField
from ui.theme import Tone

if TYPE_CHECKING:
    from app.data.records import Record
    from app.data.user_passwords import PasswordChange
    from ui.office import Office


class UserPasswordDialog(AskingDialog):
    """Asks for it twice."""

    def __init__(self, office: Office, user: Record, parent: QWidget | None = None) -> None:
        from services.passwords import SHORTEST

        super().__init__(f"Senha de {user.values['login']}", "Guardar senha", parent)
        self._office = office
        self._user_id = user.id
        self._explain(
            f"{user.values['nome']} usa esta senha, com o login e um motivo, para liberar uma venda com crediário "
            "vencido."
        )
        if not user.values["liberar"]:
            self._explain(
                "O cadastro não permite a este usuário liberar vendas: por ora a senha não terá uso.", tone=Tone.WARN
            )
        self.state = self._explain(role="hint")
        self.password, self.again = PasswordField("a senha"), PasswordField("a senha repetida")
        self._ask("&Nova senha", self.password)
        self._ask("&Repita a senha", self.again)
        self._hint(f"Pelo menos {SHORTEST} caracteres. Só um resumo dela fica guardado, do qual ninguém a recupera.")
        self.password.setFocus()
        tasks.run(self._read, self._show_state, self._failed, self)

    @property
    def _blamed(self) -> PasswordField:
        return self.password

    def _begin(self) -> None:
        password = self.password.text()
        if not password:
            self._refuse(self.password, "Digite a nova senha.")
            return
        if password != self.again.text():
            self._refuse(self.again, "As duas senhas são diferentes: digite de novo a mesma.")
            return
        database, user_id, actor = self._office.backoffice.database, self._user_id, self._office.actor

        def keep() -> None:
            from services.passwords import set_password

            set_password(database, user_id, password, actor=actor, now=datetime.now(UTC))

        self._run(keep, self._kept)

    def _kept(self, _nothing: None) -> None:
        self._close()

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
        self._make_room()
