"""The release of one sale that overdue store credit refused: a person's login, password and reason, all logged."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from sqlalchemy.exc import IntegrityError

from app.data import audit, order_checks, releases
from app.data.database import Database
from app.data.order_checks import FullCheck
from app.data.releases import Released
from app.domain import Failure, FailureKind
from app.kinds import InvalidValue, Text
from app.portuguese import counted, exact
from services.passwords import MustWait, WrongPassword, check_password

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.data.user_passwords import Account

REASON = Text(300, required=True)
PATIENCE = timedelta(minutes=30)
"""For how long after it a check can be released; whoever comes later has it checked again."""


class Refusal(Enum):
    """Why a sale was not released."""

    UNKNOWN = "avaliacao_inexistente"
    NOT_NEEDED = "liberacao_desnecessaria"
    TOO_LATE = "avaliacao_antiga"
    ALREADY = "ja_liberada"
    WRONG_PASSWORD = "senha_errada"
    MUST_WAIT = "aguarde"
    NOT_ALLOWED = "sem_permissao"


class NotReleased(Exception):
    """The sale was not released; `failure` explains it to the operator. With MUST_WAIT, `wait_s` is for how long."""

    def __init__(self, refusal: Refusal, failure: Failure, wait_s: int = 0) -> None:
        super().__init__(failure.what)
        self.refusal = refusal
        self.failure = failure
        self.wait_s = wait_s


@dataclass(frozen=True)
class _Request:
    """What is asked, by whom and from where: what the audit says of it."""

    check_id: int
    actor: str
    counter_id: int | None
    now: datetime


def release(
    database: Database,
    check_id: int,
    login: str,
    password: str,
    reason: str,
    *,
    counter_id: int | None,
    actor: str,
    now: datetime,
    within: Callable[[Connection, Released], None] | None = None,
) -> Released:
    """Let that one operation go on, and return what was kept of it; `within` is called in the same transaction.

    Only a check that needs it, of the last 30 minutes, can be released, once; only by an active user who may release.
    Raises InvalidValue for a reason that says nothing or too much, and NotReleased. Every refusal of a person who tried
    is in the audit, as every release is; the password never.
    """
    if not reason.strip():
        raise InvalidValue("Escreva o motivo da liberação: ele fica na avaliação e na auditoria.")
    why = REASON.parse(reason)
    with database.reading() as connection:
        check = order_checks.get(connection, check_id)
    if check is None:
        raise _refused(Refusal.UNKNOWN, f"Não existe a avaliação {check_id}.", "Confira o número.")
    _needs_it(check, now)
    asked = _Request(check_id, actor, counter_id, now)
    try:
        person = check_password(database, login, password, now)
    except WrongPassword:
        _audit_refusal(database, asked, "login ou senha não conferem")
        raise _refused(
            Refusal.WRONG_PASSWORD,
            "O login e a senha não conferem.",
            "Digite os dois de novo. A senha é definida em Tabelas › Usuários.",
        ) from None
    except MustWait as wait:
        seconds = counted(wait.wait_s, "segundo", "segundos")
        _audit_refusal(database, asked, f"senhas erradas demais: espera de {seconds}")
        raise _refused(
            Refusal.MUST_WAIT,
            "Houve senhas erradas demais para este login.",
            f"Espere {seconds} e tente de novo.",
            wait.wait_s,
        ) from None
    if not person.may_release:
        _audit_refusal(database, asked, f"{person.login} não tem permissão para liberar")
        raise _refused(
            Refusal.NOT_ALLOWED,
            f"{person.name} não pode liberar vendas com crediário vencido.",
            "Peça a quem tem a permissão, que é dada em Tabelas › Usuários.",
        )
    return _keep(database, check, person, why, asked, within)


def _needs_it(check: FullCheck, now: datetime) -> None:
    number = check.row.id
    if check.release is not None:
        raise _already(check.release)
    if not check.row.release_needed:
        what = "já foi permitida" if check.row.allowed else "foi recusada por outro motivo, que ninguém libera"
        raise _refused(Refusal.NOT_NEEDED, f"A avaliação {number} {what}.", "Veja os motivos da avaliação.")
    if now - check.row.at > PATIENCE:
        raise _refused(
            Refusal.TOO_LATE,
            f"A avaliação {number} é de {exact(check.row.at)}: passaram mais de {PATIENCE.seconds // 60} minutos.",
            "Avalie a venda de novo: a situação do cliente pode ter mudado.",
        )


def _keep(
    database: Database,
    check: FullCheck,
    person: Account,
    why: str,
    asked: _Request,
    within: Callable[[Connection, Released], None] | None,
) -> Released:
    overdue = check.overdue
    try:
        with database.writing() as connection:
            releases.record(
                connection,
                asked.check_id,
                person.user_id,
                why,
                () if overdue is None else overdue.instalments,
                counter_id=asked.counter_id,
                machine=platform.node(),
                at=asked.now,
            )
            audit.record(
                connection,
                actor=asked.actor,
                subject=_subject(asked),
                what=f"avaliação {asked.check_id}: liberada por {person.login}, {check.row.document.named}",
                old=check.row.reasons[0],
                new=why,
                at=asked.now,
                company_id=check.row.company_id,
            )
            kept = releases.of_check(connection, asked.check_id)
            assert kept is not None
            if within is not None:
                within(connection, kept)
    except IntegrityError:
        with database.reading() as connection:
            kept = releases.of_check(connection, asked.check_id)
        if kept is None:
            raise
        raise _already(kept) from None
    return kept


def _audit_refusal(database: Database, asked: _Request, why: str) -> None:
    with database.writing() as connection:
        audit.record(
            connection,
            actor=asked.actor,
            subject=_subject(asked),
            what=f"avaliação {asked.check_id}: liberação recusada",
            old="",
            new=why,
            at=asked.now,
        )


def _subject(asked: _Request) -> str:
    return f"avaliacoes/{asked.check_id}"


def _already(kept: Released) -> NotReleased:
    return _refused(
        Refusal.ALREADY,
        f"A avaliação {kept.check_id} já foi liberada por {kept.login} em {exact(kept.at)}.",
        "Continue a venda: uma liberação basta.",
    )


def _refused(refusal: Refusal, what: str, todo: str, wait_s: int = 0) -> NotReleased:
    return NotReleased(refusal, Failure(FailureKind.CONFIGURATION, what, "", todo), wait_s)
