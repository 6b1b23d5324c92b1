"""What the ANP service does next on its own: whom to consult, or why it waits and until when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.data import customers
from app.data.database import Database
from app.domain import Authority, Origin, Phase, Request
from app.policies import ServiceAction
from app.settings.catalog import (
    ANP_ONLINE,
    ANP_SERVICE_ACTION,
    ANP_SERVICE_HOURS,
    ANP_SERVICE_INTERVAL,
    ANP_SERVICE_USER,
    ANP_VALIDITY,
)
from app.settings.snapshot import Snapshot
from services.anp.consultation import AnpConsultation
from services.automatic import LOOK_AGAIN, Automatic, Step


class AutomaticAnp(Automatic):
    """The automatic consultation of ANP: never consulted first, then the longest ago, one every so many seconds.

    A customer whose last result is still valid for automatic procedures is not consulted again.
    """

    def __init__(
        self,
        database: Database,
        consultation: AnpConsultation,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        owner: str = "",
    ) -> None:
        super().__init__(database, Authority.ANP, clock=clock, owner=owner)
        self._consultation = consultation
        self._asked_at: datetime | None = None

    def look_now(self) -> None:
        """Nothing to do: every step looks."""

    def asked(self, request: Request) -> None:
        """A consultation has just ended: the pause counts from now."""
        self._asked_at = self._clock()

    def _switched_off(self, snapshot: Snapshot, now: datetime) -> Step | None:
        if not snapshot[ANP_ONLINE]:
            return Step(Phase.STOPPED, "A consulta on-line à ANP está desligada nas configurações.", now + LOOK_AGAIN)
        return None

    def _next(self, snapshot: Snapshot, now: datetime) -> Step:
        hours, local = snapshot[ANP_SERVICE_HOURS], now.astimezone(ZoneInfo(self._zone(snapshot)))
        if not hours.contains(local):
            opens = hours.next_opening(local)
            return Step(Phase.IDLE, f"Fora do horário programado: volta em {opens:%d/%m às %H:%M}.", opens)
        if self._asked_at is not None:
            ready = self._asked_at + timedelta(seconds=snapshot[ANP_SERVICE_INTERVAL])
            if now < ready:
                return Step(Phase.IDLE, "No intervalo entre uma consulta e outra.", ready, somebody_waits=True)
        with self._database.reading() as connection:
            due = customers.next_due_anp(
                connection, answered_before=now - timedelta(hours=snapshot[ANP_VALIDITY]), now=now
            )
        if not due:
            return Step(Phase.IDLE, "Nenhum cliente a consultar na ANP agora.", now + LOOK_AGAIN)
        turn = self._consultation.next_turn(snapshot)
        if turn.at > self._clock():  # the turn was told by a later reading of the clock than `now`
            phase = Phase.ATTENTION if turn.at - now > LOOK_AGAIN else Phase.IDLE
            return Step(phase, turn.why, turn.at, somebody_waits=True)
        request = Request(
            due[0].document,
            due[0].uf,
            Origin.SERVICE,
            self._user_name(snapshot, ANP_SERVICE_USER),
            apply=snapshot[ANP_SERVICE_ACTION] is ServiceAction.CONSULT_AND_BLOCK,
            customer_id=due[0].id,
            authority=Authority.ANP,
        )
        return Step(Phase.WORKING, f"Consultando {due[0].name}.", now, request)
