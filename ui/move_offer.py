"""Under the settings of the database: moving the data of this computer to a server, or back to its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.policies import DatabaseKind
from app.settings.catalog import DATABASE_KIND
from app.settings.former_place import PLACE
from ui import tasks, theme
from ui.failure_view import failure_of

if TYPE_CHECKING:
    from app.settings.former_place import Move
    from ui.database_access import DatabaseAccess
    from ui.office import Office
    from ui.settings_draft import SettingsDraft


class MoveOffer(QWidget):
    """Shown where there is something to move: data in a local file, or a move that can be undone."""

    taken = Signal()
    """What was typed of another database left the page for the wizard."""

    def __init__(self, office: Office, draft: SettingsDraft, access: DatabaseAccess, parent: QWidget) -> None:
        super().__init__(parent)
        self._office = office
        self._draft = draft
        self._access = access
        self.text = theme.role(QLabel(), "hint")
        self.text.setWordWrap(True)
        self.move_button = QPushButton("Mudar os dados para um servidor…")
        self.move_button.clicked.connect(self._move)
        self.return_button = QPushButton("Voltar ao arquivo local…")
        self.return_button.clicked.connect(office.return_wanted)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        for button in (self.move_button, self.return_button):
            buttons.addWidget(button)
            button.hide()
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.S, 0, 0)
        column.setSpacing(theme.S)
        column.addWidget(self.text)
        column.addLayout(buttons)
        self.hide()
        self._show()

    def _show(self) -> None:
        if self._office.snapshot[DATABASE_KIND] is DatabaseKind.SERVER:
            from services.database_move import undoable

            folders = self._office.folders
            tasks.run(lambda: undoable(folders), self._offer_return, self._say, self)
        elif self._office.database is not None and not self._office.backoffice.is_demo:
            self.text.setText(
                "Os dados estão no arquivo deste computador. Para usá-los em vários computadores, leve tudo para um "
                "servidor PostgreSQL: salvar outro banco acima, sozinho, não copia nada."
            )
            self.move_button.show()
            self.show()

    def _offer_return(self, move: Move | None) -> None:
        if move is not None:
            self.text.setText("Os dados vieram do arquivo deste computador, que ficou como estava.")
            self.return_button.show()
            self.show()

    def _say(self, error: Exception) -> None:
        self.text.setText(failure_of(error).sentence)
        self.show()

    @Slot()
    def _move(self) -> None:
        snapshot = self._draft.snapshot()
        values, password = {setting: snapshot[setting] for setting in PLACE}, self._access.typed or ""
        others = {key: wish for key, wish in self._draft.discard().items() if key[0] not in PLACE}
        self._draft.put_back(others)
        self._access.forget()
        self.taken.emit()
        self._office.move_wanted.emit(values, password)
