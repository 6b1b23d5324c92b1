"""What ANP's own published list, kept here as a mirror, says about one reseller when ANP does not answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain import AnpOutcome, AnpRegistration
from app.portuguese import day


@dataclass(frozen=True)
class Listed:
    """A reseller that is, or was, in the list. `vanished_at` is the moment of the first list without it, `last_seen_at`
    that of the last list with it; `confirmed` tells whether a second list lacks it too."""

    registration: AnpRegistration
    vanished_at: datetime | None = None
    last_seen_at: datetime | None = None
    confirmed: bool = False


@dataclass(frozen=True)
class MirrorJudgement:
    """The outcome by the list and why; see AnpFinding for the rest."""

    outcome: AnpOutcome
    reason: str
    registration: AnpRegistration | None
    listed_at: datetime
    listed_until: datetime | None = None
    confirmed: bool = True


def too_old(published_at: datetime, max_age_days: int, now: datetime) -> bool:
    """Whether a list that ANP last confirmed at `published_at` may no longer stand for an answer. 0 days: never may."""
    return max_age_days == 0 or now - published_at > timedelta(days=max_age_days)


def judge_by_list(listed: Listed | None, listed_at: datetime) -> MirrorJudgement:
    """What the list of `listed_at` says.

    The list has only authorised resellers, so to be there is "Cadastro atualizado". To be absent is "Não localizado":
    the list does not say why somebody left it, and nothing is made up (a revocation, for one).
    """
    listed_on = day(listed_at)
    if listed is not None and listed.vanished_at is None:
        registration = listed.registration
        if not registration.authorization:
            why = f"Consta da lista da ANP de {listed_on} sem número de autorização."
            return MirrorJudgement(AnpOutcome.UNRECOGNISED, why, registration, listed_at)
        why = f"Consta da lista da ANP de {listed_on}, com a autorização {registration.authorization}."
        return MirrorJudgement(AnpOutcome.UPDATED, why, registration, listed_at)
    why = f"Não consta da lista da ANP de {listed_on}{until(listed)}."
    return MirrorJudgement(
        AnpOutcome.NOT_FOUND,
        why,
        None,
        listed_at,
        listed.last_seen_at if listed else None,
        listed is None or listed.confirmed,
    )


def until(listed: Listed | None) -> str:
    """The words "; constava até dd/mm/aaaa" for a reseller that left the list, "" for any other."""
    if listed is None or listed.last_seen_at is None:
        return ""
    return f"; constava até {day(listed.last_seen_at)}"
