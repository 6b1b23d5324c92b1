"""How the service's state is said and drawn: in the status bar, on Início and in the tray."""

from __future__ import annotations

from collections.abc import Iterable

from app.domain import Authority, Phase, ServiceState
from ui import pages, words
from ui.theme import Tone

PHASE_ICONS = {
    Phase.STOPPED: "tray-stopped",
    Phase.IDLE: "tray-active",
    Phase.WORKING: "tray-working",
    Phase.PAUSED: "tray-paused",
    Phase.ATTENTION: "tray-attention",
    Phase.FAILED: "tray-failure",
    Phase.ELSEWHERE: "tray-stopped",
}
"""The picture of each phase: its shape and its colour differ."""

PHASE_TONES = {
    Phase.STOPPED: Tone.NEUTRAL,
    Phase.IDLE: Tone.OK,
    Phase.WORKING: Tone.INFO,
    Phase.PAUSED: Tone.WARN,
    Phase.ATTENTION: Tone.WARN,
    Phase.FAILED: Tone.FAIL,
    Phase.ELSEWHERE: Tone.NEUTRAL,
}

NAMES = {
    Authority.SEFAZ: "Serviço de consulta à SEFAZ",
    Authority.ANP: "Serviço de consulta à ANP",
    Authority.CREDIT: "Serviço de análises de crédito",
}
"""Each service, as it is named to whoever does not see it."""

PAGES = {
    Authority.SEFAZ: pages.CONSULTATIONS,
    Authority.ANP: pages.CONSULTATIONS,
    Authority.CREDIT: pages.CREDIT_ANALYSES,
}
"""Where each service is seen from near."""

_MOST_SERIOUS_FIRST = (
    Phase.FAILED,
    Phase.ATTENTION,
    Phase.PAUSED,
    Phase.WORKING,
    Phase.IDLE,
    Phase.ELSEWHERE,
    Phase.STOPPED,
)


def most_serious(phases: Iterable[Phase]) -> Phase:
    """The phase that one picture for several services shows: what needs a person, then what works."""
    return min(phases, key=_MOST_SERIOUS_FIRST.index, default=Phase.STOPPED)


def is_of_use(state: ServiceState) -> bool:
    """Whether a service is worth room where there is little: that of credit analyses is not where nobody asks any."""
    return state.authority is not Authority.CREDIT or state.phase is not Phase.STOPPED


def moments(state: ServiceState) -> str:
    """ "ativo, última 15:38, próxima 15:43"."""
    parts = [state.phase.label.lower()]
    if state.last_at is not None:
        parts.append(f"última {words.clock(state.last_at)}")
    if state.phase is Phase.PAUSED and state.paused_until is not None:
        parts.append(f"volta {words.clock(state.paused_until)}")
    elif state.next_at is not None and state.phase in (Phase.IDLE, Phase.ATTENTION):
        parts.append(f"próxima {words.clock(state.next_at)}")
    if state.waiting > 1:
        parts.append(f"{state.waiting} na fila")
    return ", ".join(parts)
