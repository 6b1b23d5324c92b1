"""The password of the PostgreSQL server, which goes to the keyring, and the test of the connection."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from app.policies import DatabaseKind
from app.settings.catalog import DATABASE_KIND, DATABASE_NAME, DATABASE_PORT, DATABASE_USER, INTEGRATION_PORT, SERVER
from app.settings.snapshot import GENERAL_COMPANY, Snapshot
from services.check_list import CheckReport, ToSet
from services.waited_socket import GiveUp
from ui import tasks, theme
from ui.check_panel import Check, CheckPanel
from ui.failure_view import failure_of
from ui.setting_row import align_columns
from ui.settings_draft import SettingsDraft

LABEL = "Senha do banco"
HELP = (
    ("", "Senha do usuário do PostgreSQL. Fica só no cofre de senhas do sistema deste computador."),
    ("O que muda", "A nova senha é guardada ao salvar e usada na próxima abertura. Ela nunca é mostrada."),
    ("Exemplo", "A senha com que o administrador criou o usuário retaguarda."),
    ("Vale para", "Este computador"),
)


class DatabaseAccess(QWidget):
    """Goes under the settings of the database; works with what is typed, saved or not."""

    edited = Signal()
    focused = Signal()
    drafted = Signal()
    """The test put another value into the draft."""

    sight_wanted = Signal(object)
    """The test has more to show, in the widget that is given."""

    def __init__(self, draft: SettingsDraft, file: Path) -> None:
        super().__init__()
        self._draft = draft
        self._file = file
        self._asked = ""
        self.label = QLabel(LABEL)
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setAccessibleName(LABEL)
        self.password.textEdited.connect(self._typed)
        self.password.installEventFilter(self)
        self.label.setBuddy(self.password)
        self.label.setToolTip(HELP[0][1])
        self.state = QLabel()
        self.state.setWordWrap(True)
        theme.role(self.state, "hint")
        self.check = CheckPanel(
            "Testar conexão",
            "Entra no banco com os valores desta tela, salvos ou não, e diz em que passo para. Nada é criado.",
            self._prepared,
        )
        self.check.set_wanted.connect(self._try_with)
        self.check.ended.connect(self.refresh)
        self.check.sight_wanted.connect(self.sight_wanted)
        names = QWidget()
        column = QVBoxLayout(names)
        column.setContentsMargins(0, theme.XS + 1, 0, 0)
        column.addWidget(self.label)
        column.addStretch(1)
        right = QWidget()
        lines = QVBoxLayout(right)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(theme.S)
        lines.addWidget(self.password)
        lines.addWidget(self.state)
        grid = QGridLayout(self)
        align_columns(grid)
        grid.addWidget(names, 0, 0)
        grid.addWidget(right, 0, 1)
        grid.addWidget(self.check, 1, 0, 1, 4)

    @property
    def typed(self) -> str | None:
        """The password to keep when saving, or None when none was typed."""
        return self.password.text() or None

    def forget(self) -> None:
        """It was kept, or given up."""
        self.password.clear()
        self._asked = ""
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Follow the draft: which server and user the password is of, and whether there is a server at all."""
        snapshot = self._draft.snapshot()
        server = snapshot[DATABASE_KIND] is DatabaseKind.SERVER
        for widget in (self.label, self.password):
            widget.setEnabled(server)
        self.check.setEnabled(server or self.check.running)  # one that is under way may be given up
        if not server:
            self.check.forget()
            self._asked = ""
            self.password.setPlaceholderText("")
            self.state.setText("O arquivo local não tem senha.")
            return
        place = _place(snapshot)
        if place != self._asked:
            self._asked = place
            self.state.setText("")
            tasks.run(partial(_is_kept, snapshot), partial(self._say_kept, place), self._say_unknown, self)

    def _say_kept(self, place: str, kept: bool) -> None:
        if place == self._asked:
            self.password.setPlaceholderText("guardada no cofre do sistema" if kept else "nenhuma guardada")
            self.state.setText(f"{'Guardada no cofre do sistema' if kept else 'Nenhuma senha guardada'} para {place}.")

    def _say_unknown(self, error: Exception) -> None:
        self.state.setText(failure_of(error).sentence)

    @Slot()
    def _typed(self) -> None:
        self.edited.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn:
            self.focused.emit()
        return super().eventFilter(watched, event)

    def _prepared(self) -> Check:
        return partial(_checked, self._draft.snapshot(), self._file, self.typed)

    @Slot(object)
    def _try_with(self, remedy: ToSet) -> None:
        self._draft.put((remedy.setting, GENERAL_COMPANY), remedy.value)
        self.drafted.emit()
        self.check.start()


def _place(snapshot: Snapshot) -> str:
    return f"{snapshot[DATABASE_USER]} em {snapshot[SERVER]}:{snapshot[DATABASE_PORT]}/{snapshot[DATABASE_NAME]}"


def _is_kept(snapshot: Snapshot) -> bool:
    return _kept(snapshot) is not None


def _kept(snapshot: Snapshot) -> str | None:
    from app import secrets
    from app.data.database import database_secret

    return secrets.read(database_secret(snapshot))


def _checked(snapshot: Snapshot, file: Path, typed: str | None, given_up: GiveUp) -> Iterator[CheckReport]:
    from app.data.database import database_url
    from services.database_check.check import check_database

    url = database_url(snapshot, file, typed or _kept(snapshot))
    return check_database(url, given_up, integration_port=snapshot[INTEGRATION_PORT])


def keep_password(snapshot: Snapshot, password: str) -> None:
    """Put the password of these settings into the keyring. Raises SecretsUnavailable."""
    from app import secrets
    from app.data.database import database_secret

    secrets.write(database_secret(snapshot), password)
