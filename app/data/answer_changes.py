"""What each answer of SEFAZ about one customer changed from the one before: computed when it is read, never kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from app.data import history
from app.data.history import FullConsultation
from app.data.models import Consultation
from app.domain import Authority, Inscription, Verdict
from app.inscription_words import Changes, changes
from app.portuguese import day, exact

_t = Consultation
_ANSWERS = tuple(v.value for v in (Verdict.ENABLED, Verdict.DISABLED, Verdict.NOT_TAXPAYER, Verdict.AMBIGUOUS))


@dataclass(frozen=True)
class AnswerChange:
    """What an answer, of the moment `at`, has different from the one before, of `since`."""

    at: datetime
    since: datetime
    changes: Changes

    @property
    def sentence(self) -> str:
        """ "Desde a consulta de 12/10/2026: razão social e endereço mudaram."."""
        same_day = day(self.at) == day(self.since)
        return f"Desde a consulta de {exact(self.since) if same_day else day(self.since)}: {self.changes.sentence}."


def of_customer(connection: Connection, customer_id: int, limit: int) -> dict[int, AnswerChange]:
    """The changes of the customer's newest `limit` answers, by consultation; those that changed nothing are left out.

    Answers are compared with the one before about the same document and UF.
    """
    rows = connection.execute(
        select(_t.id, _t.asked_at, _t.document, _t.uf, _t.verdict, _t.inscriptions)
        .where(
            _t.customer_id == customer_id,
            _t.authority == Authority.SEFAZ.value,
            _t.verdict.in_(_ANSWERS),
        )
        .order_by(_t.id.desc())
        .limit(limit)
    ).all()
    found: dict[int, AnswerChange] = {}
    last: dict[tuple[str, str], tuple[datetime, list[dict[str, Any]]]] = {}
    for number, at, document, uf, verdict, said in reversed(rows):
        if verdict == Verdict.AMBIGUOUS.value and not said:
            continue  # an empty answer does not say that the inscriptions are gone
        earlier = last.get((document, uf))
        last[document, uf] = (at, said)
        if earlier is None or earlier[1] == said:
            continue
        if different := changes(_read(said), _read(earlier[1])):
            found[number] = AnswerChange(at, earlier[0], different)
    return found


def of_consultation(connection: Connection, consultation_id: int) -> AnswerChange | None:
    """What this answer of SEFAZ changed, also where the document is nobody's; None when that is nothing."""
    answer = history.get(connection, consultation_id)
    return None if answer is None else of_answer(connection, answer)


def of_answer(connection: Connection, answer: FullConsultation) -> AnswerChange | None:
    """As `of_consultation`, of one already read."""
    if not (answer.inscriptions or answer.row.verdict is Verdict.NOT_TAXPAYER):
        return None
    before = history.answer_before(connection, answer.row)
    while before is not None and before.row.verdict is Verdict.AMBIGUOUS and not before.inscriptions:
        before = history.answer_before(connection, before.row)  # an empty answer says nothing of the inscriptions
    if before is None or not (different := changes(answer.inscriptions, before.inscriptions)):
        return None
    return AnswerChange(answer.row.asked_at, before.row.asked_at, different)


def _read(kept: list[dict[str, Any]]) -> tuple[Inscription, ...]:
    return tuple(Inscription.from_layout(fields) for fields in kept)
