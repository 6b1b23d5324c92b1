"""A password beside the settings that it belongs to: saved with them, it goes to this computer's keyring."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from PySide6.QtCore import QEvent, QObject, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from app.settings.snapshot import Snapshot
from ui import tasks, theme
from ui.failure_view import failure_of
from ui.setting_row import align_columns
from ui.settings_draft import SettingsDraft


class KeptPassword(QWidget):
    """Goes under the settings; works with what is typed in them, saved or not.

    `LABEL` names the password and `HELP` explains it. What is under it goes into the rows of `grid` from 1 on.
    """

    LABEL: ClassVar[str]
    HELP: ClassVar[Sequence[tuple[str, str]]]

    edited = Signal()
    focused = Signal(object)
    """The keyboard is on the password; this widget is given, whose help is to be shown."""

    sight_wanted = Signal(object)
    """There is more to show, in the widget that is given."""

    def __init__(self, draft: SettingsDraft) -> None:
        super().__init__()
        self._draft = draft
        self._asked = ""
        self.label = QLabel(self.LABEL)
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setAccessibleName(self.LABEL)
        self.password.textEdited.connect(self._typed)
        self.password.installEventFilter(self)
        self.label.setBuddy(self.password)
        self.label.setToolTip(self.HELP[0][1])
        self.state = QLabel()
        self.state.setWordWrap(True)
        theme.role(self.state, "hint")
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
        self.grid = QGridLayout(self)
        align_columns(self.grid)
        self.grid.addWidget(names, 0, 0)
        self.grid.addWidget(right, 0, 1)

    @staticmethod
    @abstractmethod
    def secret(snapshot: Snapshot) -> str:
        """The keyring entry of the password that these settings ask for."""

    @abstractmethod
    def _place(self, snapshot: Snapshot) -> str:
        """Whose password it is and where, in words; "" when the settings ask for none."""

    @abstractmethod
    def _without(self, snapshot: Snapshot) -> str:
        """Why the settings ask for none, in a sentence."""

    @property
    def typed(self) -> str | None:
        """The password to keep when saving, or None when none was typed or the settings ask for none now."""
        return self.password.text() or None if self.password.isEnabledTo(self) else None

    def forget(self) -> None:
        """It was kept, or given up."""
        self.password.clear()
        self._asked = ""
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Follow the draft: whose password it is, and whether there is one at all."""
        snapshot = self._draft.snapshot()
        place = self._place(snapshot)
        for widget in (self.label, self.password):
            widget.setEnabled(bool(place))
        if not place:
            self._asked = ""
            self.password.setPlaceholderText("")
            self.state.setText(self._without(snapshot))
        elif place != self._asked:
            self._asked = place
            self.state.setText("")
            tasks.run(
                partial(_is_kept, self.secret(snapshot)),
                partial(self._say_kept, place),
                partial(self._say_unknown, place),
                self,
            )

    def _say_kept(self, place: str, kept: bool) -> None:
        if place == self._asked:
            self.password.setPlaceholderText("guardada no cofre do sistema" if kept else "nenhuma guardada")
            self.state.setText(f"{'Guardada no cofre do sistema' if kept else 'Nenhuma senha guardada'} para {place}.")

    def _say_unknown(self, place: str, error: Exception) -> None:
        if place == self._asked:
            self.state.setText(failure_of(error).sentence)

    @Slot()
    def _typed(self) -> None:
        self.edited.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn:
            self.focused.emit(self)
        return super().eventFilter(watched, event)


def kept_password(secret: str) -> str | None:
    """The password in the keyring, None without one. Not for the window's own thread. Raises SecretsUnavailable."""
    from app import secrets

    return secrets.read(secret)


def _is_kept(secret: str) -> bool:
    return kept_password(secret) is not None
