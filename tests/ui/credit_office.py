"""A shop that has credit analyses made, and analyses in every state, for the tests of the screens that show them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.credit_analysis import AnalysisOutcome, CreditReport, NegativeGroup, NegativeRecord
from app.credit_profile import CreditProfile
from app.data import credit_analyses, records
from app.data.credit_analyses import NewAnalysis
from app.data.credit_managers import get as manager_of
from app.documents import parse_document
from app.domain import CreditFinding, Document, Failure, FailureKind, Origin
from app.policies import CreditConsultation, Environment
from app.rules.credit_analysis import judge
from app.settings.catalog import CREDIT_ALLOWED, CREDIT_ENVIRONMENT, CREDIT_FORM, CREDIT_MANAGER, CREDIT_MIN_SCORE
from app.settings.snapshot import SettingKey
from app.tables import COMPANIES, CREDIT_MANAGERS, CUSTOMERS
from services.demo.example import made_up_cnpj
from tests.ui.office import open_office
from ui.office import Office

AURORA, SILENT = made_up_cnpj("00000001"), made_up_cnpj("00000002")

GOOD = CreditReport(
    AURORA,
    name="POSTO AURORA LTDA",
    situation="Ativa",
    score=742,
    score_model="H4PJ",
    score_range="B",
    default_rate="2,1 %",
    negatives=(),
    facts=(("Consultas nos últimos 12 meses", "3"),),
)
BAD = CreditReport(
    AURORA,
    name="POSTO AURORA LTDA",
    situation="Ativa",
    score=310,
    negatives=(
        NegativeGroup(
            "PEFIN",
            3,
            Decimal("1204.55"),
            date(2025, 2, 3),
            date(2026, 8, 30),
            (
                NegativeRecord(date(2025, 2, 3), "Distribuidora <b>Alfa</b>", "Duplicata", "A-17", Decimal("204.55")),
                NegativeRecord(date(2026, 8, 30), "Banco Exemplo", "Empréstimo", "", Decimal("1000.00")),
            ),
        ),
        NegativeGroup("Protestos", 1, Decimal("334.62"), date(2026, 5, 1), date(2026, 5, 1)),
    ),
    notices=("Confira os sócios antes de vender a prazo.",),
)
HIDDEN = CreditReport(AURORA, negatives=(), suppressed=True)

REFUSED = Failure(
    FailureKind.REJECTION,
    "A gerenciadora não mostra este documento.",
    "O documento está sob proteção legal.",
    "Decida sem a análise.",
)
BUSY = Failure(FailureKind.UNAVAILABLE, "A gerenciadora não respondeu a tempo.", "Instabilidade.", "Espere.")


@dataclass(frozen=True)
class CreditOffice:
    """The office, and the customers of it by name."""

    office: Office
    customers: dict[str, int]

    def set(self, values: dict[SettingKey, Any]) -> None:
        """Save settings as the settings page does."""
        settings = self.office.settings
        settings.save(values, settings.load(), "maria")
        self.office.take_snapshot(settings.load())

    def ask(
        self,
        document: str = AURORA,
        *,
        company: int = 1,
        environment: Environment = Environment.PRODUCTION,
        manual: bool = True,
        at: datetime | None = None,
    ) -> int:
        """An analysis in the queue."""
        with self.office.backoffice.database.writing() as connection:
            manager = manager_of(connection, 1)
            assert manager is not None
            new = NewAnalysis(
                parse_document(document),
                self.customers.get(document),
                company,
                manager.id,
                manager.source,
                environment,
                Origin.OPERATOR if manual else Origin.ORDER,
                "maria",
                "PC-01",
                manual,
            )
            return credit_analyses.enqueue(connection, new, at or datetime.now(UTC))[0]

    def answer(self, number: int, report: CreditReport, *, at: datetime | None = None, raw: bytes = b"") -> None:
        """The gerenciadora answers what was asked."""
        moment = at or datetime.now(UTC)
        profile = CreditProfile.of(self.office.settings.load().for_company(1))
        said = judge(profile, report)
        finding = CreditFinding(
            self._document(number),
            "",
            said.outcome,
            said.reasons[0],
            moment,
            840,
            response=raw or json.dumps({"score": report.score, "nome": report.name}).encode(),
            report=report,
            reasons=said.reasons,
            http_status=200,
            request_id="req-0001",
        )
        self._settle(number, finding, None)

    def fail(self, number: int, failure: Failure, *, retry: bool = False) -> None:
        """The gerenciadora does not answer; with `retry` it is asked again in a quarter of an hour."""
        now = datetime.now(UTC)
        finding = CreditFinding(
            self._document(number), "", AnalysisOutcome.FAILURE, failure.what, now, 120, failure, http_status=403
        )
        self._settle(number, finding, now + timedelta(minutes=15) if retry else None)

    def _document(self, number: int) -> Document:
        with self.office.backoffice.database.reading() as connection:
            found = credit_analyses.get(connection, number)
        assert found is not None
        return found.row.document

    def _settle(self, number: int, finding: CreditFinding, retry_at: datetime | None) -> None:
        with self.office.backoffice.database.writing() as connection:
            assert credit_analyses.reserve(connection, number, "PC-01", finding.asked_at)
            assert credit_analyses.settle(connection, number, finding, retry_at)


@contextmanager
def credit_office() -> Iterator[CreditOffice]:
    """Two companies, a gerenciadora in Produção that people may ask, and two customers, of which one has no analysis.

    The score must be 500 at least.
    """
    with open_office(with_branch=True) as office:
        customers = {}
        with office.backoffice.database.writing() as connection:
            second = {"cnpj": made_up_cnpj("99000001"), "nome": "Loja Dois", "uf": "SP"}
            records.add(connection, COMPANIES, second, office.snapshot, "maria")
            manager = records.parse(CREDIT_MANAGERS, {"nome": "Serasa da Matriz", "provedor": "serasa"})
            records.add(connection, CREDIT_MANAGERS, manager, office.snapshot, "maria")
            for document, name in ((AURORA, "Posto Aurora"), (SILENT, "Posto Ímpar")):
                texts = {"documento": document, "nome": name, "uf": "SP"}
                customers[document] = records.add(
                    connection, CUSTOMERS, records.parse(CUSTOMERS, texts), office.snapshot, "maria"
                )
        made = CreditOffice(office, customers)
        made.set(
            {
                (CREDIT_ALLOWED, 0): True,
                (CREDIT_MANAGER, 0): 1,
                (CREDIT_ENVIRONMENT, 0): Environment.PRODUCTION,
                (CREDIT_FORM, 0): CreditConsultation.ANY_ENTITY,
                (CREDIT_MIN_SCORE, 0): 500,
            }
        )
        yield made
