"""Whether a counter is at work now, by when the integration service last heard it."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

ONLINE_FOR = timedelta(minutes=2)
"""How long after it was last heard a counter still counts as online. The service writes that down every 15 seconds."""


class Presence(Enum):
    """How a counter is; the label is for a person."""

    ONLINE = "online"
    AWAY = "ausente"
    NEVER = "nunca_entrou"
    REVOKED = "revogado"

    @property
    def label(self) -> str:
        """In one or two words."""
        return {
            Presence.ONLINE: "Online",
            Presence.AWAY: "Ausente",
            Presence.NEVER: "Nunca entrou",
            Presence.REVOKED: "Revogado",
        }[self]


class Known(Protocol):
    """What is known of a counter."""

    @property
    def revoked_at(self) -> datetime | None:
        """Since when its token is worth nothing."""

    @property
    def last_seen_at(self) -> datetime | None:
        """When it was last heard."""

    @property
    def created_at(self) -> datetime:
        """When it was given the token that it has now."""


def presence(counter: Known, now: datetime) -> Presence:
    """How the counter is. One that was let in again has not entered with its new token until it is heard with it."""
    if counter.revoked_at is not None:
        return Presence.REVOKED
    if counter.last_seen_at is None or counter.last_seen_at < counter.created_at:
        return Presence.NEVER
    return Presence.ONLINE if now - counter.last_seen_at <= ONLINE_FOR else Presence.AWAY
