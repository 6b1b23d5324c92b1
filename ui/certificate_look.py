"""How the age of a certificate is drawn, the same everywhere; the words are the certificate's own."""

from __future__ import annotations

from datetime import datetime

from app.domain import Certificate
from app.rules.certificate_age import Age, age
from ui.theme import Tone
from ui.words import Look

_LOOKS = {
    Age.GOOD: ("check", Tone.NEUTRAL),
    Age.ENDING: ("warning", Tone.WARN),
    Age.LAST_DAYS: ("error", Tone.BLOCK),
    Age.ENDED: ("error", Tone.BLOCK),
    Age.NOT_YET: ("error", Tone.BLOCK),
}


def look(certificate: Certificate, now: datetime) -> Look:
    """The word, icon and colour of its validity now."""
    found = age(certificate, now)
    icon, tone = _LOOKS[found]
    return Look(found.value, icon, tone)
