"""What the sender of messages does now, and what it holds back, each with the way to let it go again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.domain import Phase
from app.settings.catalog import WHATSAPP_ORDERS
from ui import icons, pages, tasks, theme, words
from ui.emptying import empty
from ui.service_words import PHASE_ICONS, PHASE_TONES
from ui.theme import Tone

if TYPE_CHECKING:
    from app.data.database import Database
    from app.data.whatsapp_pauses import Pause
    from services.whatsapp.sender import SenderState
    from ui.office import Office


class MessageChannel(QFrame):
    """Follows the sender of this program; what is held is read off the GUI thread at each `refresh`."""

    changed = Signal()
    """Something was resumed."""
    failed = Signal(object)
    """The exception that a reading or resuming raised."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._office = office
        self._pauses: tuple[Pause, ...] = ()
        self._reading: tasks.Task[tuple[Pause, ...]] | None = None
        theme.card(self)
        self._icon = QLabel()
        self._phase = theme.role(QLabel(), "strong")
        self._sentence = QLabel()
        self._sentence.setWordWrap(True)
        self._warning = QLabel()
        self._warning.setWordWrap(True)
        theme.tone(self._warning, Tone.WARN)
        self._facts = theme.role(QLabel(), "hint")
        self._settings = QPushButton("Configurar")
        self._settings.setAccessibleName("Configurar o WhatsApp")
        self._settings.clicked.connect(self._open_settings)
        self._held = QVBoxLayout()
        self._held.setSpacing(theme.XS)
        head = QHBoxLayout()
        head.setSpacing(theme.S)
        head.addWidget(self._icon)
        head.addWidget(self._phase)
        head.addWidget(self._sentence, 1)
        head.addWidget(self._settings)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.L, theme.S, theme.L, theme.S)
        whole.setSpacing(theme.XS)
        whole.addLayout(head)
        whole.addWidget(self._warning)
        whole.addWidget(self._facts)
        whole.addLayout(self._held)
        office.desk.sender_changed.connect(self._take_state)
        self._say()

    @property
    def text(self) -> str:
        """Everything shown, for tests."""
        return "\n".join(label.text() for label in self.findChildren(QLabel) if label.isVisibleTo(self))

    @Slot()
    def refresh(self) -> None:
        """Read what is held."""
        if self._reading is not None and self._reading.running:
            return
        database = self._office.backoffice.database
        self._reading = tasks.run(lambda: _read(database), self._show, self.failed.emit, self)

    @Slot(object)
    def _take_state(self, _state: SenderState) -> None:
        self._say()

    def _show(self, pauses: tuple[Pause, ...]) -> None:
        if pauses != self._pauses:  # else a button would lose the keyboard at each look
            self._pauses = pauses
            self._show_pauses()
        self._say()

    def _show_pauses(self) -> None:
        empty(self._held)
        for number, pause in enumerate(self._pauses):
            self._held.addWidget(self._pause_line(number, pause))

    def _pause_line(self, number: int, pause: Pause) -> QWidget:
        line = QWidget()
        icon = QLabel()
        icon.setPixmap(icons.pixmap("pause", 16, Tone.WARN))
        until = f"até {words.clock(pause.until)}" if pause.until is not None else "até alguém retomar"
        text = QLabel(f"{pause.subject.label}: em pausa desde {words.clock(pause.since)}, {until}. {pause.reason}")
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        theme.tone(text, Tone.WARN)
        resume = QPushButton(icons.icon("play"), "Retomar")
        resume.setAccessibleName(f"Retomar: {pause.subject.label}")
        resume.setProperty("pause", number)
        resume.clicked.connect(self._resume)
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.S)
        row.addWidget(icon)
        row.addWidget(text, 1)
        row.addWidget(resume)
        return line

    @Slot()
    def _say(self) -> None:
        state = self._office.desk.sender_state
        self._icon.setPixmap(icons.solid(PHASE_ICONS[state.phase]).pixmap(24))
        self._phase.setText(state.phase.label)
        theme.tone(self._phase, PHASE_TONES[state.phase])
        # What a pause says under it is not said twice.
        self._sentence.setText("" if any(p.reason == state.sentence for p in self._pauses) else state.sentence)
        self._warning.setText("\n".join(state.warnings))
        self._warning.setVisible(bool(state.warnings))
        facts = " · ".join(_facts(state))
        self._facts.setText(facts)
        self._facts.setVisible(bool(facts))
        self._settings.setVisible(state.phase in (Phase.STOPPED, Phase.FAILED))
        self.setAccessibleName(f"Envio de mensagens: {state.phase.label}. {state.sentence} {facts}".rstrip())

    @Slot()
    def _resume(self) -> None:
        subject = self._pauses[int(self.sender().property("pause"))].subject
        database, actor = self._office.backoffice.database, self._office.actor

        def resume() -> None:
            from app.data import whatsapp_pauses

            with database.writing() as connection:
                whatsapp_pauses.resume(connection, subject, actor=actor, now=datetime.now(UTC))

        tasks.run(resume, self._resumed, self.failed.emit, self)

    def _resumed(self, _nothing: None) -> None:
        self.changed.emit()

    @Slot()
    def _open_settings(self) -> None:
        self._office.open_page.emit(pages.INTEGRATION, WHATSAPP_ORDERS)


def _facts(state: SenderState) -> list[str]:
    facts = []
    if state.waiting:
        facts.append(words.counted(state.waiting, "mensagem na fila", "mensagens na fila"))
    if state.last_at is not None:
        facts.append(f"última enviada {words.clock(state.last_at)}")
    if state.next_at is not None:
        facts.append(f"próxima {words.clock(state.next_at)}")
    return facts


def _read(database: Database) -> tuple[Pause, ...]:
    from app.data import whatsapp_pauses

    with database.reading() as connection:
        return tuple(whatsapp_pauses.in_force(connection, datetime.now(UTC)))
