"""The queue of credit analyses: what its service does, what waits, and which gerenciadoras are held, each with why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.domain import Authority
from app.policies import Environment
from app.settings.catalog import CREDIT_ALLOWED
from app.tables import COMPANIES
from ui import icons, pages, tasks, theme, words
from ui.credit_access import CreditAccessDialog
from ui.credit_analysis_model import ENVIRONMENTS
from ui.emptying import empty
from ui.inscription_card import selectable
from ui.service_card import ServiceCard
from ui.theme import Tone

if TYPE_CHECKING:
    from app.data.credit_pauses import Pause
    from app.data.database import Database
    from app.settings.snapshot import Snapshot
    from ui.office import Office

_HIGHEST = 132  # about three lines of what stands in the way; more of them are scrolled to


@dataclass(frozen=True)
class _Held:
    """A gerenciadora that is not asked in one environment, and how many analyses wait for it there."""

    pause: Pause
    manager: str
    waiting: int


@dataclass(frozen=True)
class _Off:
    """A company that asks for no analyses any more, and how many of its wait since then."""

    company_id: int
    company: str
    waiting: int


@dataclass(frozen=True)
class _Queue:
    """What waits, and what stands in its way."""

    waiting: int
    held: tuple[_Held, ...]
    off: tuple[_Off, ...] = ()


class CreditQueue(QWidget):
    """Read off the GUI thread at each `refresh`. Resuming a gerenciadora changes no analysis: it is asked again."""

    changed = Signal()
    """What is held is no longer what it was."""
    force_wanted = Signal()
    """All that waits is to be made now."""
    failed = Signal(object)
    """The exception that a reading raised; the next may do better."""
    refused = Signal(object)
    """The exception that resuming raised."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._office = office
        self._queue = _Queue(0, ())
        self._reading: tasks.Task[_Queue] | None = None
        self.card = ServiceCard(office, Authority.CREDIT)
        self._waiting = QLabel()
        self.force = QPushButton(icons.icon("play"), "Forçar todas agora")
        self.force.setToolTip(
            "Faz agora todas as análises da fila, também as que esperam outra tentativa. Uma gerenciadora que pediu "
            "para esperar continua esperando"
        )
        self.force.clicked.connect(self.force_wanted)
        row = QHBoxLayout()
        row.setSpacing(theme.M)
        row.addWidget(self._waiting, 1)
        row.addWidget(self.force)
        self._buttons: list[QPushButton] = []
        inside = QWidget()
        self._obstacles = QVBoxLayout(inside)
        self._obstacles.setContentsMargins(0, 0, 0, 0)
        self._obstacles.setSpacing(theme.S)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(inside)
        self._scroll.hide()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.S)
        whole.addWidget(self.card)
        whole.addWidget(self._scroll)
        whole.addLayout(row)
        self._say()

    @property
    def text(self) -> str:
        """Everything shown, for tests."""
        return "\n".join(label.text() for label in self.findChildren(QLabel) if label.isVisibleTo(self))

    @Slot()
    def refresh(self) -> None:
        """Read what waits and what is held."""
        if self._reading is not None and self._reading.running:
            return
        database, snapshot = self._office.backoffice.database, self._office.snapshot
        self._reading = tasks.run(lambda: _read(database, snapshot), self._show, self.failed.emit, self)

    def _show(self, queue: _Queue) -> None:
        before, self._queue = self._queue, queue
        if (queue.held, queue.off) != (before.held, before.off):  # else a button would lose the keyboard at each look
            self._show_obstacles()
            self.changed.emit()
        self._say()

    def _say(self) -> None:
        waiting = self._queue.waiting
        self._waiting.setText(
            words.counted(waiting, "análise na fila", "análises na fila") if waiting else "Nenhuma análise na fila"
        )
        self.force.setEnabled(waiting > 0)

    def _show_obstacles(self) -> None:
        had_keyboard = next((button.accessibleName() for button in self._buttons if button.hasFocus()), "")
        self._buttons = []
        empty(self._obstacles)
        lines = [self._held_line(held) for held in self._queue.held if held.waiting]
        lines += [self._off_line(off) for off in self._queue.off]
        lines += [self._held_line(held) for held in self._queue.held if not held.waiting]
        for line in lines:
            self._obstacles.addWidget(line)
            line.show()  # what is not shown yet does not get the keyboard
        for button in self._buttons:
            if button.accessibleName() == had_keyboard:
                button.setFocus(Qt.FocusReason.OtherFocusReason)
        self._scroll.setVisible(bool(lines))
        QTimer.singleShot(0, self, self._fit)  # once they have their fonts and sizes

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @Slot()
    def _fit(self) -> None:
        """What stands in the way has the room that it needs, and the list below it some too."""
        if self._obstacles.count():
            around = 2 * self._scroll.frameWidth()
            self._scroll.setFixedHeight(
                min(self._obstacles.totalHeightForWidth(self.width() - around) + around, _HIGHEST)
            )

    def _off_line(self, off: _Off) -> QWidget:
        waits = words.counted(off.waiting, "análise espera", "análises esperam")
        settings = QPushButton(icons.icon("profiles"), "Abrir as configurações")
        settings.setAccessibleName(f"Abrir as configurações de {off.company}")
        settings.clicked.connect(self._open_settings)
        return self._line(f"{waits}: “{CREDIT_ALLOWED.label}” está desligado para a empresa {off.company}.", settings)

    def _held_line(self, held: _Held) -> QWidget:
        pause = held.pause
        where = f"{held.manager} em {ENVIRONMENTS[pause.environment].word}"
        resume = QPushButton(icons.icon("play"), "Retomar")
        resume.setToolTip(
            "Volta a consultá-la agora. Se o que houve não foi corrigido, ela é suspensa de novo"
            if pause.until is None
            else "Volta a consultá-la agora, embora ela tenha pedido para esperar"
        )
        resume.setAccessibleName(f"Retomar {where}")
        resume.clicked.connect(partial(self._resume, pause))
        buttons = [resume]
        if pause.until is None:
            access = QPushButton(icons.icon("key"), "Credenciais…")
            access.setAccessibleName(f"Credenciais de {where}")
            access.clicked.connect(partial(self._open_access, pause))
            buttons.insert(0, access)
        return self._line(f"{where}: {_until_when(pause)}. {pause.why} {_waiting_for(held)}", *buttons)

    def _line(self, sentence: str, *buttons: QPushButton) -> QWidget:
        line = QWidget()
        icon = QLabel()
        icon.setPixmap(icons.pixmap("pause", 16, Tone.WARN))
        text = selectable(sentence)
        theme.tone(text, Tone.WARN)
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.S)
        row.addWidget(icon)
        row.addWidget(text, 1)
        for button in buttons:
            row.addWidget(button)
        self._buttons += buttons
        return line

    @Slot()
    def _open_settings(self) -> None:
        self._office.open_page.emit(pages.PROFILES, CREDIT_ALLOWED)

    def _open_access(self, pause: Pause) -> None:
        dialog = CreditAccessDialog(self._office, pause.manager_id, self)
        dialog.changed.connect(self.refresh)
        dialog.open()

    def _resume(self, pause: Pause) -> None:
        database = self._office.backoffice.database

        def resume() -> None:
            from app.data import credit_pauses

            with database.writing() as connection:
                credit_pauses.resume(connection, pause.manager_id, pause.environment)

        tasks.run(resume, self._resumed, self.refused.emit, self)

    def _resumed(self, _nothing: None) -> None:
        self._office.service_of(Authority.CREDIT).wake()
        self.force.setFocus(Qt.FocusReason.OtherFocusReason)  # the button pressed goes away
        self.refresh()


def _until_when(pause: Pause) -> str:
    """ "suspensa até 22/11/2026 15:40", or until somebody resumes it."""
    return f"suspensa até {'alguém retomar' if pause.until is None else words.exact(pause.until)}"


def _waiting_for(held: _Held) -> str:
    if not held.waiting:
        return "Nenhuma análise espera por ela."
    return words.counted(held.waiting, "análise espera por ela.", "análises esperam por ela.")


def _read(database: Database, snapshot: Snapshot) -> _Queue:
    from app.data import credit_analyses, credit_managers, credit_pauses, records

    now = datetime.now(UTC)
    with database.reading() as connection:
        groups = credit_analyses.groups(connection, now)
        pauses = credit_pauses.in_force(connection, now)
        names = {manager.id: manager.name for manager in credit_managers.every(connection)} if pauses else {}
        stopped: dict[int, int] = {}
        for group in groups:
            if not snapshot.for_company(group.company_id)[CREDIT_ALLOWED]:
                stopped[group.company_id] = stopped.get(group.company_id, 0) + group.waiting
        companies = records.titles(connection, COMPANIES) if stopped else {}
    held = []
    for pause in pauses:
        whose = (pause.manager_id, pause.environment)
        waiting = sum(group.waiting for group in groups if (group.manager_id, group.environment) == whose)
        held.append(_Held(pause, names[pause.manager_id], waiting))
    in_order = list(Environment)
    held.sort(key=lambda each: (each.manager, in_order.index(each.pause.environment)))
    off = tuple(_Off(number, companies[number], waiting) for number, waiting in sorted(stopped.items()))
    return _Queue(sum(group.waiting for group in groups), tuple(held), off)
