"""Going back from the server to the local file: what that means, asked first, and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ui import icons, theme
from ui.aside_button import AsideButton
from ui.failure_view import FailureView, failure_of
from ui.long_work import Cancelled, LongWork, Progress

if TYPE_CHECKING:
    from ui.office import Office

_MEANING = (
    "O programa volta a usar o arquivo deste computador, como ele estava no momento da mudança.\n\n"
    "O que foi gravado no servidor desde então — cadastros, consultas, configurações — continua lá e não vem para o "
    "arquivo. Nada é apagado do servidor, e os outros computadores continuam nele.\n\n"
    "As análises de crédito que esperavam na fila do arquivo são canceladas: no servidor elas podem ter sido feitas, e "
    "cobradas."
)


class MoveBack(QDialog):
    """As `MoveWizard`: at `close_wanted` the database is closed and `begin` called; at `ended` it may open again."""

    close_wanted = Signal()
    ended = Signal()

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folders = office.folders
        self._actor = office.actor
        self.setWindowTitle("Voltar ao arquivo local")
        question = QHBoxLayout()
        question.setSpacing(theme.L)
        icon = QLabel()
        icon.setPixmap(icons.pixmap("warning", 32))
        self.text = QLabel(_MEANING)
        self.text.setWordWrap(True)
        question.addWidget(icon)
        question.addWidget(self.text, 1)
        self.work = LongWork()
        self.failure = FailureView()
        self.stay = QPushButton("Continuar no servidor")
        self.stay.setDefault(True)
        self.stay.clicked.connect(self.reject)
        self.go = AsideButton("Voltar ao arquivo")
        self.go.clicked.connect(self._wish)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        buttons.addStretch(1)
        buttons.addWidget(self.go)
        buttons.addWidget(self.stay)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        whole.setSpacing(theme.L)
        whole.addLayout(question)
        whole.addWidget(self.work)
        whole.addWidget(self.failure)
        whole.addLayout(buttons)
        self.resize(520, 240)

    @Slot()
    def _wish(self) -> None:
        self.failure.clear()
        for button in (self.go, self.stay):
            button.setEnabled(False)
        self.close_wanted.emit()

    def begin(self) -> None:
        """Go back; the program's own database is closed."""
        from services.database_move import move_back

        folders, actor = self._folders, self._actor

        def work(progress: Progress, cancelled: Cancelled) -> str:
            return move_back(folders, actor=actor, now=datetime.now(UTC))

        self.work.start("Voltando ao arquivo local…", work, self._back, self._not_back)

    def _back(self, place: str) -> None:
        self.ended.emit()
        self.accept()

    def _not_back(self, error: Exception) -> None:
        self.failure.show_failure(failure_of(error))
        for button in (self.go, self.stay):
            button.setEnabled(True)
        self.ended.emit()

    def reject(self) -> None:
        """Esc, the button or the window's own; not while it is going back."""
        if not self.work.running:
            super().reject()
