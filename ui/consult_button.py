"""“Consultar agora”: one click repeats the last choice of whom to ask and whether to apply the profiles too."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSettings, Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from app.domain import Authority
from ui import icons, theme

if TYPE_CHECKING:
    from app.folders import Folders

ANP_OFF = "A consulta on-line à ANP está desligada nos perfis de clientes, aba Consulta ANP"
"""Why ANP cannot be asked while the master switch is off."""

_APPLY_KEPT = "consultar/aplicar"
_WHOM_KEPT = "consultar/autoridade"


class Whom(Enum):
    """Who is asked. The values are kept in the file of the window."""

    SEFAZ = "sefaz"
    ANP = "anp"
    BOTH = "ambas"

    @property
    def label(self) -> str:
        """The word shown to the operator."""
        return " e ".join(authority.label for authority in self.authorities)

    @property
    def authorities(self) -> tuple[Authority, ...]:
        """Each authority asked."""
        return (Authority.SEFAZ, Authority.ANP) if self is Whom.BOTH else (Authority(self.value),)


@dataclass(frozen=True)
class Choice:
    """Whom to ask, and whether to apply the profiles to the answer."""

    whom: Whom
    apply: bool

    @property
    def label(self) -> str:
        """The words of the menu."""
        return f"{self.whom.label}: {'consultar e aplicar' if self.apply else 'só consultar'}"

    @property
    def sentence(self) -> str:
        """What it does."""
        if not self.apply:
            return "Guarda a resposta no histórico; nada muda no cliente."
        profile = {
            Whom.SEFAZ: "o perfil do cliente",
            Whom.ANP: "os perfis da consulta ANP",
            Whom.BOTH: "o perfil do cliente e os da consulta ANP",
        }[self.whom]
        return f"Guarda a resposta e bloqueia ou desbloqueia conforme {profile}."


CHOICES = tuple(Choice(whom, apply) for whom in Whom for apply in (False, True))


class ConsultButton(QWidget):
    """A button and, beside it, the menu with every way. The choice is remembered."""

    chosen = Signal(object)
    """Consult, as this Choice says."""

    def __init__(self, folders: Folders, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._file = QSettings(str(folders.config / "janela.ini"), QSettings.Format.IniFormat)
        self._button = QPushButton()
        theme.primary(self._button)
        self._button.clicked.connect(self._repeat)
        self._more = QPushButton(icons.icon("chevron-down"), "")
        self._more.setAccessibleName("Escolher como consultar")
        self._more.setToolTip("Na SEFAZ, na ANP ou nas duas; só consultar, ou consultar e aplicar os perfis")
        self._more.clicked.connect(self._open_menu)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._group = QActionGroup(self)
        self._actions: dict[Choice, QAction] = {}
        for choice in CHOICES:
            if choice.whom is not Whom.SEFAZ and not choice.apply:
                self._menu.addSeparator()
            action = self._add_action(choice.label)
            action.setCheckable(True)
            self._group.addAction(action)
            self._actions[choice] = action
        self._group.triggered.connect(self._take)
        self._menu.addSeparator()
        self._why_not = self._add_action("")
        self._why_not.setEnabled(False)

        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self._button)
        row.addWidget(self._more)
        self.show_anp("")

    def _add_action(self, text: str) -> QAction:
        # Made here: one that the menu makes itself may stop being known to Python while it is still in the menu.
        action = QAction(text, self._menu)
        self._menu.addAction(action)
        return action

    @property
    def choice(self) -> Choice:
        """The last choice; where it asked ANP and that cannot be done here, SEFAZ alone."""
        kept = str(self._file.value(_WHOM_KEPT))
        whom = next((whom for whom in Whom if whom.value == kept), Whom.SEFAZ)
        can_be_asked = whom is Whom.SEFAZ or not self._why_not.text()
        return Choice(whom if can_be_asked else Whom.SEFAZ, str(self._file.value(_APPLY_KEPT)) == "sim")

    def show_anp(self, why_not: str) -> None:
        """Offer ANP, or say why it cannot be asked about what is selected."""
        self._why_not.setText(why_not)
        self._why_not.setVisible(bool(why_not))
        for choice, action in self._actions.items():
            possible = choice.whom is Whom.SEFAZ or not why_not
            action.setEnabled(possible)
            action.setToolTip(choice.sentence if possible else why_not)
        self._show_choice()

    def take_focus(self) -> None:
        """Put the keyboard on the button. A focus proxy would do it too, but from one inside Tab never gets out."""
        self._button.setFocus(Qt.FocusReason.OtherFocusReason)

    def click(self) -> None:
        """As if the button were pressed."""
        self._button.click()

    @Slot()
    def _repeat(self) -> None:
        self.chosen.emit(self.choice)

    @Slot(QAction)
    def _take(self, action: QAction) -> None:
        choice = next(choice for choice, its in self._actions.items() if its is action)
        self._file.setValue(_WHOM_KEPT, choice.whom.value)
        self._file.setValue(_APPLY_KEPT, "sim" if choice.apply else "nao")
        self._show_choice()
        self.chosen.emit(choice)

    @Slot()
    def _open_menu(self) -> None:
        # Another button over the same file may have chosen meanwhile.
        self._show_choice()
        self._menu.popup(self.mapToGlobal(QPoint(0, self.height())))

    def _show_choice(self) -> None:
        choice = self.choice
        self._button.setText(f"{'Consultar e aplicar' if choice.apply else 'Consultar agora'} · {choice.whom.label}")
        self._button.setToolTip(f"{choice.label}. {choice.sentence}")
        self._button.setAccessibleName(f"Consultar agora. {choice.label}")
        self._actions[choice].setChecked(True)
