"""“Consultar agora”: one click repeats the last choice between only consulting and applying the profile too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSettings, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from ui import icons, theme

if TYPE_CHECKING:
    from app.folders import Folders

_KEPT = "consultar/aplicar"

_WORDS = {
    False: ("Só consultar", "Guarda a resposta no histórico; bloqueios do cliente não mudam."),
    True: ("Consultar e aplicar o perfil", "Guarda a resposta e bloqueia ou desbloqueia conforme o perfil do cliente."),
}


class ConsultButton(QWidget):
    """A button and, beside it, the menu with both ways. The choice is remembered."""

    chosen = Signal(bool)
    """Consult; True to apply the profile too."""

    def __init__(self, folders: Folders, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._file = QSettings(str(folders.config / "janela.ini"), QSettings.Format.IniFormat)
        self._button = QPushButton()
        theme.primary(self._button)
        self._button.clicked.connect(self._repeat)
        self._more = QPushButton(icons.icon("chevron-down"), "")
        self._more.setAccessibleName("Escolher como consultar")
        self._more.setToolTip("Só consultar, ou consultar e aplicar o perfil")
        self._more.clicked.connect(self._open_menu)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        group = QActionGroup(self)
        self._actions: dict[bool, QAction] = {}
        for apply, (label, sentence) in _WORDS.items():
            action = self._menu.addAction(label)
            action.setToolTip(sentence)
            action.setCheckable(True)
            group.addAction(action)
            self._actions[apply] = action
        self._actions[False].triggered.connect(self._only)
        self._actions[True].triggered.connect(self._and_apply)

        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self._button)
        row.addWidget(self._more)
        self.setFocusProxy(self._button)
        self._show_choice()

    @property
    def applies(self) -> bool:
        """The last choice."""
        return str(self._file.value(_KEPT)) == "sim"

    def click(self) -> None:
        """As if the button were pressed."""
        self._button.click()

    @Slot()
    def _repeat(self) -> None:
        self.chosen.emit(self.applies)

    @Slot()
    def _only(self) -> None:
        self._choose(False)

    @Slot()
    def _and_apply(self) -> None:
        self._choose(True)

    def _choose(self, apply: bool) -> None:
        self._file.setValue(_KEPT, "sim" if apply else "nao")
        self._show_choice()
        self.chosen.emit(apply)

    @Slot()
    def _open_menu(self) -> None:
        self._menu.popup(self.mapToGlobal(QPoint(0, self.height())))

    def _show_choice(self) -> None:
        label, sentence = _WORDS[self.applies]
        self._button.setText("Consultar e aplicar" if self.applies else "Consultar agora")
        self._button.setToolTip(f"{label}. {sentence}")
        self._button.setAccessibleName(f"Consultar agora: {label.lower()}")
        self._actions[self.applies].setChecked(True)
