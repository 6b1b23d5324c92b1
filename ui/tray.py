"""The icon beside the clock: what the services do, in shape, colour and words, and a menu made from that."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from app.domain import Authority, Phase, ServiceState
from services.integration.server import ServerPhase, ServerState
from ui import icons, pages, words
from ui.notices import Notice, Notices
from ui.server_words import PHASES
from ui.service_words import PHASE_ICONS, is_of_use, moments, most_serious

_LOOK_MS = 2000

_PUT_AGAIN = (5, 15, 30, 60)
"""At which looks Windows is given the icon again. While a session begins its taskbar may be too busy to take one: it is
waited for four seconds, and Qt does not see that it took none."""

_NOT_HERE = (Phase.STOPPED, Phase.ELSEWHERE)
"""Phases of a service that this program could not pause."""

_NOT_NOW = (*_NOT_HERE, Phase.PAUSED)
"""Phases of a service that would not look for whom to consult."""


class Tray(QObject):
    """There from the start to the end of the program; shown whenever the system has a place for it."""

    open_wanted = Signal()
    page_wanted = Signal(str, object)
    look_wanted = Signal()
    """Consult the customers that are due, now."""

    pause_wanted = Signal(object)
    """Pause until this moment; None resumes."""

    serving_wanted = Signal(bool)
    """Serve the counters from this computer, or no longer."""

    quit_wanted = Signal()
    vanished = Signal()
    """The system has no place for the icon any more: a hidden window could not be reached."""

    def __init__(self, notices: Notices, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notices = notices
        self._states: dict[Authority, ServiceState] = {}
        self._server: ServerState | None = None
        self._is_open = False
        self._shown_notice: Notice | None = None
        self._filled: tuple[object, ...] | None = None
        self.menu = QMenu()
        self.icon = QSystemTrayIcon(icons.tray("tray-stopped"), self)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._activated)
        self.icon.messageClicked.connect(self._message_clicked)
        notices.raised.connect(self._say)
        notices.changed.connect(self._changed)
        self.menu.aboutToHide.connect(self._changed_soon)
        self._there = False
        self._looks = 0
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        self._changed()
        self._look()

    @property
    def tooltip(self) -> str:
        """The warnings, the states and the certificate that SEFAZ asks for, in one line.

        Windows shows 127 characters of it (szTip of NOTIFYICONDATA), fewer than all the states may have.
        """
        if not self._states:
            return "Retaguarda: banco de dados não aberto"
        said = [state.warning for state in self._states.values() if state.warning]
        said += [
            f"{authority.label}: {moments(self._states[authority])}"
            for authority in Authority
            if authority in self._states and is_of_use(self._states[authority])
        ]
        if Authority.SEFAZ in self._states:
            certificate = self._states[Authority.SEFAZ].certificate
            validity = certificate.brief_validity(datetime.now(UTC)) if certificate else "não escolhido"
            said.append(f"certificado: {validity.removeprefix('válido por ')}")
        if self._server is not None and self._server.phase is not ServerPhase.STOPPED:
            said.append(f"balcões: {self._server.phase.label.lower()}")
        return " · ".join(said)

    def take_open(self, is_open: bool) -> None:
        """Whether there is an open database, and so services."""
        self._is_open = is_open
        if not is_open:
            self._states, self._server = {}, None
        self._changed()

    @Slot(object)
    def take_state(self, state: ServiceState) -> None:
        """Show what a service does."""
        self._states[state.authority] = state
        self._changed()

    @Slot(object)
    def take_server(self, state: ServerState) -> None:
        """Show whether the counters are served from here."""
        self._server = state
        self._changed()

    def tell(self, title: str, text: str) -> None:
        """One sentence beside the icon."""
        if self._there:
            self._shown_notice = None
            self.icon.showMessage(title, text, icons.tray("app"))

    def remove(self) -> None:
        """Take the icon away, for good."""
        self._timer.stop()
        self.menu.close()
        self.icon.hide()

    @Slot()
    def _look(self) -> None:
        there = QSystemTrayIcon.isSystemTrayAvailable()
        if there and not self._there:
            # A panel that started again forgot the icon; Qt only registers it on a change from hidden to visible.
            self.icon.hide()
            self.icon.show()
        self._there, before = there, self._there
        if before and not there:
            self.vanished.emit()
        self._looks += 1
        if sys.platform == "win32" and self._looks in _PUT_AGAIN:
            from ui import windows_shell

            windows_shell.put_tray_icon_again()

    @Slot()
    def _changed(self) -> None:
        phases = [state.phase for state in self._states.values()]
        if self._server is not None:
            phases.append(PHASES[self._server.phase])
        self.icon.setIcon(icons.tray(PHASE_ICONS[most_serious(phases)]))
        self.icon.setToolTip(self.tooltip)
        entries = self._entries()
        if entries != self._filled and not self.menu.isVisible():
            # Several states come with each consultation, and rebuilding the menu holds the window for milliseconds.
            self._filled = entries
            self._fill()

    @Slot()
    def _changed_soon(self) -> None:
        # The entry clicked is still being handled while the menu hides.
        QTimer.singleShot(0, self, self._changed)

    def _entries(self) -> tuple[object, ...]:
        """All that the menu depends on."""
        serving = self._server.phase if self._server is not None else None
        return (self._is_open, self._may_look, self._may_pause, self._is_paused, serving, *self._notices.latest)

    @property
    def _may_look(self) -> bool:
        return any(state.phase not in _NOT_NOW for state in self._states.values())

    @property
    def _may_pause(self) -> bool:
        return any(state.phase not in _NOT_HERE for state in self._states.values())

    @property
    def _is_paused(self) -> bool:
        return any(state.paused_until is not None for state in self._states.values())

    def _fill(self) -> None:
        self.menu.clear()
        for child in self.menu.findChildren(QMenu):
            child.deleteLater()
        self.menu.setDefaultAction(self._entry(self.menu, "Abrir", self.open_wanted.emit))
        if self._is_open:
            self.menu.addSeparator()
            consult = self._submenu("Consultar agora")
            self._entry(consult, "Escolher clientes…", lambda: self.page_wanted.emit(pages.CUSTOMERS, None))
            due = self._entry(consult, "Clientes no prazo", self.look_wanted.emit)
            due.setEnabled(self._may_look)
            pause = self._submenu("Pausar")
            self._entry(pause, "1 hora", lambda: self.pause_wanted.emit(datetime.now(UTC) + timedelta(hours=1)))
            self._entry(pause, "Até amanhã", lambda: self.pause_wanted.emit(_tomorrow(datetime.now().astimezone())))
            resume = self._entry(pause, "Retomar", lambda: self.pause_wanted.emit(None))
            resume.setEnabled(self._is_paused)
            pause.setEnabled(self._may_pause or self._is_paused)
            self._fill_counters(self._submenu("Balcões"))
        latest = self._submenu("Últimos avisos")
        latest.setEnabled(bool(self._notices.latest))
        for notice in self._notices.latest:
            text = f"{words.clock(notice.at)}  {_short(notice.sentence)}".replace("&", "&&")
            self._entry(latest, text, partial(self.page_wanted.emit, notice.page, notice.argument))
        self.menu.addSeparator()
        self._entry(self.menu, "Sair", self.quit_wanted.emit)

    def _fill_counters(self, menu: QMenu) -> None:
        phase = ServerPhase.STOPPED if self._server is None else self._server.phase
        self._entry(menu, "Ver os balcões", lambda: self.page_wanted.emit(pages.COUNTERS, None))
        begin = self._entry(menu, "Iniciar o serviço", lambda: self.serving_wanted.emit(True))
        begin.setEnabled(phase in (ServerPhase.STOPPED, ServerPhase.FAILED))
        end = self._entry(menu, "Parar o serviço", lambda: self.serving_wanted.emit(False))
        end.setEnabled(phase is not ServerPhase.STOPPED)

    def _submenu(self, title: str) -> QMenu:
        submenu = QMenu(title, self.menu)
        self.menu.addMenu(submenu)
        return submenu

    def _entry(self, menu: QMenu, title: str, act: Callable[[], object]) -> QAction:
        action = menu.addAction(title)
        action.triggered.connect(lambda checked=False: act())
        return action

    @Slot(object)
    def _say(self, notice: Notice) -> None:
        if self._there:
            self._shown_notice = notice
            self.icon.showMessage("Retaguarda", notice.sentence, icons.tray("tray-attention"))

    @Slot()
    def _message_clicked(self) -> None:
        if self._shown_notice is not None:
            self.page_wanted.emit(self._shown_notice.page, self._shown_notice.argument)
        else:
            self.open_wanted.emit()

    @Slot(QSystemTrayIcon.ActivationReason)
    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self.open_wanted.emit()


def _tomorrow(now: datetime) -> datetime:
    """The start of the next day in this computer's zone, in UTC."""
    day = now.date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day).astimezone(UTC)


def _short(sentence: str, most: int = 70) -> str:
    return sentence if len(sentence) <= most else sentence[: most - 1].rstrip() + "…"
