"""What a gerenciadora knows us by in one environment: asked for, and kept in this computer's keyring."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from app.policies import Environment
from app.tables import Provider
from ui.asking_dialog import AskingDialog
from ui.credit_analysis_model import ENVIRONMENTS
from ui.password_field import PasswordField

if TYPE_CHECKING:
    from app.data.credit_managers import Manager
    from ui.office import Office


class _Words(NamedTuple):
    """How a provider calls the two. `shown` and `user_missing` are as they end a sentence; the user is not asked for
    where a token alone may be presented, and `user_missing` is "" then."""

    user: str
    password: str
    shown: str
    user_missing: str
    hint: str


_WORDS = {
    Provider.SERASA: _Words(
        "&Identificação do cliente (client id)",
        "&Segredo (client secret)",
        "o segredo",
        "a identificação do cliente",
        "São as que a Serasa Experian dá para a API, outras em cada ambiente; não são o logon do site.",
    ),
    Provider.SPC: _Words(
        "&Operador",
        "&Senha",
        "a senha",
        "o operador",
        "São as do operador que o SPC Brasil criou para consultas por sistema, outras em cada ambiente.",
    ),
    Provider.GENERIC: _Words(
        "&Usuário",
        "&Senha ou token",
        "a senha ou o token",
        "",
        "O mapeamento diz como são apresentadas. Onde só há um token, deixe o usuário em branco.",
    ),
}


class CredentialsDialog(AskingDialog):
    """`user` is the one kept now, "" when there is none. What was held for the want of credentials is asked again."""

    kept = Signal()

    def __init__(
        self, office: Office, manager: Manager, environment: Environment, user: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(f"Credenciais de {ENVIRONMENTS[environment].word}", "Guardar", parent)
        self._office = office
        self._manager = manager
        self._environment = environment
        self._words = said = _WORDS[manager.provider]
        self._explain(f"Da {manager.name}, em {ENVIRONMENTS[environment].word}.")
        self._explain(said.hint, role="hint")
        self.user, self.password = QLineEdit(user), PasswordField(said.shown)
        self._ask(said.user, self.user)
        self._ask(said.password, self.password)
        self._hint("Ficam só no cofre de senhas deste computador. O que estava guardado é substituído.")
        (self.password if user else self.user).setFocus()

    @property
    def _blamed(self) -> QLineEdit:
        return self.user

    def _begin(self) -> None:
        from services.credit.credentials import MAX_LENGTH, Credentials

        given = Credentials(self.user.text().strip(), self.password.text())
        said = self._words
        if said.user_missing and not given.user:
            self._refuse(self.user, f"Informe {said.user_missing}.")
        elif said.user_missing and ":" in given.user:
            self._refuse(self.user, "Dois-pontos não podem fazer parte: informe cada um em seu campo.")
        elif not given.password.strip():
            self._refuse(self.password, f"Informe {said.shown}.")
        elif len(given.user) > MAX_LENGTH:
            self._refuse(self.user, f"Passa de {MAX_LENGTH} caracteres: copie de novo, só o que é pedido.")
        elif len(given.password) > MAX_LENGTH:
            self._refuse(self.password, f"Passa de {MAX_LENGTH} caracteres: copie de novo, só o que é pedido.")
        else:
            database, manager, environment = self._office.backoffice.database, self._manager, self._environment

            def keep() -> None:
                from app.data import credit_pauses
                from services.credit import credentials

                credentials.keep(manager, environment, given)
                with database.writing() as connection:
                    credit_pauses.mended(connection, manager.id, environment)

            self._run(keep, self._done)

    def _done(self, _nothing: None) -> None:
        self.kept.emit()
        self._close()
