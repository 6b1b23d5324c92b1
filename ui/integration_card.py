"""The service of the counters on its tab: how it is, what address to give the counters, and its buttons."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.domain import Failure
from app.settings.catalog import INTEGRATION_ACTIVE
from services.integration.server import ServerPhase
from ui import counter_address, icons, pages, theme, words
from ui.emptying import empty
from ui.failure_view import FailureView
from ui.office import Office
from ui.server_words import SERVER_ICONS, SERVER_TONES
from ui.settings_draft import SettingsDraft
from ui.theme import Tone

_COUNT_MS = 2_000
_SEVERAL = "Endereços deste computador para informar nos balcões, cada um em uma rede:"


class IntegrationCard(QFrame):
    """Follows the desk's service, and warns of what is typed before it is saved."""

    def __init__(self, office: Office, draft: SettingsDraft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._office = office
        self._desk = office.desk
        self._draft = draft
        self._addresses: tuple[str, ...] = ()
        self._failed_by: Failure | None = None
        theme.card(self)
        self.icon = QLabel()
        self.phase = theme.role(QLabel(), "strong")
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.facts = theme.role(QLabel(), "hint")
        self.facts.setWordWrap(True)
        self.start = self._button("play", "Iniciar", self._desk.start)
        self.stop = self._button("stop", "Parar", self._desk.stop)
        self.restart = self._button("refresh", "Reiniciar o serviço", self._desk.restart)
        self.counters = self._button("counters", "Ver os balcões", self._open_counters)
        self.told = QLabel()
        self.told.setWordWrap(True)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.S)
        self._grid.setVerticalSpacing(theme.XS)
        self._grid.setColumnStretch(2, 1)
        self.change = QLabel()
        self.change.setWordWrap(True)
        theme.tone(self.change, Tone.WARN)
        self.warning = QLabel()
        self.warning.setWordWrap(True)
        theme.tone(self.warning, Tone.WARN)
        self.failure = FailureView()

        head = QHBoxLayout()
        head.setSpacing(theme.S)
        head.addWidget(self.icon)
        head.addWidget(self.phase)
        head.addWidget(self.facts, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        for button in (self.start, self.stop, self.restart, self.counters):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.M, theme.M, theme.L)
        column.setSpacing(theme.S)
        column.addLayout(head)
        column.addWidget(self.sentence)
        column.addWidget(self.change)
        column.addLayout(buttons)
        column.addWidget(self.failure)
        column.addWidget(self.told)
        column.addLayout(self._grid)
        column.addWidget(self.warning)

        self._count = QTimer(self, interval=_COUNT_MS)
        self._count.timeout.connect(self._say_facts)
        self._desk.state_changed.connect(self.refresh)
        office.snapshot_changed.connect(self.refresh)
        self.refresh()

    def _button(self, icon: str, label: str, slot: Callable[[], None]) -> QPushButton:
        button = QPushButton(icons.icon(icon), label)
        button.clicked.connect(slot)
        return button

    @Slot()
    def refresh(self) -> None:
        """Show the service as it is, and what the settings kept and typed mean for it."""
        state = self._desk.state
        self.icon.setPixmap(icons.solid(SERVER_ICONS[state.phase]).pixmap(24))
        self.phase.setText(state.phase.label)
        theme.tone(self.phase, SERVER_TONES[state.phase])
        if state.failure is not None or state.phase is not ServerPhase.STARTING:
            self._show_failure(state.failure)  # while it is tried again, what failed stays until it is known better
        self.sentence.setText(state.sentence)
        self.sentence.setVisible(state.phase in (ServerPhase.STOPPED, ServerPhase.STARTING))
        self._say_facts()
        self._say_addresses()
        self._say_change()
        self.warning.setText(counter_address.warning(self._draft.snapshot()))
        self.warning.setVisible(bool(self.warning.text()))
        self.start.setText("Tentar agora" if self._desk.wanted else "Iniciar")
        self.start.setVisible(not self._desk.wanted or state.phase is ServerPhase.FAILED)
        self.stop.setVisible(self._desk.wanted)
        self.restart.setVisible(self._desk.needs_restart)
        self.setAccessibleName(f"Serviço de integração: {state.phase.label.lower()}")

    def _show_failure(self, failure: Failure | None) -> None:
        if failure == self._failed_by:
            return  # its details may be open
        self._failed_by = failure
        if failure is None:
            self.failure.clear()
        else:
            self.failure.show_failure(failure)

    @Slot()
    def _say_facts(self) -> None:
        state, snapshot = self._desk.state, self._office.snapshot
        facts = []
        if state.phase is ServerPhase.RUNNING and state.since is not None:
            facts.append(f"desde {words.clock(state.since)}")
            facts.append(words.counted(self._desk.served, "pedido atendido", "pedidos atendidos"))
        if state.phase is ServerPhase.FAILED and self._desk.wanted:
            facts.append("o programa tenta de novo a cada 30 segundos")
        if not snapshot[INTEGRATION_ACTIVE]:
            facts.append("não começa sozinho quando o programa abre")
        elif not self._desk.wanted:
            facts.append("volta a começar sozinho quando o programa abrir de novo")
        self.facts.setText(" · ".join(facts))

    def _say_addresses(self) -> None:
        phase = self._desk.state.phase
        followed = self._desk.begun_with if phase is ServerPhase.RUNNING else self._office.snapshot
        addresses = counter_address.addresses(followed) if phase is not ServerPhase.FAILED else ()
        self.told.setVisible(bool(addresses))
        if addresses == self._addresses:
            return
        self._addresses = addresses
        empty(self._grid)
        self.told.setText("Endereço para informar nos balcões:" if len(addresses) == 1 else _SEVERAL)
        before = self.counters
        for line, address in enumerate(addresses):
            text = theme.role(QLabel(address), "strong")
            text.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            copy = QPushButton(icons.icon("copy"), "Copiar")
            copy.setAccessibleName(f"Copiar {address}")
            copy.clicked.connect(partial(QGuiApplication.clipboard().setText, address))
            self._grid.addWidget(text, line, 0)
            self._grid.addWidget(copy, line, 1)
            self.setTabOrder(before, copy)  # a new one would be the last of the whole window
            before = copy

    def _say_change(self) -> None:
        said = ""
        if self._desk.needs_restart:
            new = counter_address.addresses(self._office.snapshot)
            said = "O serviço ainda atende pelos valores de antes: reinicie-o para valerem os que foram salvos."
            if new != self._addresses:
                said += f" Depois, informe o novo endereço em todos os balcões: {' ou '.join(new)}."
        self.change.setText(said)
        self.change.setVisible(bool(said))

    @Slot()
    def _open_counters(self) -> None:
        self._office.open_page.emit(pages.COUNTERS, None)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._count.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._count.stop()
