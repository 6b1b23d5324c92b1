"""How a credit analysis is written by commands: as JSON, as a line of a table, and whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.credit_analysis import TEST_WARNING, AnalysisOutcome
from app.policies import Environment
from app.portuguese import calendar_day, ended, exact, money
from app.settings.catalog import CREDIT_ENVIRONMENT
from ui.cli.consult import failure_document
from ui.cli.output import note, note_failure, write, write_table

if TYPE_CHECKING:
    from app.credit_analysis import CreditReport, NegativeGroup
    from app.data.credit_analyses import FullAnalysis
    from app.data.credit_lists import ListedAnalysis

HEADERS = (
    "Número",
    "Inclusão",
    "Consulta",
    "Documento",
    "Cliente",
    "Empresa",
    "Status",
    "Resultado",
    "Validade",
    "Ambiente",
    "Manual",
    "Usuário",
)
"""Of the lines of `line_of`."""


def line_of(one: ListedAnalysis) -> list[str]:
    """One analysis as a line of a list."""
    row = one.row
    validity = "" if one.good_until is None else calendar_day(one.good_until)
    return [
        str(row.id),
        exact(row.created_at),
        "" if row.consulted_at is None else exact(row.consulted_at),
        str(row.document),
        row.customer,
        row.company,
        row.state.label,
        _outcome(one),
        f"{validity} (vencida)" if one.expired else validity,
        CREDIT_ENVIRONMENT.kind.show(row.environment),
        "sim" if row.manual else "não",
        row.user,
    ]


def _outcome(one: ListedAnalysis) -> str:
    if one.row.outcome is not None:
        return one.row.outcome.label
    return AnalysisOutcome.FAILURE.label if one.row.failed else ""


def row_document(one: ListedAnalysis) -> dict[str, Any]:
    """The JSON form of what lists have."""
    row = one.row
    return {
        "numero": row.id,
        "incluida_em": row.created_at.isoformat(),
        "consultada_em": None if row.consulted_at is None else row.consulted_at.isoformat(),
        "documento": row.document.value,
        "cliente": row.customer_id,
        "nome": row.customer,
        "empresa": row.company_id,
        "gerenciadora": row.manager_id,
        "ambiente": row.environment.value,
        "status": row.state.value,
        "resultado": None if row.outcome is None else row.outcome.value,
        "falhou": row.failed,
        "validade": None if one.good_until is None else one.good_until.isoformat(),
        "vencida": one.expired,
        "origem": row.origin.value,
        "manual": row.manual,
        "urgente": row.urgent,
        "usuario": row.user,
    }


def more_document(full: FullAnalysis) -> dict[str, Any]:
    """The JSON form of the rest, but the answer itself."""
    return {
        "motivos": list(full.reasons),
        "falha": failure_document(full.failure),
        "relatorio": None if full.report is None else _report_document(full.report),
        "http": full.http_status,
        "numero_na_gerenciadora": full.request_id,
        "duracao_ms": full.duration_ms,
        "resposta_guardada": bool(full.raw),
    }


def _report_document(report: CreditReport) -> dict[str, Any]:
    return {
        "nome": report.name,
        "situacao": report.situation,
        "score": report.score,
        "score_modelo": report.score_model,
        "score_faixa": report.score_range,
        "inadimplencia": report.default_rate,
        "negativos": None if report.negatives is None else [_group_document(group) for group in report.negatives],
        "suprimido": report.suppressed,
        "fatos": dict(report.facts),
        "avisos": list(report.notices),
    }


def _group_document(group: NegativeGroup) -> dict[str, Any]:
    return {
        "tipo": group.kind,
        "quantidade": group.count,
        "total": None if group.total is None else str(group.total),
        "primeira": None if group.first is None else group.first.isoformat(),
        "ultima": None if group.last is None else group.last.isoformat(),
        "registros": [
            {
                "data": None if record.on is None else record.on.isoformat(),
                "credor": record.creditor,
                "natureza": record.nature,
                "contrato": record.contract,
                "valor": None if record.amount is None else str(record.amount),
            }
            for record in group.records
        ],
    }


def show(one: ListedAnalysis, full: FullAnalysis) -> None:
    """Write everything of one but the answer itself."""
    row = one.row
    if row.environment is Environment.TEST:
        note(TEST_WARNING)
    who = row.customer or "sem cadastro de cliente"
    write(f"Análise {row.id} · {row.document.named} · {who}")
    write(f"{row.company} · {row.manager}, {CREDIT_ENVIRONMENT.kind.show(row.environment)}")
    write(f"Pedida em {exact(row.created_at)} por {row.user}")
    write(f"Status: {row.state.label}" + (f", {exact(row.consulted_at)}" if row.consulted_at is not None else ""))
    if row.outcome is not None:
        write(f"Resultado: {row.outcome.label}")
    if one.good_until is not None:
        write(f"{'Venceu em' if one.expired else 'Vale até'} {calendar_day(one.good_until)}")
    for reason in full.reasons:
        write(f"Motivo: {reason}")
    if full.report is not None:
        _show_report(full.report)
    if full.failure is not None:
        note_failure(full.failure)


def _show_report(report: CreditReport) -> None:
    write()
    for notice in report.notices:
        write(f"Aviso: {ended(notice)}")
    for label, text in (
        ("Nome", report.name),
        ("Situação", report.situation),
        ("Score", _score(report)),
        ("Probabilidade de inadimplência", report.default_rate),
        *report.facts,
    ):
        if text:
            write(f"{label}: {text}")
    if report.negatives:
        write()
        headers = ("Registros negativos", "Quantidade", "Total", "Primeiro", "Último")
        write_table(headers, [_group_line(group) for group in report.negatives])


def _score(report: CreditReport) -> str:
    if report.score is None:
        return "não informado"
    return " · ".join(part for part in (str(report.score), report.score_range, report.score_model) if part)


def _group_line(group: NegativeGroup) -> list[str]:
    return [
        group.kind,
        str(group.count),
        "" if group.total is None else money(group.total),
        "" if group.first is None else calendar_day(group.first),
        "" if group.last is None else calendar_day(group.last),
    ]
