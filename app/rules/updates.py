"""Which published version is news, which manifest is to be believed, and when to look again. Pure; the clock is given.

A signature says who wrote a manifest, not when it was served: whoever stands in the way can hold back a newer one, or
send again an older one whose version has a known fault. What was accepted once is therefore never followed by anything
older, and a manifest that has not changed for long is told with its age.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from app.policies import UpdateFrequency
from app.update_manifest import Manifest, version_numbers

AHEAD = timedelta(days=1)
"""By how much a manifest may seem to be of the future: zones and clocks that are a little wrong."""

OLD_DAYS = 180
"""From this age on the operator is told that the address may have stopped being cared for."""

_EVERY = {UpdateFrequency.DAILY: timedelta(days=1), UpdateFrequency.WEEKLY: timedelta(days=7)}


class ManifestRefusal(Enum):
    """Why a manifest that is well signed is not believed."""

    FUTURE = "futuro"
    REPLAYED = "repetido"
    CHANGED = "trocado"


def is_newer(offered: str, installed: str) -> bool:
    """Whether one version comes after the other, number by number: 0.10 after 0.9, 1.0 the same as 1.0.0."""
    return version_numbers(offered) > version_numbers(installed)


def refusal(found: Manifest, known: Manifest | None, now: datetime) -> ManifestRefusal | None:
    """Why `found` is not believed by who has accepted `known` (None: nothing yet), or None when it is.

    A lower version published later is believed: whoever distributes may take back a bad one.
    """
    if found.published_at > now + AHEAD:
        return ManifestRefusal.FUTURE
    if known is None or found == known:
        return None
    if found.published_at < known.published_at:
        return ManifestRefusal.REPLAYED
    return ManifestRefusal.CHANGED if found.published_at == known.published_at else None


def is_old(published_at: datetime, now: datetime) -> bool:
    """Whether nothing was published for so long that it should be told."""
    return now - published_at >= timedelta(days=OLD_DAYS)


def is_due(frequency: UpdateFrequency, looked_at: datetime | None, now: datetime) -> bool:
    """Whether it is time to look by itself; `looked_at` is when that last worked. A moment yet to come was written by
    a clock that was wrong, and counts as none."""
    every = _EVERY.get(frequency)
    if every is None:
        return False
    return looked_at is None or looked_at > now or now - looked_at >= every
