"""What one consultation service is doing now, why, and the buttons that pause it, resume it or make it look now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QTimer, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from app.domain import Authority, Phase, ServiceState
from ui import icons, theme, words
from ui.service_words import NAMES, PHASE_ICONS, PHASE_TONES
from ui.theme import Tone

if TYPE_CHECKING:
    from app.settings.snapshot import Snapshot
    from ui.office import Office

_OF_DUE = "Procura já os clientes no prazo e consulta, sem esperar o próximo horário"
_LOOKS = {
    Authority.SEFAZ: _OF_DUE,
    Authority.ANP: _OF_DUE,
    Authority.CREDIT: "Faz já as análises que estão na fila, sem esperar a próxima verificação",
}
_OF_AUTOMATIC = "Pausa a consulta automática; consultas pedidas por alguém continuam"
_PAUSES = {
    Authority.SEFAZ: _OF_AUTOMATIC,
    Authority.ANP: _OF_AUTOMATIC,
    Authority.CREDIT: "Pausa as consultas às gerenciadoras; as análises pedidas continuam na fila",
}
_REFRESH_MS = 100
_NAME_WIDTH = 52


class ServiceCard(QFrame):
    """Follows the service of one authority by its signals; many in a moment are shown once."""

    def __init__(self, office: Office, authority: Authority, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._office = office
        self._service = service = office.service_of(authority)
        theme.card(self)
        self._icon = QLabel()
        name = theme.role(QLabel(authority.label), "subtitle")
        name.setMinimumWidth(_NAME_WIDTH)
        self._phase = theme.role(QLabel(), "strong")
        self._sentence = QLabel()
        self._sentence.setWordWrap(True)
        self._warning = QLabel()
        self._warning.setWordWrap(True)
        theme.tone(self._warning, Tone.WARN)
        self._facts = theme.role(QLabel(), "hint")
        self._facts.setWordWrap(True)
        self._pause = QPushButton(icons.icon("pause"), "Pausar")
        self._pause.setToolTip(_PAUSES[authority])
        self._pause.clicked.connect(self._open_menu)
        self._menu = QMenu(self)
        self._menu.addAction("Por 1 hora").triggered.connect(self._pause_hour)
        self._menu.addAction("Até amanhã").triggered.connect(self._pause_until_tomorrow)
        self._resume = QPushButton(icons.icon("play"), "Retomar")
        self._resume.clicked.connect(self._go_on)
        self._look = QPushButton(icons.icon("refresh"), "Consultar agora")
        self._look.setToolTip(_LOOKS[authority])
        self._look.clicked.connect(self._look_now)
        self._diagnose = QPushButton(icons.icon("diagnosis"), "Diagnosticar")
        self._diagnose.setToolTip("Verifica, passo a passo, por que a SEFAZ não responde")
        self._diagnose.clicked.connect(self._open_diagnosis)

        title = QHBoxLayout()
        title.setSpacing(theme.S)
        title.addWidget(name)
        title.addWidget(self._phase)
        title.addWidget(self._sentence, 1)
        texts = QVBoxLayout()
        texts.setSpacing(theme.XS)
        texts.addLayout(title)
        texts.addWidget(self._warning)
        texts.addWidget(self._facts)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.L, theme.S, theme.L, theme.S)
        row.setSpacing(theme.M)
        row.addWidget(self._icon)
        row.addLayout(texts, 1)
        for button in (self._diagnose, self._look, self._pause, self._resume):
            row.addWidget(button)

        self._refresh = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        self._refresh.timeout.connect(self.show_state)
        service.state_changed.connect(self._changed)
        office.snapshot_changed.connect(self.show_state)
        self.show_state()

    @Slot()
    def show_state(self) -> None:
        """Show the service as it is now."""
        state = self._service.state
        tone = PHASE_TONES[state.phase]
        self._icon.setPixmap(icons.solid(PHASE_ICONS[state.phase]).pixmap(24))
        self._phase.setText(state.phase.label)
        theme.tone(self._phase, tone)
        self._sentence.setText("" if state.sentence in state.warning else state.sentence)
        self._warning.setText("\n".join(state.warnings))
        self._warning.setVisible(bool(state.warning))
        facts = " · ".join([*_facts(state), *_timetable(state.authority, self._office.snapshot)])
        self._facts.setText(facts)
        self._facts.setVisible(bool(facts))
        paused = state.paused_until is not None and state.paused_until > datetime.now(UTC)
        runs = state.phase in (Phase.IDLE, Phase.WORKING, Phase.ATTENTION, Phase.FAILED)
        self._pause.setVisible(not paused)
        self._pause.setEnabled(runs)
        self._resume.setVisible(paused)
        self._look.setEnabled(runs and not paused)
        in_trouble = state.phase in (Phase.ATTENTION, Phase.FAILED)
        self._diagnose.setVisible(state.authority is Authority.SEFAZ and in_trouble)
        self.setAccessibleName(f"{NAMES[state.authority]}: {state.phase.label}. {state.why} {facts}")

    @Slot(object)
    def _changed(self, _state: ServiceState) -> None:
        if not self._refresh.isActive():
            self._refresh.start()

    @Slot()
    def _open_menu(self) -> None:
        self._menu.popup(self._pause.mapToGlobal(QPoint(0, self._pause.height())))

    @Slot()
    def _pause_hour(self) -> None:
        self._service.pause(datetime.now(UTC) + timedelta(hours=1))

    @Slot()
    def _pause_until_tomorrow(self) -> None:
        today = datetime.now(UTC).astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        self._service.pause(today + timedelta(days=1))

    @Slot()
    def _go_on(self) -> None:
        self._service.pause(None)

    @Slot()
    def _open_diagnosis(self) -> None:
        self._office.diagnose("")

    @Slot()
    def _look_now(self) -> None:
        self._service.wake()


def _facts(state: ServiceState) -> list[str]:
    facts = []
    if state.current is not None:
        where = f" em {state.current.uf}" if state.authority is Authority.SEFAZ else ""
        facts.append(f"agora: {state.current.document}{where}")
    if state.waiting:
        facts.append(f"{words.counted(state.waiting, 'pedido', 'pedidos')} na fila")
    if state.last_at is not None:
        facts.append(f"última consulta às {words.clock(state.last_at)}")
    if state.next_at is not None and state.phase not in (Phase.STOPPED, Phase.PAUSED):
        facts.append(f"próxima às {words.clock(state.next_at)}")
    if state.certificate is not None:
        facts.append(f"certificado {state.certificate.brief_validity(datetime.now(UTC))}")
    return facts


def _timetable(authority: Authority, snapshot: Snapshot) -> list[str]:
    """When a service works, and how fast, as far as its settings are about that alone."""
    from app.settings.catalog import ANP_SERVICE_HOURS, ANP_SERVICE_INTERVAL, CREDIT_INTERVAL
    from app.working_hours import ALWAYS

    if authority is Authority.CREDIT:
        every = words.counted(snapshot[CREDIT_INTERVAL], "minuto", "minutos")
        return [f"verifica a fila a cada {every}, e as urgentes na hora"]
    if authority is Authority.SEFAZ:
        return []

    hours, seconds = snapshot[ANP_SERVICE_HOURS], snapshot[ANP_SERVICE_INTERVAL]
    pace = f"uma a cada {seconds} s" if seconds else "sem intervalo entre elas"
    return ["a qualquer hora" if hours == ALWAYS else f"horário: {ANP_SERVICE_HOURS.kind.show(hours)}", pace]
