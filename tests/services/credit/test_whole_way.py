"""From the queue to what is kept, with the gerenciadoras themselves on loopback and nothing put in their place."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.credit_analysis import AnalysisOutcome, AnalysisState
from app.data import credit_managers, records
from app.domain import FailureKind
from app.policies import Environment
from app.tables import CREDIT_MANAGERS, Provider
from services.credit import credentials
from services.credit.credentials import Credentials
from services.credit.providers import provider_of
from services.demo.ca import DemoAuthority
from services.demo.credit import (
    FEW_DEBTS,
    PASSWORD,
    SUPPRESSED,
    USER,
    CreditFault,
    DemoCreditService,
    DemoSerasa,
    DemoSpc,
)
from tests.services.conftest import ACTOR, Place, cnpj
from tests.services.credit.scripted import Queue

KINDS = [(Provider.SERASA, DemoSerasa), (Provider.SPC, DemoSpc)]


def opened(place: Place, provider: Provider, server: DemoCreditService) -> Queue:
    """Company 1 asks that server."""
    queue = Queue.open(place)
    place.backoffice.credit._provider_of = provider_of
    changes = {"provedor": provider, "url_producao": server.address, "relatorio": "695", "relatorio_pf": "325"}
    with place.database.writing() as connection:
        records.change(connection, CREDIT_MANAGERS, queue.manager.id, changes, ACTOR)
        manager = credit_managers.get(connection, queue.manager.id)
    assert manager is not None
    credentials.keep(manager, Environment.PRODUCTION, Credentials(USER, PASSWORD))
    return queue


@pytest.mark.parametrize(("provider", "kind"), KINDS, ids=["serasa", "spc"])
def test_answers_are_judged_and_kept(
    place: Place, authority: DemoAuthority, provider: Provider, kind: type[DemoCreditService]
) -> None:
    place.folders.additional_ca_file.write_bytes(authority.ca_pem)
    known = {cnpj(2).value: FEW_DEBTS, cnpj(3).value: SUPPRESSED}
    with kind(authority, known=known) as server:
        queue = opened(place, provider, server)
        numbers = [queue.ask(cnpj(each)) for each in (1, 2, 3)]
        for _ in numbers:
            queue.work()
        place.backoffice.credit.close()
    kept = [queue.get(number) for number in numbers]
    assert [each.row.outcome for each in kept] == [
        AnalysisOutcome.APPROVED,
        AnalysisOutcome.REFUSED,
        AnalysisOutcome.UNDECIDED,
    ]
    assert kept[1].report is not None
    assert kept[1].report.negative_total == Decimal("1534.62")
    assert kept[1].raw
    assert kept[1].request_id
    assert len(server.asked) == 3


@pytest.mark.parametrize(("provider", "kind"), KINDS, ids=["serasa", "spc"])
def test_a_question_that_got_no_answer_is_not_asked_again(
    place: Place, authority: DemoAuthority, provider: Provider, kind: type[DemoCreditService]
) -> None:
    place.folders.additional_ca_file.write_bytes(authority.ca_pem)
    with kind(authority, faults={cnpj(1).value: CreditFault.CUT}) as server:
        queue = opened(place, provider, server)
        number = queue.ask(cnpj(1))
        queue.work()
        kept = queue.get(number)
        assert kept.failure is not None
        assert (kept.row.state, kept.failure.kind) == (AnalysisState.FAILED, FailureKind.UNCERTAIN)
        assert queue.automatic().step(place.snapshot).request is None
        place.backoffice.credit.close()
    assert len(server.asked) == 1
