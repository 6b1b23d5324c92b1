"""What the window shows while the database is being opened, and when it did not open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QWidget

from ui import pages, theme
from ui.page import Page

if TYPE_CHECKING:
    from app.domain import Failure
    from ui.failure_view import FailureView

OPENING = "Abrindo o banco de dados…"

_CALM_MS = 400


class OpeningPage(Page):
    """Stands in the place of Início until there is a database."""

    retry = Signal()
    """Try to open again."""

    settings_wanted = Signal()
    """Open Balcão › Integração, where this computer's database is chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(pages.HOME, "Início", parent=parent)
        self._text = theme.role(QLabel(OPENING), "hint")
        self._bar = QProgressBar()
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._bar.setMaximumWidth(320)
        self._bar.hide()
        self.failure: FailureView | None = None  # made when something fails, not on the way to the first paint
        self.try_again = QPushButton("Tentar de novo")
        theme.primary(self.try_again)
        self.try_again.clicked.connect(self.retry)
        self.open_settings = QPushButton("Abrir Balcão › Integração")
        self.open_settings.clicked.connect(self.settings_wanted)
        self.body.addWidget(self._text)
        self.body.addWidget(self._bar)
        self.body.addStretch(1)
        self._late = QTimer(self, singleShot=True, interval=_CALM_MS)
        self._late.timeout.connect(self._bar.show)
        self.show_opening()

    def show_opening(self, sentence: str = OPENING) -> None:
        """Say what is being done with the database; only what takes long shows a moving bar."""
        if self.failure is not None:
            self.failure.clear()
        self._text.setText(sentence)
        self._text.show()
        self._late.start()

    def show_failure(self, failure: Failure, *, settings_readable: bool) -> None:
        """It did not open. Without readable settings there is nothing to change in Integração."""
        self._late.stop()
        self._bar.hide()
        self._text.hide()
        self.open_settings.setVisible(settings_readable)
        if self.failure is None:
            from ui.failure_view import FailureView

            self.failure = FailureView()
            self.failure.add_button(self.try_again)
            self.failure.add_button(self.open_settings)
            self.body.insertWidget(0, self.failure)
        self.failure.show_failure(failure)
        self.try_again.setFocus(Qt.FocusReason.OtherFocusReason)
