"""The demonstration's data: valid documents, every state of the customers page, consistent with what SEFAZ says."""

from __future__ import annotations

import httpx
import pytest

from app.documents import parse_document
from app.domain import DocumentKind
from services.demo import example
from services.demo.ca import DemoAuthority
from services.demo.scenarios import STATUS, Scenario
from services.demo.sefaz import DemoSefaz
from tests.services.demo.test_sefaz import ask, status, texts


@pytest.mark.parametrize("customer", example.CUSTOMERS, ids=lambda customer: customer.name)
def test_customers_are_well_formed(customer: example.DemoCustomer) -> None:
    assert parse_document(customer.document.value, customer.document.kind) == customer.document
    assert customer.region in example.REGIONS
    assert customer.brand in {"", *(brand.name for brand in example.BRANDS)}
    assert len(customer.cep) == 8
    assert len(customer.city_code) == 7
    assert len(customer.name) <= 60


def test_the_example_covers_what_the_pages_show() -> None:
    kinds = [customer.document.kind for customer in example.CUSTOMERS]
    assert len(kinds) == 40
    assert (kinds.count(DocumentKind.CPF), kinds.count(DocumentKind.IE)) == (2, 1)
    assert sum(not c.document.value.isdigit() for c in example.CUSTOMERS) == 1
    ufs = {customer.uf for customer in example.CUSTOMERS}
    assert len(ufs) >= 18
    assert ufs >= {"MT", "MG", "GO", "SP", "PR", "AM", "MA"}
    chosen = [customer.scenario for customer in example.CUSTOMERS]
    assert chosen.count(Scenario.LIMIT) == 1
    assert set(chosen) >= {
        Scenario.ENABLED,
        Scenario.DISABLED,
        Scenario.NOT_TAXPAYER,
        Scenario.SEVERAL_OPEN,
        Scenario.INVALID_DOCUMENT,
        Scenario.HTML_PAGE,
        Scenario.SOAP_12_FAULT,
        Scenario.TIMEOUT,
        Scenario.PAUSED,
    }
    for stopping in (Scenario.LIMIT, Scenario.PAUSED):
        (alone,) = [customer for customer in example.CUSTOMERS if customer.scenario is stopping]
        assert [customer for customer in example.CUSTOMERS if customer.uf == alone.uf] == [alone]
    assert len({branch.cnpj[:8] for branch in example.COMPANY.branches}) == 1


def test_sefaz_answers_with_the_registered_data(client: httpx.Client, authority: DemoAuthority) -> None:
    with DemoSefaz(authority, scenarios=example.scenarios(), taxpayers=example.taxpayers()) as sefaz:
        for customer in example.CUSTOMERS:
            document = customer.document
            if customer.scenario in (Scenario.ENABLED, Scenario.DISABLED) and customer.uf != "MA":
                answer = ask(client, sefaz, customer.uf, document.value, document.kind.value)
                assert status(answer) == "111"
                assert [name.strip() for name in texts(answer, "xNome")] == [customer.name.upper()]
                assert texts(answer, "cSit") == ["1" if customer.scenario is Scenario.ENABLED else "0"]
            elif customer.scenario in STATUS:
                answer = ask(client, sefaz, customer.uf, document.value, document.kind.value)
                assert status(answer) == STATUS[customer.scenario]
        branch = example.COMPANY.branches[0]
        assert status(ask(client, sefaz, "SP", branch.cnpj)) == "111"
        assert status(ask(client, sefaz, "GO", branch.cnpj)) == "259"
