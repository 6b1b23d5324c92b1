"""What the service does next on its own: whom to consult, or why it waits and until when. No thread, no Qt."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.data import customers, lease, records
from app.data.customers import Subject
from app.data.database import Database
from app.domain import Authority, Origin, Phase, Request
from app.rules import schedule
from app.rules.pacing import Turn
from app.settings.catalog import (
    SEFAZ_AUTOMATIC,
    SEFAZ_BATCH,
    SEFAZ_BRANCH,
    SEFAZ_INTERVAL,
    SEFAZ_PERIOD,
    SEFAZ_USER,
)
from app.settings.checks import usable_here_error
from app.settings.snapshot import Snapshot
from app.tables import BRANCHES, USERS
from services.consultation import Consultation
from services.sefaz.endpoints import Endpoint, EndpointStatus

LOOK_AGAIN = timedelta(seconds=60)
"""How often to look whatever a step says: the lease must be renewed, and another machine may change a setting."""

_UNNAMED_USER = "Serviço de consulta"


@dataclass(frozen=True)
class Step:
    """Consult `request` now, or wait until `at`; `sentence` says why.

    `somebody_waits`: a customer may be due and only its turn is missing; within a minute when the phase is IDLE, or
    after the pause of the settings.
    """

    phase: Phase
    sentence: str
    at: datetime
    request: Request | None = None
    somebody_waits: bool = False


class AutomaticSefaz:
    """The automatic consultation of SEFAZ, by the settings, the history and the clock alone.

    Only the owner of the lease works; the others say on which machine the service is.
    """

    def __init__(
        self,
        database: Database,
        consultation: Consultation,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        owner: str = "",
    ) -> None:
        self._database = database
        self._consultation = consultation
        self._clock = clock
        self._owner = owner or f"{platform.node()}/{os.getpid()}"
        self._look_at: datetime | None = None
        self._asked: tuple[str, datetime] | None = None

    def look_now(self) -> None:
        """Look for due customers at the next step, without waiting for the batch time."""
        self._look_at = None

    def asked(self, uf: str) -> None:
        """A consultation in that UF has just ended: the pause counts from now."""
        self._asked = (uf, self._clock())

    def step(self, snapshot: Snapshot) -> Step:
        """What to do now. May raise NotAsked when the addresses are not valid."""
        now = self._clock()
        later = now + LOOK_AGAIN
        if not snapshot[SEFAZ_AUTOMATIC]:
            return Step(Phase.STOPPED, "A consulta automática está desligada nas configurações.", later)
        branch_id = snapshot[SEFAZ_BRANCH]
        if branch_id is None:
            return Step(Phase.FAILED, "Falta escolher a Filial que consulta a SEFAZ.", later)
        with self._database.reading() as connection:
            other = lease.held_by_another(connection, Authority.SEFAZ.value, self._owner, now)
            error = usable_here_error(connection, branch_id, now)
        if other is not None:
            return Step(Phase.ELSEWHERE, f"Serviço ativo em {other.owner.split('/')[0]}.", later)
        if error is not None:
            return Step(Phase.FAILED, error, later)
        with self._database.writing() as connection:
            if not lease.take(connection, Authority.SEFAZ.value, self._owner, now):
                return Step(Phase.ELSEWHERE, "Serviço ativo em outro computador.", later)
        with self._database.reading() as connection:
            branch = records.get(connection, BRANCHES, branch_id).values
            zone = str(branch["fuso"])
            user_id = snapshot[SEFAZ_USER]
            user = records.find(connection, USERS, user_id) if user_id is not None else None
        if self._look_at is not None and now < self._look_at:
            return self._resting(self._look_at)
        if self._asked is not None:
            uf, asked_at = self._asked
            ready = asked_at + self._pause_after(uf, snapshot)
            if now < ready:
                return Step(Phase.IDLE, "No intervalo entre uma consulta e outra.", ready, somebody_waits=True)
        subject, turn = self._next_free(snapshot, now, zone)
        if subject is not None:
            return Step(
                Phase.WORKING,
                f"Consultando {subject.name}.",
                now,
                Request(
                    subject.document,
                    subject.uf,
                    Origin.SERVICE,
                    str(user.values["nome"]) if user else _UNNAMED_USER,
                    apply=True,
                    customer_id=subject.id,
                ),
            )
        if turn is not None:
            phase = Phase.ATTENTION if turn.at - now > LOOK_AGAIN else Phase.IDLE
            return Step(phase, turn.why, turn.at, somebody_waits=True)
        self._look_at = now + timedelta(minutes=snapshot[SEFAZ_BATCH])
        return self._resting(self._look_at)

    def release(self) -> None:
        """Let another machine take the service over at once."""
        with self._database.writing() as connection:
            lease.release(connection, Authority.SEFAZ.value, self._owner, self._clock())

    def _pause_after(self, uf: str, snapshot: Snapshot) -> timedelta:
        # The longer of the setting and the authorizer's limit.
        endpoint = self._consultation.endpoints().get(uf)
        return timedelta(seconds=max(snapshot[SEFAZ_INTERVAL], endpoint.interval_s if endpoint else 0.0))

    def _resting(self, until: datetime) -> Step:
        return Step(
            Phase.IDLE,
            f"Nenhum cliente no prazo. Próxima verificação às {until.astimezone():%H:%M}.",
            until,
        )

    def _next_free(self, snapshot: Snapshot, now: datetime, zone: str) -> tuple[Subject | None, Turn | None]:
        """The next due customer whose authorizer may be asked now, else the earliest turn of those that wait."""
        endpoints = self._consultation.endpoints()
        ufs = {uf for uf, endpoint in endpoints.items() if endpoint.status is not EndpointStatus.NONE}
        cutoff = schedule.answered_before(now, snapshot[SEFAZ_PERIOD], zone)
        earliest: Turn | None = None
        while ufs:
            with self._database.reading() as connection:
                due = customers.next_due(connection, answered_before=cutoff, now=now, ufs=ufs)
            if not due:
                break
            turn = self._consultation.next_turn(due[0].uf, automatic=True)
            if turn.at <= self._clock():  # the turn was told by a later reading of the clock than `now`
                return due[0], None
            if earliest is None or turn.at < earliest.at:
                earliest = turn
            ufs -= _same_authorizer(endpoints, due[0].uf)
        return None, earliest


def _same_authorizer(endpoints: Mapping[str, Endpoint], uf: str) -> set[str]:
    return {other for other, endpoint in endpoints.items() if endpoint.authorizer == endpoints[uf].authorizer}
