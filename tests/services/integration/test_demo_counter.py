"""The counter of the demonstration, against a real service: a whole day, and a service that is not there yet."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from app.data import records
from app.data.models import Customer, OrderCheck, OverdueRelease, ServiceOrderEvent
from app.policies import OverdueAction, UserProfile
from app.settings.catalog import INTEGRATION_RATE, OVERDUE_ACTION, OVERDUE_BUDGET, OVERDUE_PRE_SALE
from app.settings.snapshot import Snapshot
from app.tables import USERS
from services.demo.counter import Act, DemoCounter, Releaser
from services.passwords import set_password
from tests.services.integration.conftest import ACTOR, PATIENCE_S, Service
from tests.services.integration.writes import added, cnpj, write

PASSWORD = "demonstracao"


class Acts:
    """What the counter did, and a wait for all that it should do."""

    def __init__(self, *wanted: str) -> None:
        self.done: list[Act] = []
        self._wanted = set(wanted)
        self._all = threading.Event()

    def __call__(self, act: Act) -> None:
        self.done.append(act)
        if self._wanted <= {done.what for done in self.done}:
            self._all.set()

    def wait(self) -> None:
        assert self._all.wait(PATIENCE_S), self.done


def test_a_day_at_the_counter(service: Service) -> None:
    service.save(
        {
            OVERDUE_BUDGET: True,
            OVERDUE_PRE_SALE: True,
            OVERDUE_ACTION: OverdueAction.RELEASE,
            INTEGRATION_RATE: 1_000_000,
        }
    )
    with service.database.writing() as connection:
        values = {"login": "carla", "nome": "Carla", "perfil": UserProfile.SUPERVISOR}
        user = records.add(connection, USERS, values, Snapshot(), ACTOR)
    set_password(service.database, user, PASSWORD, actor=ACTOR, now=datetime.now(UTC))
    due = (datetime.now(UTC) - timedelta(days=90)).date().isoformat()
    owed = []
    for number in (1, 2, 3):
        added(service, number)
        owed.append({"numero": str(number), "documento": cnpj(number), "vencimento": due, "valor": "90.00"})
    write(service, "/v1/parcelas/lote", {"empresa": service.company, "parcelas": owed})
    _, token = service.add_counter("Da demonstração", service.company)
    acts = Acts(
        "quem sou",
        "clientes que mudaram",
        "avaliar dav",
        "avaliar pre-venda",
        "avaliar pedido",
        "avaliar nf",
        "liberar",
        "ordem finalizada",
        "mudar telefone",
    )
    with DemoCounter(
        lambda: service.server.state.address, token, releaser=Releaser("carla", PASSWORD), pause_s=0.0, on_act=acts
    ):
        acts.wait()
    assert {act.status for act in acts.done} == {200}
    with service.database.reading() as connection:
        for model in (OrderCheck, OverdueRelease, ServiceOrderEvent):
            assert connection.execute(select(func.count()).select_from(model)).scalar_one() > 0
        phones = set(connection.execute(select(Customer.phone)).scalars())
    assert phones != {""}


def test_it_waits_for_a_service_that_is_not_there_yet(service: Service) -> None:
    _, token = service.add_counter("Da demonstração", service.company)
    address = service.server.state.address
    nobody = "http://127.0.0.1:1"  # a port on which nothing listens
    told = iter(["", nobody, ""])
    acts = Acts("clientes que mudaram")
    with DemoCounter(lambda: next(told, address), token, pause_s=0.0, on_act=acts):
        acts.wait()
    assert next(told, None) is None


def test_a_token_that_is_worth_nothing_only_makes_it_ask_again(service: Service) -> None:
    acts = Acts("quem sou")
    with DemoCounter(lambda: service.server.state.address, "rtg_errado", pause_s=0.0, on_act=acts):
        acts.wait()
    assert {act.status for act in acts.done} <= {401, 429}
