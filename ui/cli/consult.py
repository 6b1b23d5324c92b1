"""`consultar`: one document or customer, now, at SEFAZ or at ANP."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from app import anp_words
from app.documents import InvalidDocument, parse_document
from app.domain import (
    AnpFinding,
    AnpOutcome,
    AnpSource,
    Authority,
    Document,
    DocumentKind,
    Failure,
    FailureKind,
    Finding,
    Inscription,
    Origin,
    Request,
    Result,
    SefazFinding,
    Verdict,
)
from app.inscription_words import LABELS, fields_of, spelled
from app.kinds import InvalidValue, State
from app.policies import AnpKind
from ui.cli.office import opened
from ui.cli.output import Status, note, note_failure, write, write_json, write_table
from ui.cli.portuguese import UsageError, positive
from ui.cli.problems import Problem, Refused

if TYPE_CHECKING:
    from app.data.answer_changes import AnswerChange
    from app.data.customers import Subject
    from services.backoffice import Backoffice

NAME = "consultar"

_COLUMNS = ("IE", "cSit", "CNPJ", "CPF", "UF", "xNome", "xFant", "xMun", "CNAE", "xRegApur", "dIniAtiv", "dBaixa")
_HEADERS = (
    "",
    "IE",
    "Situação",
    "CNPJ",
    "CPF",
    "UF",
    "Nome",
    "Fantasia",
    "Município",
    "CNAE",
    "Regime",
    "Início",
    "Baixa",
)


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        NAME,
        help="consulta um documento ou um cliente na SEFAZ ou na ANP, agora",
        description="Consulta na SEFAZ, com o certificado da filial escolhida nas configurações, ou na ANP, e guarda "
        "o resultado. Termina com 0 quando o cliente está habilitado na SEFAZ, ou com o cadastro atualizado na ANP, e "
        "com 1 em qualquer outro resultado.",
    )
    parser.set_defaults(run=run)
    whom = parser.add_mutually_exclusive_group(required=True)
    whom.add_argument("--documento", metavar="D", help="CNPJ, CPF ou inscrição estadual; na SEFAZ, exige --uf")
    whom.add_argument("--cliente", metavar="N", type=positive, help="código de um cliente cadastrado")
    parser.add_argument(
        "--uf",
        type=_uf,
        help="UF da inscrição estadual: é a SEFAZ dela que responde; na ANP, só escolhe entre cadastros do mesmo CNPJ",
    )
    parser.add_argument(
        "--tipo",
        choices=[kind.value.lower() for kind in DocumentKind],
        help="o que é o documento; sem isso, 14 caracteres são CNPJ e 11 dígitos são CPF",
    )
    parser.add_argument(
        "--autoridade",
        choices=[Authority.SEFAZ.value, Authority.ANP.value],
        default=Authority.SEFAZ.value,
        help="quem é consultado; sem isso, a SEFAZ",
    )
    parser.add_argument("--aplicar", action="store_true", help="aplica os perfis: pode bloquear ou liberar o cliente")
    parser.add_argument("--json", action="store_true", help="responde em JSON")


def run(options: argparse.Namespace) -> Status:
    """Consult and show."""
    from app.data.answer_changes import of_consultation

    document = _document(options)
    with opened() as office:
        chosen = _chosen(options, office, document)
        request = chosen.request
        options.documento, options.uf = request.document.value, request.uf  # said also when nothing can be asked
        result = office.consultation_of(request.authority).run(request, office.settings.load(), wait=_wait)
        with office.database.reading() as connection:
            change = of_consultation(connection, result.consultation_id)
    finding = result.finding
    if options.json:
        said = as_document(result, change)
        if chosen.others:
            said["motivos"].append(chosen.others)
        write_json(said)
    else:
        _show(result, change)
        if chosen.others:
            write(chosen.others)
    if finding.failure is not None:
        note_failure(finding.failure)
    return Status.DONE if finding.verdict in (Verdict.ENABLED, AnpOutcome.UPDATED) else Status.REFUSED


def as_document(result: Result, change: AnswerChange | None = None) -> dict[str, Any]:
    """The JSON form of a consultation, by the authority consulted; the `infCad` of SEFAZ has the layout's own names.

    `change` is what the answer of SEFAZ has different from the one before.
    """
    finding = result.finding
    if isinstance(finding, AnpFinding):
        registration = finding.registration
        return {
            **_anp_document(finding.document.value, finding.verdict, finding.failure),
            "bandeira": finding.brand,
            "bandeira_cadastrada": finding.brand_known,
            "autorizacao": registration.authorization if registration else "",
            "razaoSocial": registration.name if registration else "",
            "fonte": finding.source.value if finding.source else None,
            "consulta_id": result.consultation_id,
            "motivos": [finding.reason, result.decision.why],
        }
    sefaz = _sefaz(result)
    return {
        **_sefaz_document(sefaz.document.value, sefaz.uf, sefaz.verdict, sefaz.failure),
        "cStat": sefaz.c_stat,
        "xMotivo": sefaz.x_motivo,
        "infCad": [inscription.as_layout() for inscription in sefaz.inscriptions],
        "duracao_ms": sefaz.duration_ms,
        "consulta_id": result.consultation_id,
        "mudancas": None if change is None else _changes_document(sefaz, change),
    }


def _changes_document(finding: SefazFinding, change: AnswerChange) -> dict[str, Any]:
    now, changes = finding.inscriptions, change.changes
    return {
        "desde": change.since.isoformat(),
        "resumo": change.sentence,
        "campos": [
            {
                "IE": now[position].IE,
                "campo": name,
                "rotulo": LABELS[name],
                "antes": before,
                "agora": fields_of(now[position]).get(name, ""),
            }
            for (position, name), before in changes.fields.items()
        ],
        "novas": [now[position].IE for position in sorted(changes.new)],
        "nao_vieram_mais": [inscription.IE for inscription in changes.gone],
    }


def error_document(problem: Problem, options: argparse.Namespace, arguments: Sequence[str]) -> dict[str, Any]:
    """The same keys when nothing was asked; `options` is empty when the `arguments` were not understood."""
    kind = FailureKind.CANCELLED if problem.status is Status.INTERRUPTED else FailureKind.CONFIGURATION
    failure = problem.failure or Failure(kind, problem.sentence, "", "")
    document = getattr(options, "documento", None)
    anp = Authority.ANP.value
    if f"--autoridade={anp}" in arguments or ("--autoridade", anp) in pairwise(arguments):
        return {**_anp_document(document, AnpOutcome.FAILURE, failure), "motivos": [problem.sentence]}
    return _sefaz_document(document, getattr(options, "uf", None), Verdict.FAILURE, failure)


def _sefaz_document(document: str | None, uf: str | None, verdict: Verdict, failure: Failure | None) -> dict[str, Any]:
    """Every key, those of an answer empty."""
    return {
        "autoridade": Authority.SEFAZ.value,
        "documento": document,
        "uf": uf,
        "resultado": verdict.value,
        "cStat": "",
        "xMotivo": "",
        "infCad": [],
        "falha": failure_document(failure),
        "duracao_ms": None,
        "consulta_id": None,
        "mudancas": None,
    }


def _anp_document(document: str | None, outcome: AnpOutcome, failure: Failure | None) -> dict[str, Any]:
    """Every key, those of an answer empty."""
    return {
        "autoridade": Authority.ANP.value,
        "documento": document,
        "resultado": outcome.value,
        "status": outcome.value if outcome.is_answer else None,
        "bandeira": "",
        "bandeira_cadastrada": None,
        "autorizacao": "",
        "razaoSocial": "",
        "fonte": None,
        "falha": failure_document(failure),
        "consulta_id": None,
        "motivos": [],
    }


def failure_document(failure: Failure | None) -> dict[str, str] | None:
    """The JSON form of a failure."""
    return None if failure is None else {"classe": failure.kind.value, "mensagem": failure.sentence}


def _sefaz(result: Result) -> SefazFinding:
    finding = result.finding
    assert isinstance(finding, SefazFinding)
    return finding


def _uf(text: str) -> str:
    try:
        return State().parse(text)
    except InvalidValue as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _document(options: argparse.Namespace) -> Document | None:
    if options.cliente is not None:
        for name in ("uf", "tipo"):
            if getattr(options, name):
                raise UsageError(f"--{name} não se usa com --cliente: vale o que está no cadastro do cliente.")
        return None
    if not options.uf and options.autoridade == Authority.SEFAZ.value:
        raise UsageError("Falta informar --uf: a UF da inscrição estadual do cliente.")
    try:
        return parse_document(options.documento, DocumentKind(options.tipo.upper()) if options.tipo else None)
    except InvalidDocument as error:
        hint = "" if options.tipo else " Uma inscrição estadual pede --tipo ie."
        raise UsageError(f"{error}{hint}") from error


@dataclass(frozen=True)
class _Chosen:
    """What is asked, and the other customers of the same CNPJ, in a sentence ("" when there are none)."""

    request: Request
    others: str = ""


def _chosen(options: argparse.Namespace, office: Backoffice, document: Document | None) -> _Chosen:
    from app.data import customers

    authority = Authority(options.autoridade)
    uf, customer_id, others = options.uf or "", options.cliente, ""
    with office.database.reading() as connection:
        if document is None:
            subject = customers.subject(connection, customer_id)
            if subject is None:
                raise Refused(f"Não existe o cliente {customer_id}. Veja os códigos com “clientes listar”.")
            document, uf = subject.document, subject.uf
        elif authority is Authority.ANP:
            same = sorted(customers.all_by_document(connection, document), key=lambda one: _less_likely(one, uf))
            if same:
                customer_id, uf = same[0].id, same[0].uf
                others = _same_document(same[1:])
        else:
            same = customers.by_document(connection, document, uf)
            customer_id = same[0].id if len(same) == 1 else None
    request = Request(document, uf, Origin.COMMAND, office.actor, options.aplicar, customer_id, authority)
    return _Chosen(request, others)


def _less_likely(customer: Subject, uf: str) -> tuple[bool, bool, bool]:
    """Puts first, of the customers with one CNPJ, an active one that is a reseller, in the UF that was told."""
    return not customer.active, customer.anp_kind is AnpKind.NONE, bool(uf) and customer.uf != uf


def _same_document(others: list[Subject]) -> str:
    if not others:
        return ""
    named = ", ".join(f"{one.id} ({one.name}, {one.uf})" for one in others)
    what = "outro cliente, que não foi consultado" if len(others) == 1 else "outros clientes, que não foram consultados"
    return f"O mesmo CNPJ é de {what}: {named}. Consulte com --cliente."


def _wait(seconds: float, why: str) -> None:
    note(f"Aguardando {math.ceil(seconds)} s: {why}")
    time.sleep(seconds)


def _show(result: Result, change: AnswerChange | None) -> None:
    finding = result.finding
    where = " ".join(part for part in (result.request.authority.label, finding.uf) if part)
    who = f"{result.customer} (cliente {result.request.customer_id})" if result.customer else "sem cadastro de cliente"
    write(f"{finding.document.named} · {where} · {who}")
    write(f"Resultado: {finding.verdict.label}")
    write(f"Motivo: {finding.reason}")
    write(f"Decisão: {result.decision.why}")
    if change is not None:
        write(f"Mudou: {change.sentence}")
    source = f"{_source(finding)} · " if _source(finding) else ""
    write(f"{source}{finding.duration_ms} ms · consulta {result.consultation_id}")
    if isinstance(finding, AnpFinding) and finding.registration is not None:
        write()
        fields = anp_words.fields_of(finding.registration).items()
        write_table(("Campo", "Na ANP"), [(anp_words.LABELS[name], said.replace("\n", "; ")) for name, said in fields])
    if isinstance(finding, SefazFinding) and finding.inscriptions:
        write()
        write_table(_HEADERS, [_line(finding, inscription) for inscription in finding.inscriptions])


def _source(finding: Finding) -> str:
    """What stands behind the answer: the status code of SEFAZ, or which of its sources spoke for ANP."""
    match finding:
        case SefazFinding() if finding.c_stat:
            return f"cStat {finding.c_stat} {finding.x_motivo}"
        case AnpFinding(source=AnpSource() as said_by):
            return anp_words.source(said_by, finding.listed_at)
    return ""


def _line(finding: SefazFinding, inscription: Inscription) -> list[str]:
    present = fields_of(inscription)
    own = "→" if inscription == finding.own and len(finding.inscriptions) > 1 else ""
    return [own, *(_cell(name, present.get(name, "")) for name in _COLUMNS)]


def _cell(name: str, value: str) -> str:
    return value if name == "UF" or not value else spelled(name, value)
