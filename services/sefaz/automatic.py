"""What the SEFAZ service does next on its own: whom to consult, or why it waits and until when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from app.data import customers
from app.data.customers import Subject
from app.data.database import Database
from app.domain import Authority, Certificate, Origin, Phase, Request
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
from app.uf import Missing
from services.automatic import LOOK_AGAIN, Automatic, Step
from services.sefaz.consultation import SefazConsultation
from services.sefaz.endpoints import Endpoint, EndpointStatus


class AutomaticSefaz(Automatic):
    """The automatic consultation of SEFAZ: whoever is in its period, batch after batch."""

    def __init__(
        self,
        database: Database,
        consultation: SefazConsultation,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        owner: str = "",
    ) -> None:
        super().__init__(database, Authority.SEFAZ, clock=clock, owner=owner)
        self._consultation = consultation
        self._look_at: datetime | None = None
        self._asked: tuple[str, datetime] | None = None

    def step(self, snapshot: Snapshot) -> Step:
        """What to do now. May raise NotAsked when what the service needs is not valid."""
        step = super().step(snapshot)
        if step.request is None:  # at most once a minute: other machines and the button may have met a refusal
            self._consultation.look_at_holds(snapshot)
        return step

    def look_now(self) -> None:
        """Look for due customers at the next step, without waiting for the batch time."""
        self._look_at = None

    def asked(self, request: Request) -> None:
        """A consultation in the request's UF has just ended: the pause counts from now."""
        self._asked = (request.uf, self._clock())

    def _certificate(self, snapshot: Snapshot) -> Certificate | None:
        return self._consultation.certificate(snapshot)

    def _switched_off(self, snapshot: Snapshot, now: datetime) -> Step | None:
        later = now + LOOK_AGAIN
        if not snapshot[SEFAZ_AUTOMATIC]:
            return Step(Phase.STOPPED, "A consulta automática está desligada nas configurações.", later)
        if snapshot[SEFAZ_BRANCH] is None:
            return Step(Phase.FAILED, "Falta escolher a Filial que consulta a SEFAZ.", later)
        return None

    def _incapable(self, snapshot: Snapshot, now: datetime) -> str | None:
        branch_id = snapshot[SEFAZ_BRANCH]
        if branch_id is None:
            return None
        with self._database.reading() as connection:
            return usable_here_error(connection, branch_id, now)

    def _next(self, snapshot: Snapshot, now: datetime) -> Step:
        if self._look_at is not None and now < self._look_at:
            return self._resting(self._look_at)
        if self._asked is not None:
            uf, asked_at = self._asked
            ready = asked_at + self._pause_after(uf, snapshot)
            if now < ready:
                return Step(Phase.IDLE, "No intervalo entre uma consulta e outra.", ready, somebody_waits=True)
        subject, turn = self._next_free(snapshot, now, self._zone(snapshot))
        if subject is not None:
            request = Request(
                subject.document,
                subject.uf,
                Origin.SERVICE,
                self._user_name(snapshot, SEFAZ_USER),
                apply=True,
                customer_id=subject.id,
            )
            return Step(Phase.WORKING, f"Consultando {subject.name}.", now, request)
        if turn is not None:
            phase = Phase.ATTENTION if turn.at - now > LOOK_AGAIN else Phase.IDLE
            return Step(phase, turn.why, turn.at, somebody_waits=True)
        self._look_at = now + timedelta(minutes=snapshot[SEFAZ_BATCH])
        return self._resting(self._look_at)

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
        gaps = self._consultation.gaps()
        unserved = {gap.uf for gap in gaps if gap.missing is Missing.SERVICE}
        no_cpf = {gap.uf for gap in gaps if gap.missing is Missing.CPF}
        ufs = {uf for uf, endpoint in endpoints.items() if endpoint.status is not EndpointStatus.NONE} - unserved
        cutoff = schedule.answered_before(now, snapshot[SEFAZ_PERIOD], zone)
        earliest: Turn | None = None
        while ufs:
            with self._database.reading() as connection:
                due = customers.next_due(connection, answered_before=cutoff, now=now, ufs=ufs, no_cpf=no_cpf)
            if not due:
                break
            turn = self._consultation.next_turn(due[0].uf, snapshot)
            if turn.at <= self._clock():  # the turn was told by a later reading of the clock than `now`
                return due[0], None
            if earliest is None or turn.at < earliest.at:
                earliest = turn
            ufs -= _same_authorizer(endpoints, due[0].uf)
        return None, earliest


def _same_authorizer(endpoints: Mapping[str, Endpoint], uf: str) -> set[str]:
    return {other for other, endpoint in endpoints.items() if endpoint.authorizer == endpoints[uf].authorizer}
