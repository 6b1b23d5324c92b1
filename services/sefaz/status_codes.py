"""What each cStat of the Consulta Cadastro means, from `resources/sefaz_cstat.toml`."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from app.domain import FailureKind
from services import RESOURCES


class StatusClass(Enum):
    """What a cStat amounts to. The first three say something about the customer; the others are failures."""

    ANSWER = "resposta"
    NOT_TAXPAYER = "nao_contribuinte"
    INVALID_DATA = "dado_invalido"
    REQUESTER = "solicitante"
    CERTIFICATE = "certificado"
    SUSPENDED = "paralisado"
    LIMIT = "consumo_indevido"
    NOT_SERVED = "uf_nao_atendida"
    NO_CPF = "sem_cpf"
    REJECTION = "rejeicao"

    @property
    def failure(self) -> FailureKind | None:
        """The kind of failure it is, or None when it is an answer about the customer."""
        return _FAILURES.get(self)


_FAILURES = {
    StatusClass.REQUESTER: FailureKind.REQUESTER,
    StatusClass.CERTIFICATE: FailureKind.CERTIFICATE,
    StatusClass.SUSPENDED: FailureKind.UNAVAILABLE,
    StatusClass.LIMIT: FailureKind.LIMIT,
    StatusClass.NOT_SERVED: FailureKind.NOT_SERVED,
    StatusClass.NO_CPF: FailureKind.REJECTION,
    StatusClass.REJECTION: FailureKind.REJECTION,
}


@dataclass(frozen=True)
class StatusCode:
    """One cStat: the official text (MOC 7.0), and cause and remedy in the program's own words."""

    code: str
    status_class: StatusClass
    text: str
    cause: str
    todo: str


def status_code(code: str) -> StatusCode:
    """The meaning of a cStat. A code that is not in the table is a rejection, and its cause says it is unknown."""
    known = status_codes().get(code)
    if known is not None:
        return known
    return StatusCode(
        code,
        StatusClass.REJECTION,
        "",
        f"O código {code} não está entre os que o programa conhece para a consulta de cadastro.",
        "Leia o motivo dado pela SEFAZ e envie os detalhes ao suporte.",
    )


@functools.cache
def status_codes() -> Mapping[str, StatusCode]:
    """Every cStat known, by code."""
    tables = tomllib.loads((RESOURCES / "sefaz_cstat.toml").read_text("utf-8"))
    return {
        code: StatusCode(code, StatusClass(table["classe"]), table["texto"], table["causa"], table["fazer"])
        for code, table in tables.items()
    }
