"""Reads the answer of a gerenciadora by its mapping: a report, or why it is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.credit_analysis import CreditReport, NegativeGroup, NegativeRecord
from app.domain import Document, FailureKind
from app.policies import Environment
from services.credit.about import not_about
from services.credit.json_values import NotAReport, clean
from services.credit.mapping import AmountForm, AnswerMapping, GroupWhere, Sign, Where
from services.credit.refusal import shown_words

MAX_TEXT = 300
"""The most characters of one text; the rest is cut. The answer itself is kept whole elsewhere."""
MAX_RECORDS = 1000
_MAX_AMOUNT = Decimal(10) ** 15
_MAX_COUNT = 10**9

_POINT = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,10})?")
_COMMA = re.compile(r"-?([0-9]{1,20}|[0-9]{1,3}(\.[0-9]{3}){1,6})(,[0-9]{1,10})?")


class Declined(Exception):
    """The gerenciadora says why there is no report: what that means, and its own words as a failure may show them, ""
    when it has none."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


@dataclass(frozen=True)
class ReadAnswer:
    """A report, and by what number the gerenciadora knows the query."""

    report: CreditReport
    request_id: str


def check_declined(told: Any, mapping: AnswerMapping, *, only_by_words: bool = False) -> None:
    """Raises Declined when the answer is one of those that say why there is no report.

    `only_by_words` leaves out the refusals that any value shows: the status has said more already.
    """
    for refusal in mapping.refusals:
        if (refusal.sign.values or not only_by_words) and _shows(told, refusal.sign):
            found = _at(told, refusal.message)
            message = shown_words(str(found)) if isinstance(found, str | int | Decimal) else ""
            raise Declined(refusal.kind, message)


def read_report(told: Any, mapping: AnswerMapping, document: Document, environment: Environment) -> ReadAnswer:
    """What an answer that was not declined says of that document. Raises NotAReport."""
    stated = _text(told, mapping.document)
    if mapping.document is not None and not stated:
        raise NotAReport("ela não diz de qual documento fala")
    score, no_score = _score(told, mapping.score)
    groups, untold = _negatives(told, mapping)
    notices = [no_score] if no_score else []
    for where in mapping.notices:
        notices += _texts(_at(told, where), where)
    if untold and groups is not None:
        notices.append(f"A resposta não diz nada de: {', '.join(untold)}.")
    notices += not_about(document, stated, environment)
    facts = ((label, _text(told, where)) for label, where in mapping.facts)
    hidden = mapping.suppressed is not None and _shows(told, mapping.suppressed)
    report = CreditReport(
        document=document.value,
        name=_text(told, mapping.name),
        situation=_text(told, mapping.situation),
        score=score,
        score_model=_text(told, mapping.score_model),
        score_range=_text(told, mapping.score_range),
        default_rate=_text(told, mapping.default_rate),
        negatives=groups,
        suppressed=hidden or (bool(untold) and groups is not None),
        facts=tuple((label, text) for label, text in facts if text),
        notices=tuple(dict.fromkeys(notices)),
    )
    return ReadAnswer(report, _text(told, mapping.request_id)[:80])


def text_at(told: Any, where: Where) -> str:
    """The text there exactly as it is written, "" when there is none."""
    value = _at(told, where)
    return value if isinstance(value, str) else ""


def _score(told: Any, where: Where | None) -> tuple[int | None, str]:
    """The score and, where there is another thing in its place, that in words."""
    value = _at(told, where)
    if isinstance(value, str) and re.fullmatch(r" *[0-9]{1,6}([.,]0+)? *", value):
        value = Decimal(value.strip().replace(",", "."))
    if value is None or value == "":
        return None, ""
    if isinstance(value, str):
        return None, f"No lugar do score a resposta diz “{clean(value)[:MAX_TEXT]}”."
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value < _MAX_COUNT:
        raise NotAReport(f"o score ({_named(where)}) não é um número possível")
    if value != int(value):
        raise NotAReport(f"o score ({_named(where)}) não é um número inteiro")
    return int(value), ""


def _negatives(told: Any, mapping: AnswerMapping) -> tuple[tuple[NegativeGroup, ...] | None, list[str]]:
    """The groups that the answer tells, None when it tells none, and the kinds of which it says nothing."""
    found = [(where.kind, _group(told, where, mapping)) for where in mapping.negatives]
    groups = tuple(group for _, group in found if group is not None)
    return groups or None, [kind for kind, group in found if group is None]


def _group(told: Any, where: GroupWhere, mapping: AnswerMapping) -> NegativeGroup | None:
    items = _at(told, where.items)
    if items is not None and not isinstance(items, list):
        raise NotAReport(f"“{_named(where.items)}” não é uma lista")
    counted = _count(_at(told, where.count), where.count)
    if items is None and counted is None:
        return NegativeGroup(where.kind, 0, None) if where.absent_is_none else None
    records = [_record(item, where, mapping) for item in items or ()]
    count = max(counted or 0, len(records))
    total = _amount(_at(told, where.total), mapping.amounts, where.total)
    known = [record.amount for record in records if record.amount is not None]
    if total is None and count and len(known) == count:
        total = sum(known, Decimal("0.00"))
    if total is not None and (total < 0 or (total and not count)):
        raise NotAReport(f"em “{where.kind}” a quantidade e o valor se contradizem")
    first, last = (_day(_at(told, at), mapping) for at in (where.first, where.last))
    return NegativeGroup(where.kind, count, total, first, last, tuple(records[:MAX_RECORDS]))


def _record(item: Any, where: GroupWhere, mapping: AnswerMapping) -> NegativeRecord:
    if not isinstance(item, dict | list):
        raise NotAReport(f"um item de “{_named(where.items)}” não é um objeto")
    return NegativeRecord(
        _day(_at(item, where.on), mapping),
        _text(item, where.creditor),
        _text(item, where.nature),
        _text(item, where.contract),
        _amount(_at(item, where.amount), mapping.amounts, where.amount),
    )


def _at(told: Any, where: Where | None) -> Any:
    """The value there, None when there is none."""
    for name in where or ():
        if isinstance(told, dict):
            told = told.get(name)
        elif isinstance(told, list) and re.fullmatch("[0-9]{1,6}", name):
            told = told[int(name)] if int(name) < len(told) else None
        else:
            return None
    return None if where is None else told


def _shows(told: Any, sign: Sign) -> bool:
    value = _at(told, sign.where)
    if isinstance(value, bool) and sign.values:
        value = "true" if value else "false"
    if not sign.values:
        return bool(value)
    return isinstance(value, str | int | Decimal) and clean(str(value)).upper() in map(str.upper, sign.values)


def _text(told: Any, where: Where | None) -> str:
    return " ".join(_texts(_at(told, where), where))[:MAX_TEXT]


def _texts(value: Any, where: Where | None) -> list[str]:
    """The texts of a value that is one, a number or a list of them."""
    values = value[:MAX_RECORDS] if isinstance(value, list) else [value]
    return [text for each in values if (text := _one_text(each, where))]


def _one_text(value: Any, where: Where | None) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "sim" if value else "não"
        case str() | int() | Decimal():
            return clean(str(value))[:MAX_TEXT]
    raise NotAReport(f"“{_named(where)}” não é um texto")


def _count(value: Any, where: Where | None) -> int | None:
    if isinstance(value, str) and re.fullmatch(" *[0-9]{1,9} *", value):
        value = int(value)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value < _MAX_COUNT:
        raise NotAReport(f"“{_named(where)}” não é uma quantidade")
    if value != int(value):
        raise NotAReport(f"“{_named(where)}” não é uma quantidade inteira")
    return int(value)


def _amount(value: Any, form: AmountForm, where: Where | None) -> Decimal | None:
    """In reais, to the cent."""
    if isinstance(value, str):
        value = _written(value.strip().removeprefix("R$").strip(), form, where)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or abs(Decimal(value)) >= _MAX_AMOUNT:
        raise NotAReport(f"“{_named(where)}” não é um valor em reais")
    amount = Decimal(value) / 100 if form is AmountForm.CENTS else Decimal(value)
    return amount.quantize(Decimal("0.01"))


def _written(text: str, form: AmountForm, where: Where | None) -> Decimal | None:
    if not text:
        return None
    pattern = _COMMA if form is AmountForm.COMMA else _POINT
    if pattern.fullmatch(text) is None or (form is AmountForm.CENTS and "." in text):
        raise NotAReport(f"“{_named(where)}” não é um valor escrito como o mapeamento diz")
    return Decimal(text.replace(".", "").replace(",", ".") if form is AmountForm.COMMA else text)


def _day(value: Any, mapping: AnswerMapping) -> date | None:
    """The day, without its hour; None for what is none, as the 00/00/0000 of some answers: nothing is decided by it."""
    text = str(value).strip() if isinstance(value, str | int) else ""
    try:
        return datetime.strptime(text[: len(mapping.dates.value)], mapping.dates.strptime).date()  # noqa: DTZ007
    except ValueError:
        return None


def _named(where: Where | None) -> str:
    return ".".join(where or ())
