"""An open program that asks a gerenciadora which says what the test tells it to, and keeps whom it was asked about."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.credit_analysis import AnalysisState, CreditReport
from app.data import credit_analyses, credit_managers, credit_pauses, records
from app.data.credit_analyses import AnalysisQuery, AnalysisRow, FullAnalysis
from app.data.credit_managers import Manager
from app.data.credit_pauses import Pause
from app.domain import Document, Failure, FailureKind, Origin, Result
from app.folders import Folders
from app.policies import Environment
from app.settings.catalog import CREDIT_ALLOWED, CREDIT_ENVIRONMENT, CREDIT_MANAGER, CREDIT_MIN_SCORE
from app.settings.snapshot import Snapshot
from app.tables import CREDIT_MANAGERS, Provider
from services.credit import credentials
from services.credit.automatic import AutomaticCredit
from services.credit.consultation import CreditConsultation
from services.credit.credentials import Credentials
from services.credit.provider import AnalysisFailed, Contract, ProviderAnswer
from services.credit.request import Wanted, ask_for
from tests.services.conftest import ACTOR, Place

RAW = b'{"score": 700}'
GOOD = CreditReport("", score=700, negatives=())
BAD = CreditReport("", score=120, negatives=())

Said = CreditReport | AnalysisFailed | Exception


def failed(kind: FailureKind, **more: Any) -> AnalysisFailed:
    """A failure of that kind, in words that say which."""
    return AnalysisFailed(Failure(kind, f"Falhou: {kind.value}.", "Por causa disto.", "Faça aquilo."), **more)


@dataclass
class ScriptedProvider:
    """Says `said`, or what is told for one document; with `hangs` it says nothing until it is cancelled."""

    said: Said = GOOD
    about: dict[Document, Said] = field(default_factory=dict)
    hangs: bool = False
    interrupted: FailureKind = FailureKind.UNCERTAIN
    asked: list[Document] = field(default_factory=list)
    contracts: list[Contract] = field(default_factory=list)
    during: Callable[[], object] = lambda: None
    closed: int = 0
    _asking: threading.Event = field(default_factory=threading.Event)
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def ask(
        self, document: Document, contract: Contract, *, given_up: Callable[[], bool] = lambda: False
    ) -> ProviderAnswer:
        self.asked.append(document)
        self.contracts.append(contract)
        self._cancelled.clear()
        self._asking.set()
        try:
            if given_up():
                raise failed(FailureKind.CANCELLED)
            if self.hangs:
                self._cancelled.wait()
                raise failed(self.interrupted)
        finally:
            self._asking.clear()
        self.during()
        said = self.about.get(document, self.said)
        if isinstance(said, Exception):
            raise said
        return ProviderAnswer(said, RAW, 200, "pergunta-1")

    def try_access(self, contract: Contract, *, given_up: Callable[[], bool] = lambda: False) -> str:
        raise NotImplementedError

    def cancel(self) -> bool:
        if not self._asking.is_set():
            return False
        self._cancelled.set()
        return True

    def close(self) -> None:
        self.closed += 1


@dataclass
class Queue:
    """Company 1 asks gerenciadora “Serasa”, in Produção, for analyses with a score of at least 500; its credentials are
    on this computer."""

    place: Place
    provider: ScriptedProvider
    manager: Manager

    @classmethod
    def open(cls, place: Place) -> Queue:
        provider = ScriptedProvider()
        place.backoffice.credit._provider_of = lambda _provider, _folders: provider
        with place.database.writing() as connection:
            given = {"nome": "Serasa", "provedor": Provider.SERASA}
            number = records.add(connection, CREDIT_MANAGERS, given, Snapshot(), ACTOR)
            manager = credit_managers.get(connection, number)
        assert manager is not None
        for environment in Environment:
            credentials.keep(manager, environment, Credentials("usuario", "segredo"))
        place.save(
            {
                CREDIT_ALLOWED: True,
                CREDIT_MANAGER: number,
                CREDIT_ENVIRONMENT: Environment.PRODUCTION,
                CREDIT_MIN_SCORE: 500,
            }
        )
        return cls(place, provider, manager)

    @property
    def consultation(self) -> CreditConsultation:
        return self.place.backoffice.credit

    def automatic(self, **more: Any) -> AutomaticCredit:
        return AutomaticCredit(self.place.database, self.consultation, **more)

    def ask(self, document: Document, *, customer: int | None = None, urgent: bool = False, company: int = 1) -> int:
        """Put an analysis in the queue."""
        wanted = Wanted(document, company, customer, Origin.ORDER, ACTOR, manual=False, urgent=urgent)
        with self.place.database.writing() as connection:
            return ask_for(connection, wanted, self.place.snapshot, self.consultation._clock())[0]

    def work(self, **more: Any) -> Result:
        """Make the next of the queue, as the service does."""
        step = self.automatic(**more).step(self.place.snapshot)
        assert step.request is not None, step
        return self.consultation.run(step.request, self.place.snapshot)

    def get(self, number: int) -> FullAnalysis:
        with self.place.database.reading() as connection:
            found = credit_analyses.get(connection, number)
        assert found is not None
        return found

    def states(self) -> list[AnalysisState]:
        """Of all of them, oldest first."""
        return [row.state for row in reversed(self.rows())]

    def rows(self) -> list[AnalysisRow]:
        with self.place.database.reading() as connection:
            return credit_analyses.page(connection, AnalysisQuery(), 0, 100)

    def pauses(self) -> list[Pause]:
        with self.place.database.reading() as connection:
            return credit_pauses.in_force(connection, self.consultation._clock())

    def resume(self) -> None:
        with self.place.database.writing() as connection:
            assert credit_pauses.resume(connection, self.manager.id)

    def force(self, number: int | None = None) -> int:
        with self.place.database.writing() as connection:
            return credit_analyses.force(connection, number, self.consultation._clock())


def unused(_provider: Provider, _folders: Folders) -> ScriptedProvider:
    """What a test that asks nobody is given."""
    raise AssertionError("ninguém devia ser consultado")
