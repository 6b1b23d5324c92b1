"""`consultar`: one document or customer, now."""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from app.documents import InvalidDocument, parse_document
from app.domain import (
    Authority,
    Document,
    DocumentKind,
    Failure,
    FailureKind,
    Inscription,
    Origin,
    Request,
    Result,
    SefazFinding,
    Verdict,
)
from app.inscription_words import fields_of, spelled
from app.kinds import InvalidValue, State
from ui.cli.office import opened
from ui.cli.output import Status, note, note_failure, write, write_json, write_table
from ui.cli.portuguese import UsageError, positive
from ui.cli.problems import Problem, Refused

if TYPE_CHECKING:
    from services.backoffice import Backoffice

NAME = "consultar"
PATIENCE_S = 60.0
"""The longest wait for the authorizer's turn; a longer one is refused."""

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
        help="consulta um documento ou um cliente na SEFAZ, agora",
        description="Consulta na SEFAZ, com o certificado da filial escolhida nas configurações, e guarda o resultado. "
        "Termina com 0 quando o cliente está habilitado e com 1 em qualquer outro resultado.",
    )
    parser.set_defaults(run=run)
    whom = parser.add_mutually_exclusive_group(required=True)
    whom.add_argument("--documento", metavar="D", help="CNPJ, CPF ou inscrição estadual; exige --uf")
    whom.add_argument("--cliente", metavar="N", type=positive, help="código de um cliente cadastrado")
    parser.add_argument("--uf", type=_uf, help="UF da inscrição estadual: é a SEFAZ dela que responde")
    parser.add_argument(
        "--tipo",
        choices=[kind.value.lower() for kind in DocumentKind],
        help="o que é o documento; sem isso, 14 caracteres são CNPJ e 11 dígitos são CPF",
    )
    parser.add_argument("--autoridade", choices=[Authority.SEFAZ.value], default=Authority.SEFAZ.value, help="a SEFAZ")
    parser.add_argument("--aplicar", action="store_true", help="aplica os perfis: pode bloquear ou liberar o cliente")
    parser.add_argument("--json", action="store_true", help="responde em JSON")


def run(options: argparse.Namespace) -> Status:
    """Consult and show."""
    document = _document(options)
    with opened() as office:
        request = _request(options, office, document)
        options.documento, options.uf = request.document.value, request.uf  # said also when nothing can be asked
        _await_turn(office, request.uf)
        result = office.sefaz.run(request, office.settings.load())
    finding = result.finding
    if options.json:
        write_json(as_document(result))
    else:
        _show(result)
    if finding.failure is not None:
        note_failure(finding.failure)
    return Status.DONE if finding.verdict is Verdict.ENABLED else Status.REFUSED


def as_document(result: Result) -> dict[str, Any]:
    """The JSON form of a consultation, whose `infCad` has the layout's own names."""
    finding = _sefaz(result)
    return {
        "autoridade": result.request.authority.value,
        "documento": finding.document.value,
        "uf": finding.uf,
        "resultado": finding.verdict.value,
        "cStat": finding.c_stat,
        "xMotivo": finding.x_motivo,
        "infCad": [inscription.as_layout() for inscription in finding.inscriptions],
        "falha": failure_document(finding.failure),
        "duracao_ms": finding.duration_ms,
        "consulta_id": result.consultation_id,
    }


def error_document(problem: Problem, options: argparse.Namespace) -> dict[str, Any]:
    """The same keys when nothing was asked; `options` is empty when they were not understood."""
    failure = problem.failure or Failure(FailureKind.CONFIGURATION, problem.sentence, "", "")
    return {
        "autoridade": Authority.SEFAZ.value,
        "documento": getattr(options, "documento", None),
        "uf": getattr(options, "uf", None),
        "resultado": Verdict.FAILURE.value,
        "cStat": "",
        "xMotivo": "",
        "infCad": [],
        "falha": failure_document(failure),
        "duracao_ms": None,
        "consulta_id": None,
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
    if not options.uf:
        raise UsageError("Falta informar --uf: a UF da inscrição estadual do cliente.")
    try:
        return parse_document(options.documento, DocumentKind(options.tipo.upper()) if options.tipo else None)
    except InvalidDocument as error:
        raise UsageError(str(error)) from error


def _request(options: argparse.Namespace, office: Backoffice, document: Document | None) -> Request:
    from app.data import customers

    uf, customer_id = options.uf, options.cliente
    with office.database.reading() as connection:
        if document is None:
            subject = customers.subject(connection, customer_id)
            if subject is None:
                raise Refused(f"Não existe o cliente {customer_id}. Veja os códigos com “clientes listar”.")
            document, uf = subject.document, subject.uf
        else:
            same = customers.by_document(connection, document, uf)
            customer_id = same[0].id if len(same) == 1 else None
    return Request(document, uf, Origin.COMMAND, office.actor, apply=options.aplicar, customer_id=customer_id)


def _await_turn(office: Backoffice, uf: str) -> None:
    while True:
        turn = office.sefaz.next_turn(uf, automatic=False)
        wait_s = (turn.at - datetime.now(UTC)).total_seconds()
        if turn.frozen or wait_s <= 0:
            return
        if wait_s > PATIENCE_S:
            todo = f"Consulte de novo depois das {turn.at.astimezone():%H:%M:%S}."
            raise Refused(turn.why, Failure(FailureKind.LIMIT, turn.why, "", todo))
        note(f"Aguardando {wait_s:.0f} s: {turn.why}")
        time.sleep(wait_s)


def _show(result: Result) -> None:
    finding = _sefaz(result)
    who = f"{result.customer} (cliente {result.request.customer_id})" if result.customer else "sem cadastro de cliente"
    write(f"{finding.document.named} · SEFAZ {finding.uf} · {who}")
    write(f"Resultado: {finding.verdict.label}")
    write(f"Motivo: {finding.reason}")
    write(f"Decisão: {result.decision.why}")
    status = f"cStat {finding.c_stat} {finding.x_motivo} · " if finding.c_stat else ""
    write(f"{status}{finding.duration_ms} ms · consulta {result.consultation_id}")
    if finding.inscriptions:
        write()
        write_table(_HEADERS, [_line(finding, inscription) for inscription in finding.inscriptions])


def _line(finding: SefazFinding, inscription: Inscription) -> list[str]:
    present = fields_of(inscription)
    own = "→" if inscription == finding.own and len(finding.inscriptions) > 1 else ""
    return [own, *(_cell(name, present.get(name, "")) for name in _COLUMNS)]


def _cell(name: str, value: str) -> str:
    return value if name == "UF" or not value else spelled(name, value)
