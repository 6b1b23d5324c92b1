"""What the "Comprovante de consulta" of one consultation says: who asked whom about what, the answer, and the proof.

Only what was kept is told: a failure is shown as the lack of an answer, never as one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app import anp_words
from app.documents import from_key
from app.domain import Authority, Inscription
from app.inscription_words import LABELS, fields_of, spelled
from app.portuguese import counted, number
from app.uf import UFS
from app.version import VERSION

if TYPE_CHECKING:
    from app.data.history import FullConsultation

PROGRAM = f"Retaguarda {VERSION}"
DEMONSTRATION = "DEMONSTRAÇÃO — sem valor"

_PROTOCOL = {
    "cStat": "Código da resposta",
    "xMotivo": "Motivo",
    "verAplic": "Versão do aplicativo da SEFAZ",
    "dhCons": "Data e hora da consulta na SEFAZ",
    "UF": "UF consultada",
    "cUF": "Código da UF que atendeu",
    "IE": "Documento a que responde",
    "CNPJ": "Documento a que responde",
    "CPF": "Documento a que responde",
}
"""How the fields of `infCons` are called, in the order in which they are shown."""

_NO_ANSWER = (
    "Não houve resposta sobre o cliente. Esta consulta não diz que ele está habilitado, nem que não está: a situação "
    "dele é a da última resposta, se houver."
)
_HOW_TO_CHECK = (
    "O resumo é dos bytes da mensagem como foram guardados na hora da consulta. Eles vão anexados ao arquivo PDF deste "
    "comprovante; o mesmo cálculo sobre o anexo tem de dar o mesmo resumo."
)


@dataclass(frozen=True)
class Line:
    """One fact. An `exact` value is to be compared character by character."""

    label: str
    value: str
    exact: bool = False


@dataclass(frozen=True)
class Facts:
    """Facts under a title."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Listing:
    """A table under a title; every row has a cell for each header."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Receipt:
    """Everything that the document shows, in order: what is true and why, then the facts.

    `mark` crosses every page; "" when there is nothing to warn of.
    `request` and `response` are the messages byte by byte, empty where there is none.
    """

    number: int
    title: str
    subtitle: str
    outcome: str
    statement: tuple[str, ...]
    sections: tuple[Facts | Listing, ...]
    issued: str
    mark: str
    request: bytes = field(repr=False)
    response: bytes = field(repr=False)


def file_name(consultation_id: int) -> str:
    """How the file of a receipt is called, unless somebody wants another name; without its ending."""
    return f"comprovante-consulta-{consultation_id}"


def receipt(
    consultation: FullConsultation,
    *,
    protocol: Mapping[str, str],
    branch: str,
    zone: str,
    issued_at: datetime,
    issued_by: str,
    is_demo: bool,
) -> Receipt:
    """The receipt of a consultation.

    `protocol` has the fields of the answer's `infCons` by the layout's names, read from its bytes; `branch` is the
    name of the branch with the certificate's CNPJ, "" when none has it; `zone` (IANA) is that of the times.
    """
    row = consultation.row
    place = ZoneInfo(zone)
    asked_at = _moment(row.asked_at, place)
    whom = _whom(consultation)
    sections = (
        Facts("Consulta", tuple(_circumstances(consultation, f"{asked_at} ({zone})", branch, is_demo))),
        Facts("Cliente", tuple(_customer(consultation))),
        *_answer(consultation, protocol),
        Facts("Autenticidade", tuple(_proof(consultation))),
    )
    return Receipt(
        number=row.id,
        title=f"Comprovante de consulta{' sem resposta' if row.failed else ''} — {row.authority.label}",
        subtitle=f"Consulta nº {row.id} · {whom} · {asked_at}",
        outcome=row.verdict.label,
        statement=(_NO_ANSWER if row.failed else row.reason, f"Decisão tomada: {row.decided or row.decision}"),
        sections=sections,
        issued=f"{PROGRAM} · emitido em {_moment(issued_at, place)} por {issued_by}",
        mark=DEMONSTRATION if is_demo else "",
        request=consultation.request,
        response=consultation.response,
    )


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    """ "21/11/2026 15:40:07 -03:00"."""
    local = moment.astimezone(zone)
    return f"{local:%d/%m/%Y %H:%M:%S} {local.isoformat()[-6:]}"


def _whom(consultation: FullConsultation) -> str:
    row = consultation.row
    return f"SEFAZ {row.uf}" if row.authority is Authority.SEFAZ else row.authority.label


def _circumstances(consultation: FullConsultation, when: str, branch: str, is_demo: bool) -> Iterator[Line]:
    row = consultation.row
    yield Line("Data e hora", when)
    yield Line("Duração", f"{number(row.duration_ms)} ms")
    state = f" · {UFS[row.uf].name}" if row.authority is Authority.SEFAZ and row.uf in UFS else ""
    yield Line("Autoridade consultada", _whom(consultation) + state)
    if consultation.authorizer and row.authority is Authority.SEFAZ:
        yield Line("Autorizador que atende", consultation.authorizer)
    if row.source is not None:
        yield Line("Fonte", anp_words.source(row.source, consultation.listed_at))
    yield Line("Ambiente", "Demonstração, neste computador" if is_demo else "Produção")
    if consultation.certificate_cnpj:
        cnpj = f"CNPJ {from_key(consultation.certificate_cnpj)}"
        yield Line("Certificado apresentado", f"{cnpj} · filial {branch}" if branch else cnpj)
    yield Line("Usuário", row.user)
    yield Line("Computador", consultation.machine)


def _customer(consultation: FullConsultation) -> Iterator[Line]:
    row = consultation.row
    yield Line("Documento consultado", row.document.named)
    if row.customer_id is None:
        yield Line("Cliente", "o documento não é de um cliente cadastrado")
    else:
        yield Line("Nome no cadastro", f"{row.customer} (cliente {row.customer_id})")


def _answer(consultation: FullConsultation, protocol: Mapping[str, str]) -> Iterator[Facts | Listing]:
    row, failure = consultation.row, consultation.failure
    if failure is not None:
        told = (
            Line("Tipo", failure.kind.label),
            Line("O que aconteceu", failure.what),
            Line("Causa provável", failure.cause),
            Line("O que fazer", failure.todo),
            Line("Detalhes", failure.details),
        )
        yield Facts("Falha", tuple(line for line in told if line.value))
    if protocol:
        yield Facts("Protocolo da resposta", tuple(_said(_PROTOCOL, protocol)))
    elif row.authority is Authority.SEFAZ:
        nothing = "nenhum: nada do que foi recebido é uma resposta da consulta de cadastro"
        yield Facts("Protocolo da resposta", (Line("Protocolo", nothing),))
    yield from _inscriptions(consultation.inscriptions)
    if consultation.registration is not None:
        present = anp_words.fields_of(consultation.registration)
        yield Facts("Cadastro na ANP", tuple(Line(anp_words.LABELS[name], value) for name, value in present.items()))


def _said(labels: Mapping[str, str], fields: Mapping[str, str]) -> Iterator[Line]:
    """The fields present, each with its name in the layout after its label."""
    for name, label in labels.items():
        if fields.get(name):
            yield Line(label if label == name else f"{label} ({name})", spelled(name, fields[name]))


def _inscriptions(inscriptions: tuple[Inscription, ...]) -> Iterator[Facts | Listing]:
    total = len(inscriptions)
    if total > 1:
        headers = ("Nº", "Inscrição estadual", "UF", "Situação", "Razão social ou nome", "CNPJ ou CPF")
        rows = tuple(_brief(position, inscription) for position, inscription in enumerate(inscriptions, 1))
        yield Listing(counted(total, "inscrição", "inscrições") + " na resposta", headers, rows)
    for position, inscription in enumerate(inscriptions, 1):
        which = f" {position} de {total}" if total > 1 else ""
        yield Facts(f"Inscrição{which}", tuple(_said(LABELS, fields_of(inscription))))


def _brief(position: int, inscription: Inscription) -> tuple[str, ...]:
    document = spelled("CNPJ", inscription.CNPJ) if inscription.CNPJ else spelled("CPF", inscription.CPF)
    situation = spelled("cSit", inscription.cSit) if inscription.cSit else "não informada"
    return str(position), inscription.IE, inscription.UF, situation, inscription.xNome, document


def _proof(consultation: FullConsultation) -> Iterator[Line]:
    yield _digest("SHA-256 da resposta", consultation.response, "não há resposta guardada")
    yield _digest("SHA-256 do pedido", consultation.request, "não há pedido guardado")
    yield Line("Como conferir", _HOW_TO_CHECK)
    yield Line("Programa", PROGRAM)


def _digest(label: str, data: bytes, nothing: str) -> Line:
    if not data:
        return Line(label, nothing)
    return Line(f"{label} ({counted(len(data), 'byte', 'bytes')})", hashlib.sha256(data).hexdigest(), exact=True)
