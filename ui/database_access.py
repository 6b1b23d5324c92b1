"""The password of the PostgreSQL server, which goes to the keyring, and the test of the connection."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal, Slot

from app.policies import DatabaseKind
from app.settings.catalog import DATABASE_KIND, DATABASE_NAME, DATABASE_PORT, DATABASE_USER, INTEGRATION_PORT, SERVER
from app.settings.snapshot import GENERAL_COMPANY, Snapshot
from services.check_list import CheckReport, ToSet
from services.waited_socket import GiveUp
from ui.check_panel import Check, CheckPanel
from ui.kept_password import KeptPassword, kept_password
from ui.settings_draft import SettingsDraft


class DatabaseAccess(KeptPassword):
    """Goes under the settings of the database."""

    LABEL = "Senha do banco"
    HELP = (
        ("", "Senha do usuário do PostgreSQL. Fica só no cofre de senhas do sistema deste computador."),
        ("O que muda", "A nova senha é guardada ao salvar e usada na próxima abertura. Ela nunca é mostrada."),
        ("Exemplo", "A senha com que o administrador criou o usuário retaguarda."),
        ("Vale para", "Este computador"),
    )

    drafted = Signal()
    """The test put another value into the draft."""

    def __init__(self, draft: SettingsDraft, file: Path) -> None:
        super().__init__(draft)
        self._file = file
        self.check = CheckPanel(
            "Testar conexão",
            "Entra no banco com os valores desta tela, salvos ou não, e diz em que passo para. Nada é criado.",
            self._prepared,
        )
        self.check.set_wanted.connect(self._try_with)
        self.check.ended.connect(self.refresh)
        self.check.sight_wanted.connect(self.sight_wanted)
        self.grid.addWidget(self.check, 1, 0, 1, 4)

    @staticmethod
    def secret(snapshot: Snapshot) -> str:
        from app.data.database import database_secret

        return database_secret(snapshot)

    def _place(self, snapshot: Snapshot) -> str:
        if snapshot[DATABASE_KIND] is not DatabaseKind.SERVER:
            return ""
        return f"{snapshot[DATABASE_USER]} em {snapshot[SERVER]}:{snapshot[DATABASE_PORT]}/{snapshot[DATABASE_NAME]}"

    def _without(self, snapshot: Snapshot) -> str:
        return "O arquivo local não tem senha."

    @Slot()
    def refresh(self) -> None:
        super().refresh()
        server = self._draft.snapshot()[DATABASE_KIND] is DatabaseKind.SERVER
        self.check.setEnabled(server or self.check.running)  # one that is under way may be given up
        if not server:
            self.check.forget()

    def _prepared(self) -> Check:
        return partial(_checked, self._draft.snapshot(), self._file, self.typed)

    @Slot(object)
    def _try_with(self, remedy: ToSet) -> None:
        self._draft.put((remedy.setting, GENERAL_COMPANY), remedy.value)
        self.drafted.emit()
        self.check.start()


def _checked(snapshot: Snapshot, file: Path, typed: str | None, given_up: GiveUp) -> Iterator[CheckReport]:
    from app.data.database import database_url
    from services.database_check.check import check_database

    url = database_url(snapshot, file, typed or kept_password(DatabaseAccess.secret(snapshot)))
    return check_database(url, given_up, integration_port=snapshot[INTEGRATION_PORT])
