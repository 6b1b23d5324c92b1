"""Reads a report of Serasa Experian, of a company or of a person.

Its documentation is only for who has a contract. The form is that of public clients of it: `reports[0]` with
`identificationReport` (or `registration`, in the basic reports and in those of persons), `negativeData`, `facts`,
`negativeSummary` and `score`, and `optionalFeatures` beside them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.credit_analysis import CreditReport, NegativeGroup, NegativeRecord
from app.domain import Document
from app.kinds import folded
from app.policies import Environment
from app.portuguese import calendar_day
from services.credit.about import not_about
from services.credit.json_values import NotAReport, amount, clean, day, items, parse_object, part, text, whole
from services.credit.negative_group import Told, negative_group

MAX_SCORE = 1000

_NEGATIVES = {
    "pefin": "PEFIN (pendências comerciais)",
    "refin": "REFIN (pendências bancárias)",
    "collectionRecords": "Dívidas vencidas",
    "check": "Cheques sem fundos",
    "notary": "Protestos",
}
_NEGATIVE_FACTS = {"judgementFilings": "Ações judiciais", "bankrupts": "Falências e recuperações"}
_REGISTRATION_FACTS = (
    ("economicActivity", "Atividade"),
    ("partnership", "Natureza jurídica"),
    ("taxOption", "Opção tributária"),
    ("stateRegistration", "Inscrição estadual"),
    ("branchOffices", "Filiais"),
)
_DATES = (
    ("companyFoundation", "Fundação"),
    ("foundationDate", "Fundação"),
    ("updateDate", "Cadastro atualizado em"),
)
_NOTHING_SHOWN = "nada consta"


def read_report(body: bytes, document: Document, environment: Environment) -> CreditReport:
    """The report about that document. Raises NotAReport, and nothing else."""
    answer = parse_object(body)
    reports = items(answer.get("reports"))
    if not reports:
        raise NotAReport("ela não traz nenhum relatório")
    told = reports[0]
    identity = part(told, "identificationReport") or part(told, "registration")
    if not (identity or part(told, "negativeData") or part(told, "score")):
        raise NotAReport("o relatório veio sem cadastro, sem registros negativos e sem score")
    negatives, kept_back = _negatives(told)
    facts, notices = _facts(told, identity, part(answer, "optionalFeatures")), []
    said = text(part(told, "negativeSummary").get("message"))
    # By order of a court the records are taken out, and in their place comes this (in a report that is clean, nothing).
    suppressed = _NOTHING_SHOWN in folded(said)
    if suppressed:
        notices.append(f"A Serasa não mostra os registros negativos deste documento, e diz só “{said}”.")
    elif said:
        notices.append(said)
    notices += [f"A Serasa não diz nada de {kind}, que este relatório tem." for kind in kept_back]
    number = identity.get("documentNumber") or identity.get("companyDocument")
    notices += not_about(document, number, environment)
    report = CreditReport(
        document.value,
        name=text(identity.get("companyName")) or text(identity.get("consumerName")),
        situation=text(identity.get("statusCodeDescription")) or text(identity.get("statusRegistration")),
        negatives=negatives,
        suppressed=suppressed or bool(kept_back),
        facts=facts,
        notices=tuple(notices),
    )
    return _with_score(report, part(told, "score") or part(answer, "optionalFeatures", "score"))


def _with_score(report: CreditReport, told: dict[str, Any]) -> CreditReport:
    score = whole(told.get("score"))
    if score is not None and not 0 <= score <= MAX_SCORE:
        score = None
    said = text(told.get("message"))
    if "nao calculado" in folded(said):  # a number beside it would be none
        score = None
    rate = text(told.get("defaultRate"))
    return replace(
        report,
        score=score,
        score_model=text(told.get("scoreModel")),
        score_range=text(told.get("range")),
        default_rate=f"{rate}%" if rate and rate[-1].isdigit() else rate,
        notices=(*report.notices, said) if said else report.notices,
    )


def _negatives(told: dict[str, Any]) -> tuple[tuple[NegativeGroup, ...] | None, list[str]]:
    """The groups told of, None when no kind of record is; and the kinds that are named with nothing said of them."""
    negative, facts = part(told, "negativeData"), part(told, "facts")
    # A kind that this program does not know is counted all the same: it is no less negative.
    kinds = {**_NEGATIVES, **{name: clean(name) for name in negative if name not in _NEGATIVES}}
    groups, kept_back = [], []
    for name, kind in kinds.items():
        if negative.get(name) is None:
            continue
        group = _group(name, kind, negative[name])
        if group is None:
            kept_back.append(kind)
        else:
            groups.append(group)
    said_of = bool(groups or kept_back)
    for name, kind in _NEGATIVE_FACTS.items():
        group = _group(name, kind, facts.get(name))
        # Without negative data, that there is no lawsuit does not say that there is nothing; that there is one does.
        if group is not None and (said_of or group.count):
            groups.append(group)
    return (tuple(groups) if said_of or groups else None), kept_back


def _group(name: str, kind: str, value: Any) -> NegativeGroup | None:
    """Records of one kind, None when nothing is said of them. Raises NotAReport when it is not said how many."""
    summary = part(value, "summary")
    told = Told(
        summary.get("count"),
        summary.get("balance"),
        summary.get("firstOccurrence"),
        summary.get("lastOccurrence"),
        part(value).get(f"{name}Response"),
    )
    return negative_group(kind, told, _record)


def _record(told: dict[str, Any]) -> NegativeRecord:
    office, city = text(told.get("officeNumber")), text(told.get("city"))
    state = text(told.get("federalUnit")) or text(told.get("state"))
    place = "/".join(each for each in (city, state) if each)
    where = ", ".join(each for each in (f"Cartório {office}" if office else "", place) if each)
    creditor = text(told.get("creditorName")) or text(told.get("bankName")) or text(told.get("companyName"))
    return NegativeRecord(
        day(told.get("occurrenceDate")),
        creditor or where,
        text(told.get("legalNature")) or text(told.get("companyLegalNature")),
        text(told.get("contractId")) or text(told.get("checkNumber")),
        amount(told.get("amount")),
    )


def _facts(told: dict[str, Any], identity: dict[str, Any], optional: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    facts = [(label, text(identity.get(name))) for name, label in _REGISTRATION_FACTS]
    dates = [(label, day(identity.get(name))) for name, label in _DATES]
    facts += [(label, calendar_day(on)) for label, on in dates if on is not None]
    quantity = part(told, "facts", "inquiryCompanyResponse", "quantity")
    facts.append(("Consultas de outras empresas neste mês", text(quantity.get("actual"))))
    before = [
        f"{text(month.get('occurrences'))} em {'/'.join(reversed(text(month.get('inquiryDate')).split('-')))}"
        for month in items(quantity.get("historical"))
        if text(month.get("occurrences")) and text(month.get("inquiryDate"))
    ]
    facts.append(("Consultas nos meses anteriores", "; ".join(before)))
    persons = part(told, "facts", "inquiry", "summary")
    facts.append(("Consultas de outras empresas", text(persons.get("count"))))
    facts.append(("Itens opcionais na resposta guardada", ", ".join(clean(name) for name in optional)))
    return tuple((label, words) for label, words in facts if words)
