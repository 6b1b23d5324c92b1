"""The demonstration's data: valid documents, every state of the customers page, consistent with what SEFAZ says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from app.data import mirror, records
from app.documents import parse_document
from app.domain import DocumentKind, ListKind
from app.inscription_digits import doubt
from app.policies import AnpKind
from app.settings.catalog import ANP_LIST_AUTOMOTIVE, ANP_ONLINE, ANP_URL, ANP_URL_SECONDARY
from app.tables import CUSTOMERS
from services.demo import example
from services.demo.anp import AnpPath
from services.demo.anp_scenarios import AnpScenario
from services.demo.ca import DemoAuthority
from services.demo.demonstration import demonstration, open_demonstration
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
    assert doubt(customer.uf, customer.sefaz_ie) == ""


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
        Scenario.SEVERAL,
        Scenario.SEVERAL_OPEN,
        Scenario.CHANGED,
        Scenario.REPLACED,
        Scenario.SUBSTITUTE,
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
    with DemoSefaz(authority, ufs=example.ufs(), scenarios=example.scenarios(), taxpayers=example.taxpayers()) as sefaz:
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


def test_the_example_covers_what_anp_may_say() -> None:
    customers = example.CUSTOMERS
    kinds = [customer.anp_kind for customer in customers]
    assert kinds.count(AnpKind.GLP) == 1
    assert all(
        customer.document.kind is DocumentKind.CNPJ for customer in customers if customer.anp_kind is not AnpKind.NONE
    )
    assert {AnpKind.NONE} == {c.anp_kind for c in customers if c.trade_name.startswith(("Rota", "Boa Estrada", "Cast"))}
    chosen = {customer.anp_scenario for customer in customers}
    assert chosen >= {
        AnpScenario.UPDATED,
        AnpScenario.WHITE_BRAND,
        AnpScenario.NO_BRAND,
        AnpScenario.UNKNOWN_BRAND,
        AnpScenario.WITHOUT_AUTHORIZATION,
        AnpScenario.SIGAF,
        AnpScenario.NOT_FOUND,
        AnpScenario.OTHER_CNPJ,
        AnpScenario.UNAVAILABLE,
    }
    # the first address has no situations: only the second one tells these
    worded = (AnpScenario.REVOKED, AnpScenario.REVOCATION, AnpScenario.CANDIDATE, AnpScenario.UNKNOWN_WORDING)
    told = [customer for customer in customers if customer.anp_scenario in worded]
    assert {customer.anp_scenario for customer in told} == set(worded)
    assert all(customer.anp_fault is not None for customer in told)


def test_the_demonstration_consults_its_own_anp() -> None:
    with demonstration(automatic=False) as demo:
        office = open_demonstration(demo.folders)
        try:
            snapshot = office.settings.load()
            with office.database.reading() as connection:
                kept = {row.values["documento"]: row.values for row in records.every(connection, CUSTOMERS)}
                assert mirror.current(connection, ListKind.AUTOMOTIVE) is None
        finally:
            office.close()
        assert snapshot[ANP_ONLINE]
        assert snapshot[ANP_URL] == demo.anp.address(AnpPath.FUEL)
        assert snapshot[ANP_URL_SECONDARY] == demo.anp.address(AnpPath.MAP)
        assert {customer.document.key: customer.anp_kind for customer in example.CUSTOMERS} == {
            key: values["cadastro_anp"] for key, values in kept.items()
        }


def test_yesterdays_lists_are_in_the_mirror_and_todays_differ_from_them() -> None:
    with demonstration(automatic=False, mirror=True) as demo:
        office = open_demonstration(demo.folders)
        try:
            today = demo.anp.file(ListKind.AUTOMOTIVE)
            now = datetime.now(UTC)
            source = office.settings.load()[ANP_LIST_AUTOMOTIVE]
            with office.database.reading() as connection:
                before = mirror.current(connection, ListKind.AUTOMOTIVE)
                assert mirror.current(connection, ListKind.GLP) is not None
                assert mirror.current(connection, ListKind.DISTRIBUTOR) is not None
            mirror.take_list(office.database, today, None, source=source, taken_at=now, actor="teste")
            with office.database.reading() as connection:
                after = {
                    customer.trade_name: mirror.find(connection, ListKind.AUTOMOTIVE, customer.document.value)
                    for customer in example.CUSTOMERS
                }
        finally:
            office.close()
    assert before is not None
    assert before.rows == 200
    assert before.taken_at < now - timedelta(hours=23)
    stays, left, came_to_be_white = after["Serra Azul"], after["Rio Formoso"], after["Lobo-Guará"]
    assert stays is not None
    assert stays.vanished_at is None
    assert left is not None
    assert left.vanished_at is not None
    assert came_to_be_white is not None
    assert came_to_be_white.registration.brand == "BANDEIRA BRANCA"
    assert after["Quero-Quero"] is None  # a candidate, who never was in it
