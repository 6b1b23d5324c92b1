"""How the outcome of a step is shown: never by colour alone."""

from __future__ import annotations

from services.check_list import Outcome
from ui.theme import Tone
from ui.words import Look

LOOKS = {
    Outcome.OK: Look(Outcome.OK.label, "check", Tone.OK),
    Outcome.WARNING: Look(Outcome.WARNING.label, "warning", Tone.WARN),
    Outcome.FAILED: Look(Outcome.FAILED.label, "error", Tone.FAIL),
    Outcome.NOT_DONE: Look(Outcome.NOT_DONE.label, "deactivate", Tone.NEUTRAL),
}
UNDER_WAY = Look("Em andamento", "clock", Tone.INFO)
