"""A shop that checks overdue store credit, on the test's clock: what it is told, what it asks, who may release."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.data import audit, instalments, order_checks, records
from app.data.instalments import Told
from app.data.order_checks import FullCheck
from app.domain import Document
from app.policies import InstalmentSituation, OrderKind, OrderOperation, OverdueAction, UserProfile
from app.rules.order_gate import OrderQuestion
from app.settings.catalog import OVERDUE_ACTION, OVERDUE_BUDGET, OVERDUE_PRE_SALE
from app.settings.snapshot import Snapshot
from app.tables import COMPANIES, USERS
from services.order_gate import OrderAnswer, OrderGate
from services.passwords import set_password
from tests.services.conftest import ACTOR, Clock, Place, cnpj

NOON = datetime.fromisoformat("2026-11-20T12:00:00-03:00")
"""A Friday."""
DUE = date(2026, 11, 10)
PASSWORD = "cavalo bateria grampo"


@dataclass
class Shop:
    """Company 1 checks budgets and pre-sales, and a refused one may be released."""

    place: Place
    gate: OrderGate
    clock: Clock

    @classmethod
    def open(cls, place: Place) -> Shop:
        clock = Clock(NOON)
        place.save({OVERDUE_BUDGET: True, OVERDUE_PRE_SALE: True, OVERDUE_ACTION: OverdueAction.RELEASE})
        return cls(place, OrderGate(place.database, place.backoffice.anp, clock=clock), clock)

    def tell(self, *told: Told, company: int = 1) -> None:
        """The ERP sends these instalments now."""
        with self.place.database.writing() as connection:
            instalments.receive(connection, company, told, self.clock())

    def check(self, document: Document, kind: OrderKind = OrderKind.PRE_SALE, **more: Any) -> OrderAnswer:
        """A counter asks."""
        company = more.pop("company", 1)
        question = OrderQuestion(document, company, kind, OrderOperation.INCLUSION, ACTOR, **more)
        return self.gate.check(question, self.place.snapshot)

    def kept(self, answer: OrderAnswer) -> FullCheck:
        with self.place.database.reading() as connection:
            found = order_checks.get(connection, answer.check_id)
        assert found is not None
        return found

    def add_company(self, uf: str) -> int:
        values = {"cnpj": cnpj(77).key, "nome": f"Loja {uf}", "uf": uf}
        with self.place.database.writing() as connection:
            return records.add(connection, COMPANIES, values, Snapshot(), ACTOR)

    def add_user(self, login: str = "ana", *, releases: bool = True, password: str = PASSWORD) -> int:
        """A supervisor with a password."""
        values = {"login": login, "nome": login.title(), "perfil": UserProfile.SUPERVISOR, "liberar": releases}
        with self.place.database.writing() as connection:
            user = records.add(connection, USERS, values, Snapshot(), ACTOR)
        set_password(self.place.database, user, password, actor=ACTOR, now=self.clock())
        return user

    def audited(self, subject: str) -> list[audit.Entry]:
        with self.place.database.reading() as connection:
            return audit.latest(connection, subject)


def told(
    document: Document,
    number: str = "P1",
    due_on: date = DUE,
    amount: str = "100.00",
    paid: str = "0.00",
    situation: InstalmentSituation = InstalmentSituation.OPEN,
) -> Told:
    """An instalment that is ten days late at NOON."""
    return Told(number, document, "C1", due_on, Decimal(amount), Decimal(paid), situation)


HOUR = timedelta(hours=1)
