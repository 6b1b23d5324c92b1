"""Everything a consultation of ANP may meet, each selectable by name, and what each does to a registration."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from app.domain import AnpRegistration

WHITE_BRAND = "BANDEIRA BRANCA"
UNKNOWN_BRAND = "PETROLUZ DO VALE"
INTERDICTED = "INTERDITADO"


class AnpScenario(Enum):
    """What a query meets. The values are the words of the command line."""

    UPDATED = "atualizado"
    WHITE_BRAND = "bandeira_branca"
    NO_BRAND = "sem_bandeira"
    UNKNOWN_BRAND = "bandeira_desconhecida"
    WITHOUT_AUTHORIZATION = "sem_autorizacao"
    SIGAF = "interditado"
    REVOKED = "revogado"
    REVOCATION = "processo_revogacao"
    CANDIDATE = "candidato"
    UNKNOWN_WORDING = "situacao_desconhecida"
    NOT_FOUND = "nao_localizado"
    NOT_FOUND_404 = "nao_localizado_404"
    OTHER_CNPJ = "outro_cnpj"
    SUCCEEDED_FALSE = "sem_sucesso"
    FORBIDDEN_HTML = "html_403"
    HTML_200 = "html_manutencao"
    UNAVAILABLE = "http_503"
    THROTTLED = "espera_pedida"
    SERVER_ERROR = "http_500"
    TRUNCATED = "corpo_truncado"
    CUT = "corpo_interrompido"
    RESET = "conexao_derrubada"
    TIMEOUT = "sem_resposta"

    @property
    def is_listed(self) -> bool:
        """Whether ANP's API and its published list have the reseller: both have authorised ones only.

        A fault of the answer says nothing about the reseller, who is listed.
        """
        return self not in _ABSENT


_ABSENT = (
    AnpScenario.REVOKED,
    AnpScenario.REVOCATION,
    AnpScenario.CANDIDATE,
    AnpScenario.UNKNOWN_WORDING,
    AnpScenario.NOT_FOUND,
    AnpScenario.NOT_FOUND_404,
)


def described(registration: AnpRegistration, scenario: AnpScenario) -> AnpRegistration:
    """The registration as ANP has it in that scenario, in whichever form it is then written.

    Who is losing the authorization, or does not have it yet, has no brand there: the page of a revoked one has no row
    for it.
    """
    match scenario:
        case AnpScenario.WHITE_BRAND:
            return replace(registration, brand=WHITE_BRAND)
        case AnpScenario.UNKNOWN_BRAND:
            return replace(registration, brand=UNKNOWN_BRAND)
        case AnpScenario.NO_BRAND | AnpScenario.REVOCATION:
            return replace(registration, brand="", brand_since="")
        case AnpScenario.WITHOUT_AUTHORIZATION:
            return replace(registration, authorization="")
        case AnpScenario.REVOKED | AnpScenario.CANDIDATE:
            return replace(registration, authorization="", brand="", brand_since="")
    return registration
