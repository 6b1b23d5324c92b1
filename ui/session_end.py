"""The end of the person's session: what is not saved asks for a moment where the system allows it, and whatever works
is stopped in order before the system stops it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication

if TYPE_CHECKING:
    from ui.main_window import MainWindow


class Session(Protocol):
    """What is used of Qt's QSessionManager."""

    def cancel(self) -> None:
        """Ask the system not to end the session."""


class SessionEnd(QObject):
    """Between `follow` and `leave`. `ending` says that the system no longer waits for anybody: stop everything now."""

    ending = Signal()

    def __init__(self, window: MainWindow, why_not_end: Callable[[], str]) -> None:
        """`why_not_end` says in a sentence what would be lost, "" when nothing would."""
        super().__init__(window)
        self._window = window
        self._why_not_end = why_not_end
        self._held = False
        self._application = QGuiApplication.instance()
        assert isinstance(self._application, QGuiApplication)

    def follow(self) -> None:
        """Hear of the end of the session from now on."""
        assert isinstance(self._application, QGuiApplication)
        self._application.commitDataRequest.connect(self.take_request)
        # On Windows Qt emits it inside the system's last message, whose return ends the process; on X11 when the
        # session manager says "die"; and at the end of every event loop, when nothing is left to stop.
        self._application.aboutToQuit.connect(self.ending)
        if sys.platform == "win32":
            # Windows asks windows, and Qt hears only those of widgets: that of the icon in the tray answers yes without
            # telling anybody. Of a window that was never shown, as after a start in the tray, there is none yet.
            self._window.winId()

    def leave(self) -> None:
        """Hear no more of it."""
        assert isinstance(self._application, QGuiApplication)
        self._application.commitDataRequest.disconnect(self.take_request)
        self._application.aboutToQuit.disconnect(self.ending)
        self._let_go()

    @Slot(object)
    def take_request(self, session: Session) -> None:
        """May the session end? Not while something would be lost: the person is asked about what is not saved, and
        Windows shows why it waits, beside its own “end anyway”."""
        self._let_go()
        why = self._why_not_end()
        if not why:
            return
        session.cancel()
        self._held = True
        if sys.platform == "win32":
            from ui import windows_shell

            windows_shell.hold_session(int(self._window.winId()), why)
        # The system waits for the answer to its message, and not for the person: ask once it has it.
        QTimer.singleShot(0, self, self._ask)

    @Slot()
    def _ask(self) -> None:
        if self._window.unsaved:
            self._window.ask_unsaved(self._let_go)

    def _let_go(self) -> None:
        """Nothing is unsaved any more. The session goes on until it is ended again."""
        if self._held and sys.platform == "win32":
            from ui import windows_shell

            windows_shell.let_session_end(int(self._window.winId()))
        self._held = False
