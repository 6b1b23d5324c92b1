"""What the gerenciadoras of the demonstration say of somebody, in the form of each: everything in it is made up."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from app.domain import Document, DocumentKind


@dataclass(frozen=True)
class DemoDebt:
    """One negative record; `amount` in reais, None where the kind has none, `days` how long ago."""

    amount: float | None
    days: int
    creditor: str = "CREDOR FICTICIO SA"


@dataclass(frozen=True)
class DemoCredit:
    """What is known of one document. `score` is None when it was not calculated; with `suppressed` a court had the
    records taken out. Debts are by the kinds that both providers have."""

    name: str
    score: int | None = 820
    overdue: tuple[DemoDebt, ...] = ()
    protests: tuple[DemoDebt, ...] = ()
    cheques: tuple[DemoDebt, ...] = ()
    lawsuits: tuple[DemoDebt, ...] = ()
    suppressed: bool = False
    enquiries: int = 2
    situation: str = field(default="ATIVA")


def serasa_report(document: Document, credit: DemoCredit, report: str, today: date) -> bytes:
    """The answer of Serasa Experian: 200, `application/json`."""
    is_company = document.kind is DocumentKind.CNPJ
    identity = {
        "documentNumber": document.value,
        "companyName" if is_company else "consumerName": credit.name,
        "statusCodeDescription" if is_company else "statusRegistration": credit.situation if is_company else "REGULAR",
    }
    if is_company:
        identity |= {"economicActivity": "COMERCIO VAREJISTA DE COMBUSTIVEIS", "companyFoundation": "2003-08-08"}
    hidden = credit.suppressed
    debts = {
        "pefin": () if hidden else credit.overdue,
        "refin": (),
        "collectionRecords": (),
        "check": () if hidden else credit.cheques,
        "notary": () if hidden else credit.protests,
    }
    told = {
        "reportName": report,
        "identificationReport" if is_company else "registration": identity,
        "negativeData": {name: _serasa_group(name, each, today) for name, each in debts.items()},
        "facts": {
            "judgementFilings": _serasa_group("judgementFilings", () if hidden else credit.lawsuits, today),
            "bankrupts": _serasa_group("bankrupts", (), today),
            "inquiryCompanyResponse": {"results": [], "quantity": {"actual": credit.enquiries, "historical": []}},
        },
        "score": _serasa_score(credit.score),
        "negativeSummary": {"message": "NADA CONSTA"} if hidden else {},
    }
    return _json({"reports": [told], "optionalFeatures": {}})


def spc_report(document: Document, credit: DemoCredit, number: int, today: date) -> bytes:
    """The answer of SPC Brasil: 200, `application/json`."""
    company = {
        "razaoSocial": credit.name,
        "cnpj": {"numero": document.value},
        "situacaoCnpj": {"descricaoSituacao": credit.situation},
    }
    person = {"nome": credit.name, "cpf": {"numero": document.value}, "situacaoCpf": {"descricaoSituacao": "REGULAR"}}
    is_company = document.kind is DocumentKind.CNPJ
    debts = (credit.overdue, credit.protests, credit.cheques, credit.lawsuits)
    result: dict[str, Any] = {
        "protocolo": {"numero": number, "digito": number % 10},
        "restricao": any(debts) or credit.suppressed,
        "consumidor": {"consumidorPessoaJuridica": company} if is_company else {"consumidorPessoaFisica": person},
    }
    if not credit.suppressed:
        result |= {
            "spc": _spc_group("detalheSpc", credit.overdue, today),
            "protesto": _spc_group("detalheProtesto", credit.protests, today),
            "ccf": _spc_group("detalheCcf", credit.cheques, today),
            "informacaoPoderJudiciario": _spc_group("detalheInformacaoPoderJudiciario", credit.lawsuits, today),
        }
    if credit.score is not None:
        score = {"score": credit.score, "classe": "A" if credit.score > 500 else "E", "horizonte": 12}
        result["spcScore12Meses"] = {"detalheSpcScore12Meses": [score]}
    return _json({"result": {"error": "false", "return_object": {"resultado": result}}})


def spc_error(message: str, code: str = "") -> bytes:
    """An error that comes as HTTP 200, as SPC sends them; `code` is its `codigoRetorno`."""
    told: dict[str, Any] = {"result": {"error": "true", "message": message}}
    return _json({**told, "codigoRetorno": code} if code else told)


def serasa_error(code: str, message: str) -> bytes:
    """What goes with a status other than 200."""
    return _json([{"code": code, "message": message}])


def serasa_token(token: str, until: datetime) -> bytes:
    """The answer to a login: `expiresIn` is a moment, as seconds since 1970, as text."""
    told = {"accessToken": token, "tokenType": "Bearer", "expiresIn": str(round(until.timestamp()))}
    return _json({**told, "scope": ["READ", "WRITE"]})


def _serasa_group(name: str, debts: tuple[DemoDebt, ...], today: date) -> dict[str, Any]:
    days = sorted(today - timedelta(days=debt.days) for debt in debts)
    records = [
        {
            "occurrenceDate": (today - timedelta(days=debt.days)).isoformat(),
            "legalNature": "VENDA MERCAD",
            "contractId": f"{number:09}",
            "creditorName": debt.creditor,
            **({} if debt.amount is None else {"amount": debt.amount}),
        }
        for number, debt in enumerate(debts, 1)
    ]
    summary: dict[str, Any] = {"count": len(debts), "balance": _sum(debts)}
    if days:
        summary |= {"firstOccurrence": days[0].isoformat(), "lastOccurrence": days[-1].isoformat()}
    return {f"{name}Response": records, "summary": summary} if records else {"summary": summary}


def _serasa_score(score: int | None) -> dict[str, Any]:
    if score is None:
        return {"scoreModel": "H4PJ", "message": "SCORE NAO CALCULADO - INSUFICIENCIA INFORMACOES"}
    return {
        "scoreModel": "H4PJ",
        "score": score,
        "range": "BAIXO" if score > 500 else "ALTO",
        "defaultRate": f"{(1000 - score) / 25:.1f}".replace(".", ","),
    }


def _spc_group(name: str, debts: tuple[DemoDebt, ...], today: date) -> dict[str, Any]:
    summary: dict[str, Any] = {"quantidadeTotal": len(debts), "valorTotal": _sum(debts)}
    days = sorted(debt.days for debt in debts)
    if days:
        summary["dataUltimaOcorrencia"] = _milliseconds(today - timedelta(days=days[0]))
    records = [
        {
            "nomeAssociado": debt.creditor,
            "contrato": f"{number:09}",
            "dataInclusao": _milliseconds(today - timedelta(days=debt.days)),
            **({} if debt.amount is None else {"valor": debt.amount}),
        }
        for number, debt in enumerate(debts, 1)
    ]
    return {"resumo": summary, name: records}


def _sum(debts: tuple[DemoDebt, ...]) -> float:
    return round(sum(debt.amount or 0.0 for debt in debts), 2)


def _milliseconds(day: date) -> int:
    # Midnight in Brasília, without summer time, as SPC writes days.
    return round(datetime.combine(day, time(3), UTC).timestamp() * 1000)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
