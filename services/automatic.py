"""What the service of an authority does next on its own: whom to consult, or why it waits. No thread, no Qt."""

from __future__ import annotations

import os
import platform
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from app.data import customers, lease, records
from app.data.database import Database
from app.data.zone import branch_zone
from app.domain import Authority, Certificate, FailureKind, Phase, Request
from app.rules import schedule
from app.settings.catalog import SEFAZ_BRANCH
from app.settings.setting import Setting
from app.settings.snapshot import Snapshot
from app.tables import USERS

LOOK_AGAIN = timedelta(seconds=60)
"""How often to look whatever a step says: the lease must be renewed, and another machine may change a setting."""

AS_SERVICE = "servico"
"""In an owner's name, that it is the service of Windows of its computer."""

_UNNAMED_USER = "Serviço de consulta"


@dataclass(frozen=True)
class Step:
    """Consult `request` now, or wait until `at`; `sentence` says why.

    `somebody_waits`: a customer may be due and only its turn is missing; within a minute when the phase is IDLE, or
    after the pause of the settings. `certificate` is the one in use (None when none is).
    """

    phase: Phase
    sentence: str
    at: datetime
    request: Request | None = None
    somebody_waits: bool = False
    certificate: Certificate | None = None


def owner_name(*, as_service: bool) -> str:
    """This program, as who holds what only one may have."""
    return f"{platform.node()}/{AS_SERVICE}/{os.getpid()}" if as_service else f"{platform.node()}/{os.getpid()}"


class Automatic(ABC):
    """The automatic consultation of one authority, by the settings, the history and the clock alone.

    Only the owner of the authority's lease works; the others say on which machine the service is.
    """

    def __init__(
        self,
        database: Database,
        authority: Authority,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        owner: str = "",
    ) -> None:
        self._database = database
        self._authority = authority
        self._clock = clock
        self._owner = owner or owner_name(as_service=False)

    def step(self, snapshot: Snapshot) -> Step:
        """What to do now. May raise NotAsked when what the service needs is not valid."""
        now = self._clock()
        step = self._switched_off(snapshot, now) or self._with_lease(snapshot, now)
        return replace(step, certificate=self._certificate(snapshot))

    def is_off(self, snapshot: Snapshot) -> bool:
        """Whether the settings do not let the service work, so that a pause would promise what will not come."""
        return self._switched_off(snapshot, self._clock()) is not None

    def release(self) -> None:
        """Let another machine take the service over at once."""
        with self._database.writing() as connection:
            lease.release(connection, self._authority.value, self._owner, self._clock())

    def set_aside(self, request: Request) -> None:
        """Leave the customer with whom the program failed for another day, so that the others have their turn."""
        assert request.customer_id is not None
        until = schedule.retry_at(FailureKind.INTERNAL, self._clock())
        assert until is not None
        with self._database.writing() as connection:
            customers.set_aside(connection, self._authority, request.customer_id, until)

    @abstractmethod
    def look_now(self) -> None:
        """Look for whom to consult at the next step, whatever the last one said."""

    @abstractmethod
    def asked(self, request: Request) -> None:
        """A consultation has just ended: the pause counts from now."""

    @abstractmethod
    def _switched_off(self, snapshot: Snapshot, now: datetime) -> Step | None:
        """Why the settings do not let the service work; None when they do."""

    def _incapable(self, snapshot: Snapshot, now: datetime) -> str | None:
        """Why this machine could not consult if it were its turn, so that it leaves the lease to another."""
        return None

    @abstractmethod
    def _next(self, snapshot: Snapshot, now: datetime) -> Step:
        """The step of the machine whose turn it is to run the service."""

    def _certificate(self, snapshot: Snapshot) -> Certificate | None:
        """The certificate in use; None for an authority that asks for none."""
        return None

    def _zone(self, snapshot: Snapshot) -> str:
        with self._database.reading() as connection:
            return branch_zone(connection, snapshot[SEFAZ_BRANCH])

    def _user_name(self, snapshot: Snapshot, setting: Setting[int | None]) -> str:
        user_id = snapshot[setting]
        if user_id is None:
            return _UNNAMED_USER
        with self._database.reading() as connection:
            user = records.find(connection, USERS, user_id)
        return str(user.values["nome"]) if user else _UNNAMED_USER

    def _with_lease(self, snapshot: Snapshot, now: datetime) -> Step:
        later = now + LOOK_AGAIN
        with self._database.reading() as connection:
            other = lease.held_by_another(connection, self._authority.value, self._owner, now)
        if other is not None:
            return Step(Phase.ELSEWHERE, elsewhere(other), later)
        incapable = self._incapable(snapshot, now)
        if incapable is not None:
            return Step(Phase.FAILED, incapable, later)
        with self._database.writing() as connection:
            if not lease.take(connection, self._authority.value, self._owner, now):
                return Step(Phase.ELSEWHERE, "Serviço ativo em outro computador.", later)
        return self._next(snapshot, now)


def elsewhere(other: lease.Holder) -> str:
    """Who has a service that this program does not run now, in a sentence."""
    machine, *what = other.owner.split("/")
    if machine != platform.node():
        return f"Serviço ativo em {machine}."
    if AS_SERVICE in what:
        return "Serviço ativo neste computador, como serviço do Windows."
    minutes = round(lease.DURATION.total_seconds() / 60)
    return (
        "Outro Retaguarda neste computador está com o serviço; se ele foi encerrado à força, este o assume em até "
        f"{minutes} minutos."
    )
