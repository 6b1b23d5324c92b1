"""A shop whose orders need a credit analysis, on the test's clock: its gerenciadora is a row, and answers as told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.credit_analysis import AnalysisOutcome, CreditReport, NegativeGroup
from app.data import credit_analyses, order_checks, records
from app.data.credit_analyses import AnalysisQuery, AnalysisRow
from app.data.order_checks import FullCheck
from app.domain import CreditFinding, Document, Failure, FailureKind, Origin
from app.policies import Environment, OrderKind, OrderOperation
from app.rules.order_gate import OrderQuestion
from app.settings.catalog import CREDIT_ALLOWED, CREDIT_ENVIRONMENT, CREDIT_MANAGER, CREDIT_MIN_SCORE
from app.settings.snapshot import Snapshot
from app.tables import CREDIT_MANAGERS, Provider
from services.credit.request import Wanted, ask_for
from services.order_gate import OrderAnswer, OrderGate
from tests.services.conftest import ACTOR, Clock, Place

NOON = datetime.fromisoformat("2026-11-20T12:00:00-03:00")
GOOD = CreditReport("", score=800, negatives=())
BAD = CreditReport("", score=120, negatives=(NegativeGroup("PEFIN", 2, Decimal("500.00")),))
DOUBTFUL = CreditReport("", score=None, negatives=())
DOWN = Failure(FailureKind.UNCERTAIN, "A gerenciadora não respondeu a tempo.", "", "")


@dataclass
class CreditShop:
    """Company 1 asks gerenciadora “Serasa”, in Produção, for analyses with a score of at least 500."""

    place: Place
    gate: OrderGate
    clock: Clock
    manager: int

    @classmethod
    def open(cls, place: Place) -> CreditShop:
        clock = Clock(NOON)
        with place.database.writing() as connection:
            given = {"nome": "Serasa", "provedor": Provider.SERASA}
            manager = records.add(connection, CREDIT_MANAGERS, given, Snapshot(), ACTOR)
        place.save(
            {
                CREDIT_ALLOWED: True,
                CREDIT_MANAGER: manager,
                CREDIT_ENVIRONMENT: Environment.PRODUCTION,
                CREDIT_MIN_SCORE: 500,
            }
        )
        return cls(place, OrderGate(place.database, place.backoffice.anp, clock=clock), clock, manager)

    def check(self, document: Document, kind: OrderKind = OrderKind.ORDER, **more: Any) -> OrderAnswer:
        """A counter asks."""
        company = more.pop("company", 1)
        question = OrderQuestion(document, company, kind, OrderOperation.INCLUSION, ACTOR, **more)
        return self.gate.check(question, self.place.snapshot)

    def kept(self, answer: OrderAnswer) -> FullCheck:
        with self.place.database.reading() as connection:
            found = order_checks.get(connection, answer.check_id)
        assert found is not None
        return found

    def asked(self, document: Document | None = None) -> list[AnalysisRow]:
        """The analyses that there are, newest first."""
        with self.place.database.reading() as connection:
            return credit_analyses.page(connection, AnalysisQuery(document=document), 0, 50)

    def ask(self, document: Document, company: int = 1) -> int:
        """A person puts an analysis in the queue for an order."""
        wanted = Wanted(document, company, None, Origin.ORDER, ACTOR, manual=False)
        with self.place.database.writing() as connection:
            return ask_for(connection, wanted, self.place.snapshot, self.clock())[0]

    def take(self, number: int) -> None:
        """The service begins to ask."""
        with self.place.database.writing() as connection:
            assert credit_analyses.reserve(connection, number, "serviço", self.clock())

    def answer(self, document: Document, report: CreditReport) -> int:
        """The gerenciadora answers now about what is in the queue, or is put there."""
        finding = CreditFinding(document, "", AnalysisOutcome.APPROVED, "", self.clock(), 900, report=report)
        return self._settle(document, finding)

    def fail(self, document: Document, *, again: datetime | None = None) -> int:
        """It does not answer, and will be asked again at that moment, or never."""
        finding = CreditFinding(document, "", AnalysisOutcome.FAILURE, "", self.clock(), 900, DOWN)
        return self._settle(document, finding, again)

    def _settle(self, document: Document, finding: CreditFinding, again: datetime | None = None) -> int:
        number = self.ask(document)
        self.take(number)
        with self.place.database.writing() as connection:
            assert credit_analyses.settle(connection, number, finding, again)
        return number
