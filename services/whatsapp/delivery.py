"""What an answer of the Cloud API does to the outbox: the message's new state, and what is held because of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.data import outbox, whatsapp_consent, whatsapp_pauses
from app.data.outbox import Outgoing
from app.data.whatsapp_pauses import Subject
from app.phone import masked_phone
from app.rules.outbox import MAX_ATTEMPTS, MessageState, backoff, pair_backoff
from services.whatsapp.account import Account
from services.whatsapp.answer import Accepted, Answer, Lost, NotSent, Refused
from services.whatsapp.api_errors import Action, api_error

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What became of one message; `why` is a sentence for the operator, "" where the state says it all."""

    state: MessageState
    why: str


@dataclass(frozen=True)
class _Told:
    """What an answer means: the outcome, what else is kept, and what is held until when (None: until resumed)."""

    outcome: Outcome
    columns: dict[str, Any]
    held: Subject | None = None
    until: datetime | None = None


def settle(
    connection: Connection,
    message: Outgoing,
    account: Account,
    answer: Answer,
    *,
    now: datetime,
    jitter: float,
    once: bool = False,
) -> Outcome:
    """Keep what the answer says. `jitter`, from 0 to 1, spreads the next attempts; with `once` there are none."""
    match answer:
        case Accepted():
            told = _accepted(answer)
        case Lost():
            why = f"Não sabemos se o WhatsApp recebeu esta mensagem. {answer.why}"
            told = _Told(Outcome(MessageState.UNCERTAIN, why), {"error_code": None, "error_detail": answer.detail})
        case NotSent():
            until = now + backoff(message.attempts, jitter)
            told = _again(message, account, answer.why, {"error_code": None, "error_detail": answer.detail}, until)
        case Refused():
            told = _refused(connection, message, account, answer, now, jitter)
    outcome, columns = told.outcome, told.columns
    if once and outcome.state is MessageState.PENDING:
        outcome, columns = Outcome(MessageState.FAILED, outcome.why), {**columns, "next_at": None}
    if told.held is not None and not (once and told.until is not None):
        whatsapp_pauses.hold(connection, told.held, told.until, outcome.why, columns["error_code"], now)
    kept = outbox.advance(connection, message.id, outcome.state, outcome.why, now, **columns)
    _log.info(
        "message %d to %s, attempt %d: %s, error %s%s",
        message.id,
        masked_phone(message.destination),
        message.attempts,
        outcome.state.value,
        columns["error_code"],
        "" if kept else ", but it was settled before",
    )
    return outcome


def _accepted(answer: Accepted) -> _Told:
    why = "O WhatsApp ainda avalia a qualidade do modelo antes de entregar." if answer.held else ""
    learnt = {"external_id": answer.external_id, "wa_id": answer.wa_id, "error_code": None, "error_detail": ""}
    return _Told(Outcome(MessageState.ACCEPTED, why), learnt)


def _refused(
    connection: Connection, message: Outgoing, account: Account, answer: Refused, now: datetime, jitter: float
) -> _Told:
    error = api_error(answer.code, answer.status)
    columns = {"error_code": answer.code, "error_detail": answer.detail}
    match error.action:
        case Action.RETRY:
            return _again(message, account, error.sentence, columns, now + backoff(message.attempts, jitter))
        case Action.RETRY_PERSON:
            until = now + pair_backoff(message.attempts)
            person = whatsapp_pauses.person(message.destination)
            return _again(message, account, error.sentence, columns, until, person)
        case Action.PAUSE_CHANNEL:
            subject = whatsapp_pauses.channel(account.number_id)
            return _Told(Outcome(MessageState.PENDING, error.sentence), columns, subject)
        case Action.PAUSE_TEMPLATE:
            subject = whatsapp_pauses.template(account.number_id, message.template)
            return _Told(Outcome(MessageState.PENDING, error.sentence), columns, subject)
        case Action.OPT_OUT:
            if message.customer_id is not None:
                whatsapp_consent.withdraw(connection, message.customer_id, now)
    return _Told(Outcome(MessageState.FAILED, error.sentence), columns)


def _again(
    message: Outgoing,
    account: Account,
    why: str,
    columns: dict[str, Any],
    until: datetime,
    held: Subject | None = None,
) -> _Told:
    """Back to the queue, and `held` (everything of the account when it is not told) waits as long."""
    if message.attempts >= MAX_ATTEMPTS:
        return _Told(Outcome(MessageState.FAILED, f"{why} Foram {message.attempts} tentativas."), columns)
    subject = held or whatsapp_pauses.channel(account.number_id)
    return _Told(Outcome(MessageState.PENDING, why), {**columns, "next_at": until}, subject, until)
