"""Which code asks a gerenciadora, and by what contract: its address and credentials in one environment."""

from __future__ import annotations

from app.data.credit_managers import Manager
from app.domain import Failure, FailureKind
from app.folders import Folders
from app.policies import Environment
from app.secrets import SecretsUnavailable
from app.settings.catalog import CREDIT_ENVIRONMENT
from app.tables import Provider
from services.credit import credentials
from services.credit.addresses import host_of, published
from services.credit.provider import AnalysisFailed, Contract, CreditProvider


def provider_of(provider: Provider, folders: Folders) -> CreditProvider:
    """What asks the gerenciadoras of that provider. Importing what it needs waits for the first question."""
    match provider:
        case Provider.SERASA:
            from services.credit.serasa import SerasaProvider

            return SerasaProvider(folders)
        case Provider.SPC:
            from services.credit.spc import SpcProvider

            return SpcProvider(folders)
        case Provider.GENERIC:
            from services.credit.generic import GenericProvider

            return GenericProvider(folders)


def contract_of(manager: Manager, environment: Environment) -> Contract:
    """By what it is asked in that environment. Raises AnalysisFailed, of kind CONFIGURATION, for what is missing."""
    address = _address(manager, environment)
    label = CREDIT_ENVIRONMENT.kind.show(environment)
    try:
        kept = credentials.read(manager, environment)
    except SecretsUnavailable as error:
        # What to do is in the sentence.
        raise _missing(str(error), "", "") from error
    if kept is None:
        raise _missing(
            f"A gerenciadora {manager.name} não tem credenciais de {label} neste computador.",
            "Elas ficam no cofre de senhas de cada computador que consulta.",
            "Informe-as em Gerenciadoras, no computador que roda o serviço de análise de crédito.",
        )
    return Contract(manager, environment, address, kept)


def _address(manager: Manager, environment: Environment) -> str:
    known = published()[manager.provider].addresses
    address = (manager.addresses[environment] or known.get(environment, "")).rstrip("/")
    label = CREDIT_ENVIRONMENT.kind.show(environment)
    if not address:
        raise _missing(
            f"A gerenciadora {manager.name} não tem endereço de {label}.",
            "O provedor não publica nenhum.",
            "Informe em Gerenciadoras o endereço que veio com o contrato.",
        )
    for other, base in known.items():
        if other is not environment and host_of(address) == host_of(base):
            raise _missing(
                f"O endereço de {label} da gerenciadora {manager.name} é o de {CREDIT_ENVIRONMENT.kind.show(other)}.",
                "Um ambiente responderia no lugar do outro, e em Produção cada consulta é cobrada.",
                "Corrija o endereço em Gerenciadoras, ou deixe-o em branco para usar o que o provedor publica.",
            )
    return address


def _missing(what: str, cause: str, todo: str) -> AnalysisFailed:
    return AnalysisFailed(Failure(FailureKind.CONFIGURATION, what, cause, todo))
