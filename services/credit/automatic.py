"""What the service of credit analyses does next on its own: which one of the queue it makes, or why it waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from app.data import credit_analyses, credit_managers
from app.data.credit_analyses import QueueGroup
from app.data.database import Database
from app.domain import Authority, Phase, Request
from app.portuguese import counted, exact
from app.rules import schedule
from app.secrets import SecretsUnavailable
from app.settings.catalog import CREDIT_ALLOWED, CREDIT_ENVIRONMENT, CREDIT_INTERVAL, CREDIT_KEEP
from app.settings.snapshot import Snapshot
from services.automatic import LOOK_AGAIN, Automatic, Step
from services.credit import credentials
from services.credit.consultation import CreditConsultation


class AutomaticCredit(Automatic):
    """The queue of analyses: at each round all of it, one after the other; what is urgent does not wait for the round.

    A computer that has the credentials of none of those that wait leaves the queue to another. Every computer erases
    the providers' own answers once they were kept as long as the settings say, also where nothing is consulted.
    """

    def __init__(
        self,
        database: Database,
        consultation: CreditConsultation,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        owner: str = "",
    ) -> None:
        super().__init__(database, Authority.CREDIT, clock=clock, owner=owner)
        self._consultation = consultation
        self._look_at: datetime | None = None
        self._groups: list[QueueGroup] = []
        self._without_credentials: list[QueueGroup] = []
        self._erased_before: datetime | None = None

    def step(self, snapshot: Snapshot) -> Step:
        """What to do now. May raise NotAsked when what the service needs is not valid."""
        self._consultation.keep_what_is_left()
        self._erase_old(snapshot)
        return super().step(snapshot)

    def set_aside(self, request: Request) -> None:
        """The analysis with which the program failed has failed."""
        assert request.analysis_id is not None
        self._consultation.abandon(request.analysis_id)

    def look_now(self) -> None:
        """Begin a round at the next step, without waiting for its time."""
        self._look_at = None

    def asked(self, request: Request) -> None:
        """Nothing to do: the next of the queue follows at once."""

    def _switched_off(self, snapshot: Snapshot, now: datetime) -> Step | None:
        of_companies = snapshot.everywhere(CREDIT_ALLOWED)
        if not snapshot[CREDIT_ALLOWED] and not any(of_companies):
            return Step(Phase.STOPPED, "A análise de crédito está desligada nas configurações.", now + LOOK_AGAIN)
        return None

    def _incapable(self, snapshot: Snapshot, now: datetime) -> str | None:
        with self._database.reading() as connection:
            allowed = [
                group
                for group in credit_analyses.groups(connection, now)
                if snapshot.for_company(group.company_id)[CREDIT_ALLOWED]
            ]
        self._groups = allowed
        free = [group for group in allowed if not group.held]
        try:
            self._without_credentials = [group for group in free if not self._has_credentials(group)]
        except SecretsUnavailable as error:
            return f"{error} Sem o cofre de senhas as gerenciadoras não são consultadas deste computador."
        if free and len(self._without_credentials) == len(free):
            return _no_credentials(free)
        return None

    def _next(self, snapshot: Snapshot, now: datetime) -> Step:
        usable = [group for group in self._groups if not group.held and group not in self._without_credentials]
        interval = timedelta(minutes=snapshot[CREDIT_INTERVAL])
        # One that is further away than any round was set by a clock that has been put back since, or by other settings.
        begins = self._look_at is None or not now < self._look_at <= now + interval
        with self._database.writing() as connection:
            credit_analyses.tidy(connection, now)
            due = credit_analyses.next_due(connection, now, usable, only_urgent=not begins) if usable else None
        if due is not None:
            request = Request(
                due.document,
                "",
                due.origin,
                due.user,
                apply=True,
                customer_id=due.customer_id,
                authority=Authority.CREDIT,
                analysis_id=due.id,
            )
            return Step(Phase.WORKING, f"Consultando {due.customer or due.document}.", now, request)
        if begins:
            self._look_at = now + interval
        assert self._look_at is not None
        return self._resting(self._look_at)

    def _resting(self, until: datetime) -> Step:
        held = [group for group in self._groups if group.held]
        if held:
            return Step(Phase.ATTENTION, _held(held[0]), until)
        if self._without_credentials:
            return Step(Phase.ATTENTION, _no_credentials(self._without_credentials), until)
        waiting = sum(group.waiting for group in self._groups)
        said = f"{counted(waiting, 'análise', 'análises')} na fila." if waiting else "Nenhuma análise na fila."
        return Step(Phase.IDLE, f"{said} Próxima verificação às {until.astimezone():%H:%M}.", until)

    def _has_credentials(self, group: QueueGroup) -> bool:
        with self._database.reading() as connection:
            manager = credit_managers.get(connection, group.manager_id)
        return manager is not None and credentials.read(manager, group.environment) is not None

    def _erase_old(self, snapshot: Snapshot) -> None:
        before = schedule.answered_before(self._clock(), snapshot[CREDIT_KEEP], self._zone(snapshot))
        if self._erased_before != before:
            with self._database.writing() as connection:
                credit_analyses.erase_raw(connection, before)
            self._erased_before = before


def _held(group: QueueGroup) -> str:
    waiting = counted(group.waiting, "análise espera", "análises esperam")
    where = f"{group.manager} em {CREDIT_ENVIRONMENT.kind.show(group.environment)}"
    if group.held_until is None:
        return f"{waiting}: {where} não é consultada até que se corrija o que houve. {group.held_why}"
    return f"{waiting}: {where} não é consultada até {exact(group.held_until)}. {group.held_why}"


def _no_credentials(groups: list[QueueGroup]) -> str:
    waiting = counted(sum(group.waiting for group in groups), "análise espera", "análises esperam")
    whose = sorted({f"{group.manager} ({CREDIT_ENVIRONMENT.kind.show(group.environment)})" for group in groups})
    return (
        f"{waiting}: este computador não tem as credenciais de {', '.join(whose)}. Informe-as na tabela Gerenciadoras "
        "de Análise de Crédito, ou deixe o serviço ligado num computador que as tenha."
    )
