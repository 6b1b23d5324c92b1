"""What each cStat of the Consulta Cadastro means, from `resources/sefaz_cstat.toml`."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from app.domain import FailureKind
from app.rules.pacing import Said
from app.uf import Missing
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
    StatusClass.NO_CPF: FailureKind.NOT_SERVED,
    StatusClass.REJECTION: FailureKind.REJECTION,
}


class Action(Enum):
    """What the program does about a cStat."""

    KEEP = "registrar"
    """Keep the answer; the customer is asked about again in its period."""
    MEND = "corrigir_cadastro"
    """Do not ask about the customer again before its registration changes."""
    STOP = "nao_repetir"
    """Do not send the same again: the customer waits a day, ten in a row stop the authorizer until the next one."""
    WAIT = "aguardar"
    """Leave the authorizer alone for the code's `waits`."""
    FREEZE = "congelar"
    """Leave the authorizer alone for 65 minutes; the second time in a day, until the next one."""
    LEARN_UNSERVED = "marcar_uf"
    """Do not ask that UF again for 30 days."""
    LEARN_NO_CPF = "marcar_sem_cpf"
    """Do not ask that UF by CPF again for 30 days; by inscrição estadual where the customer has one."""


@dataclass(frozen=True)
class StatusCode:
    """One cStat: the official text (MOC 7.0), cause and remedy in the program's own words, and what is done about it.

    `waits` are for `Action.WAIT`, as in `pacing.Said`.
    """

    code: str
    status_class: StatusClass
    action: Action
    text: str
    cause: str
    todo: str
    waits: tuple[timedelta | None, ...] = ()

    @property
    def missing(self) -> Missing | None:
        """What the UF says that it lacks, if that is what it says."""
        return {Action.LEARN_UNSERVED: Missing.SERVICE, Action.LEARN_NO_CPF: Missing.CPF}.get(self.action)

    @property
    def said(self) -> Said:
        """What it means to the pace."""
        # That the UF lacks something is no fault of the authorizer, which works.
        failure = None if self.missing is not None else self.status_class.failure
        return Said(failure, self.code, self.waits, repeatable=self.action not in (Action.MEND, Action.STOP))


def status_code(code: str) -> StatusCode:
    """The meaning of a cStat. A code that is not in the table is a rejection, and its cause says it is unknown."""
    known = status_codes().get(code)
    if known is not None:
        return known
    return StatusCode(
        code,
        StatusClass.REJECTION,
        Action.STOP,
        "",
        f"O código {code} não está entre os que o programa conhece para a consulta de cadastro.",
        "Leia o motivo dado pela SEFAZ e envie os detalhes ao suporte.",
    )


@functools.cache
def status_codes() -> Mapping[str, StatusCode]:
    """Every cStat known, by code."""
    tables = tomllib.loads((RESOURCES / "sefaz_cstat.toml").read_text("utf-8"))
    return {
        code: StatusCode(
            code,
            StatusClass(table["classe"]),
            Action(table["acao"]),
            table["texto"],
            table["causa"],
            table["fazer"],
            tuple(_wait(wait) for wait in table.get("esperas", ())),
        )
        for code, table in tables.items()
    }


def _wait(written: str) -> timedelta | None:
    """ "30 s", "5 min" or "dia seguinte"."""
    if written == "dia seguinte":
        return None
    count, unit = written.split()
    return timedelta(**{{"s": "seconds", "min": "minutes"}[unit]: int(count)})
