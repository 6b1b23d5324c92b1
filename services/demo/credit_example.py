"""The credit analyses of the demonstration: its gerenciadoras, what they say of each customer, and what was asked.

Customers are by their code in the example; days are counted from the one on which the demonstration is opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app import policies
from app.data import credit_managers, customers, records
from app.domain import Authority, DocumentKind, Origin, Request
from app.policies import (
    CreditCustomerAction,
    CreditOrderAction,
    Environment,
    OrderKind,
    OrderOperation,
)
from app.rules.order_gate import OrderQuestion
from app.settings.catalog import (
    CREDIT_ALLOWED,
    CREDIT_CUSTOMER,
    CREDIT_ENVIRONMENT,
    CREDIT_FORM,
    CREDIT_INTERVAL,
    CREDIT_MANAGER,
    CREDIT_MAX_NEGATIVE,
    CREDIT_MIN_SCORE,
    CREDIT_ORDER,
)
from app.settings.setting import Setting
from app.settings.snapshot import GENERAL_COMPANY
from app.tables import CREDIT_MANAGERS, ManagerEnvironment, Provider
from services.credit import credentials
from services.credit.consultation import CreditConsultation
from services.credit.credentials import Credentials
from services.credit.mapping import MODEL
from services.credit.request import Wanted, ask_for
from services.demo import credit as rest
from services.demo import credit_generic as mapped
from services.demo import example
from services.demo.ca import DemoAuthority
from services.demo.credit import MANY_DEBTS, NO_SCORE, SUPPRESSED, CreditFault, DemoSerasa, DemoSpc
from services.demo.credit_answers import DemoCredit, DemoDebt
from services.demo.credit_generic import Debt, DemoMapped, DemoReport
from services.order_gate import OrderGate

if TYPE_CHECKING:
    from services.backoffice import Backoffice

PENDING = 109
"""The customer whose order waits for an analysis, which is still in the queue."""

UNKNOWN_YET = (115, 121, 127, 133, PENDING)
"""Those of whom nobody has asked an analysis, or whose first one is still to be made."""

IN_TEST = 112
"""The customer of whom a gerenciadora known by its mapping alone was asked, in its environment of tests."""

EXPIRED = 110
"""The customer whose approval is too old."""

SAID = {
    102: DemoCredit("", 480, overdue=(DemoDebt(334.62, 70),), protests=(DemoDebt(1200.0, 200, "CARTORIO MODELO"),)),
    103: DemoCredit("", 655, overdue=(DemoDebt(334.62, 70),)),
    104: NO_SCORE,
    105: SUPPRESSED,
    106: MANY_DEBTS,
}
"""What Serasa says of those about whom there is something to say."""

FAULTS = {
    107: CreditFault.UNKNOWN,
    108: CreditFault.MALFORMED,
    113: CreditFault.RESET,
    114: CreditFault.PROTECTED,
}
"""Those whose analysis failed, each for good and in its own way."""

_DELAY_S = 1.0
"""How long a report takes once the demonstration is open, so that there is something to be seen of the queue."""

_ACTOR = "demonstração"
_EXPIRED_DAYS = 120


@dataclass(frozen=True)
class Gerenciadoras:
    """The three of them, answering."""

    serasa: DemoSerasa
    spc: DemoSpc
    mapped: DemoMapped


@contextmanager
def gerenciadoras(authority: DemoAuthority) -> Iterator[Gerenciadoras]:
    """Have them answer about the customers of the example, until the end."""
    people = {customer.code: customer for customer in example.CUSTOMERS}
    known = {
        customer.document.value: DemoCredit(customer.name.upper(), 560 + customer.code * 37 % 400)
        for customer in people.values()
    } | {people[code].document.value: _named(said, people[code].name) for code, said in SAID.items()}
    faults = {people[code].document.value: fault for code, fault in FAULTS.items()}
    tested = people[IN_TEST]
    protest = Debt(f"{_today() - timedelta(days=40)}", "1º CARTÓRIO MODELO", Decimal("75.00"))
    report = DemoReport(tested.name.upper(), score=610, protests=(protest,))
    with ExitStack() as stack:
        yield Gerenciadoras(
            stack.enter_context(DemoSerasa(authority, known=known, faults=faults)),
            stack.enter_context(DemoSpc(authority, known=known)),
            stack.enter_context(DemoMapped(authority, reports={tested.document.value: report})),
        )


def add_analyses(office: Backoffice, company: int, managers: Gerenciadoras) -> None:
    """Register them, turn the analyses on, and have most customers analysed in the last weeks; an order waits."""
    serasa, tested = _register(office, managers)
    people = {customer.code: customer for customer in example.CUSTOMERS}
    past = _Past(office, company)
    _save(office, _settings(serasa))
    for customer in sorted(people.values(), key=_days, reverse=True):
        if customer.document.kind is not DocumentKind.IE and customer.code not in (IN_TEST, *UNKNOWN_YET):
            past.analyse(customer, days=_days(customer))
    _save(office, {CREDIT_MANAGER: tested})
    past.analyse(people[IN_TEST], days=0)
    _save(office, {CREDIT_MANAGER: serasa})
    past.path.close()
    question = OrderQuestion(people[PENDING].document, company, OrderKind.ORDER, OrderOperation.INCLUSION, "Balcão 1")
    OrderGate(office.database, office.anp).check(question, office.settings.load())
    managers.serasa.delay_s = _DELAY_S


class _Past:
    """Has analyses made as the service made them on other days."""

    def __init__(self, office: Backoffice, company: int) -> None:
        self._office = office
        self._company = company
        self._now = datetime.now(UTC)
        self.path = CreditConsultation(office.database, office.folders, clock=lambda: self._now)

    def analyse(self, customer: example.DemoCustomer, *, days: int) -> None:
        """Ask for it and make it, that many days ago; every third was asked for by a person."""
        self._now = datetime.now(UTC) - timedelta(days=days, minutes=customer.code)
        manual = customer.code % 3 == 0
        user, origin = (example.USERS[0].login, Origin.OPERATOR) if manual else ("Balcão 1", Origin.ORDER)
        document, snapshot = customer.document, self._office.settings.load()
        with self._office.database.writing() as connection:
            customer_id = customers.all_by_document(connection, document)[0].id
            wanted = Wanted(document, self._company, customer_id, origin, user, manual=manual)
            number, _ = ask_for(connection, wanted, snapshot, self._now - timedelta(minutes=4))
        request = Request(
            document,
            "",
            origin,
            user,
            apply=True,
            customer_id=customer_id,
            authority=Authority.CREDIT,
            analysis_id=number,
        )
        self.path.run(request, snapshot)


def _save(office: Backoffice, values: dict[Setting[Any], Any]) -> None:
    draft = {(setting, GENERAL_COMPANY): value for setting, value in values.items()}
    office.settings.save(draft, office.settings.load(), _ACTOR)


def _register(office: Backoffice, managers: Gerenciadoras) -> tuple[int, int]:
    """The rows and the credentials; the numbers of Serasa and of the one known by its mapping."""
    folder = office.folders.credit_mappings_folder
    folder.mkdir()
    (folder / MODEL.name).write_bytes(MODEL.read_bytes())
    rows: tuple[dict[str, Any], ...] = (
        {
            "nome": "Serasa Experian",
            "provedor": Provider.SERASA,
            "url_producao": managers.serasa.address,
            "relatorio_pf": "RELATORIO_PF_MODELO",
        },
        {"nome": "SPC Brasil", "provedor": Provider.SPC, "url_producao": managers.spc.address, "relatorio": "695"},
        {
            "nome": "Gerenciadora Modelo",
            "provedor": Provider.GENERIC,
            "url_homologacao": managers.mapped.address,
            "ambiente": ManagerEnvironment.TEST,
            "mapeamento": MODEL.name,
        },
    )
    snapshot = office.settings.load()
    with office.database.writing() as connection:
        numbers = [records.add(connection, CREDIT_MANAGERS, row, snapshot, _ACTOR) for row in rows]
        added = [credit_managers.get(connection, number) for number in numbers]
    for manager in added:
        assert manager is not None
        if manager.provider is Provider.GENERIC:
            credentials.keep(manager, Environment.TEST, Credentials(mapped.USER, mapped.PASSWORD))
        else:
            credentials.keep(manager, Environment.PRODUCTION, Credentials(rest.USER, rest.PASSWORD))
    return numbers[0], numbers[2]


def _settings(manager: int) -> dict[Setting[Any], Any]:
    """No order without an approved analysis, and a customer that is refused is blocked."""
    return {
        CREDIT_ALLOWED: True,
        CREDIT_MANAGER: manager,
        CREDIT_ENVIRONMENT: Environment.PRODUCTION,
        CREDIT_FORM: policies.CreditConsultation.ANY_ENTITY,
        CREDIT_MIN_SCORE: 500,
        CREDIT_MAX_NEGATIVE: Decimal("500.00"),
        CREDIT_ORDER: CreditOrderAction.REFUSE,
        CREDIT_CUSTOMER: CreditCustomerAction.BLOCK_UNBLOCK,
        CREDIT_INTERVAL: 1,
    }


def _days(customer: example.DemoCustomer) -> int:
    return _EXPIRED_DAYS if customer.code == EXPIRED else 1 + customer.code * 7 % 60


def _named(said: DemoCredit, name: str) -> DemoCredit:
    return DemoCredit(**{**vars(said), "name": name.upper()})


def _today() -> date:
    return datetime.now(UTC).date()
