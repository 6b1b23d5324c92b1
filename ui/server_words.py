"""How the state of the counters' service is said and drawn: on its tab, in the status bar and in the tray."""

from __future__ import annotations

from app.domain import Phase
from services.integration.server import ServerPhase
from ui.service_words import PHASE_ICONS
from ui.theme import Tone

PHASES = {
    ServerPhase.STOPPED: Phase.STOPPED,
    ServerPhase.STARTING: Phase.WORKING,
    ServerPhase.RUNNING: Phase.IDLE,
    ServerPhase.FAILED: Phase.FAILED,
}
"""What each phase would be for a service that consults: it is drawn in the same way."""

SERVER_ICONS = {phase: PHASE_ICONS[alike] for phase, alike in PHASES.items()}
"""The picture of each phase."""

SERVER_TONES = {
    ServerPhase.STOPPED: Tone.NEUTRAL,
    ServerPhase.STARTING: Tone.INFO,
    ServerPhase.RUNNING: Tone.OK,
    ServerPhase.FAILED: Tone.FAIL,
}
"""The colour of the word of each phase."""
