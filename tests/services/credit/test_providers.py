"""By what contract a gerenciadora is asked: its address and credentials, or what is missing."""

from __future__ import annotations

import keyring
import keyring.backends.fail
import pytest

from app.domain import FailureKind
from app.folders import Folders
from app.policies import Environment
from app.tables import Provider
from services.credit import credentials
from services.credit.addresses import published
from services.credit.provider import AnalysisFailed
from services.credit.providers import contract_of, provider_of
from tests.services.credit.contracts import CREDENTIALS, is_explained, manager

PRODUCTION, TEST = Environment.PRODUCTION, Environment.TEST


def missing(provider: Provider, environment: Environment, **addresses: str) -> str:
    """What is missing in the contract, in words."""
    given = {PRODUCTION: addresses.get("production", ""), TEST: addresses.get("test", "")}
    with pytest.raises(AnalysisFailed) as caught:
        contract_of(manager(provider, addresses=given), environment)
    assert is_explained(caught.value.failure, FailureKind.CONFIGURATION)
    return caught.value.failure.what


@pytest.mark.parametrize(
    ("provider", "environment", "address"),
    [
        (Provider.SERASA, PRODUCTION, "https://api.serasaexperian.com.br"),
        (Provider.SERASA, TEST, "https://uat-api.serasaexperian.com.br"),
        (Provider.SPC, PRODUCTION, "https://servicos.spc.org.br"),
    ],
)
def test_the_address_that_the_provider_publishes(provider: Provider, environment: Environment, address: str) -> None:
    ours = manager(provider)
    credentials.keep(ours, environment, CREDENTIALS)
    contract = contract_of(ours, environment)
    assert (contract.address, contract.credentials, contract.environment) == (address, CREDENTIALS, environment)


def test_the_address_of_the_registration_wins_without_its_final_slash() -> None:
    ours = manager(Provider.SPC, addresses={PRODUCTION: "", TEST: "https://spc.exemplo.com.br/"})
    credentials.keep(ours, TEST, CREDENTIALS)
    assert contract_of(ours, TEST).address == "https://spc.exemplo.com.br"


@pytest.mark.parametrize(
    ("provider", "environment"),
    [(Provider.SPC, TEST), (Provider.GENERIC, PRODUCTION), (Provider.GENERIC, TEST)],
)
def test_where_none_is_published_it_must_be_informed(provider: Provider, environment: Environment) -> None:
    assert "não tem endereço" in missing(provider, environment)


def test_an_environment_is_never_asked_in_the_place_of_the_other() -> None:
    base = published()[Provider.SERASA].addresses
    for written in (base[PRODUCTION], f"{base[PRODUCTION]}:443", base[PRODUCTION].upper(), f"{base[PRODUCTION]}./x"):
        assert "é o de Produção" in missing(Provider.SERASA, TEST, test=written)
    assert "é o de Homologação" in missing(Provider.SERASA, PRODUCTION, production=f"{base[TEST]}/v2")


def test_credentials_are_of_one_environment() -> None:
    credentials.keep(manager(Provider.SERASA), TEST, CREDENTIALS)
    assert "não tem credenciais de Produção" in missing(Provider.SERASA, PRODUCTION)


def test_a_keyring_that_does_not_answer_is_told() -> None:
    keyring.set_keyring(keyring.backends.fail.Keyring())  # type: ignore[no-untyped-call]  # keyring left it bare
    with pytest.raises(AnalysisFailed) as caught:
        contract_of(manager(Provider.SERASA), PRODUCTION)
    assert caught.value.failure.kind is FailureKind.CONFIGURATION


def test_each_provider_has_what_asks_it(folders: Folders) -> None:
    asking = [provider_of(provider, folders) for provider in Provider]
    assert [type(each).__name__ for each in asking] == ["SerasaProvider", "SpcProvider", "GenericProvider"]
    for each in asking:
        assert not each.cancel()
        each.close()


def test_every_published_address_is_a_base_over_https() -> None:
    bases = [address for each in published().values() for address in each.addresses.values()]
    assert bases
    assert all(base.startswith("https://") and not base.endswith("/") for base in bases)
