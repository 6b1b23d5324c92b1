"""Reads what SPC Brasil answers, of a company or of a person.

Its documentation is only for who has a contract. The form is that of public clients of it: in
`result.return_object.resultado`, `consumidor`, `restricao`, and for each kind of record `resumo` and a list of
`detalhe…`; an error is `result.error` with a `message`, or a `codigoRetorno` (670: the access is suspended).
"""

from __future__ import annotations

from typing import Any

from app.credit_analysis import CreditReport, NegativeGroup, NegativeRecord
from app.domain import Document
from app.kinds import folded
from app.policies import Environment
from app.portuguese import calendar_day
from services.credit.about import not_about
from services.credit.json_values import NotAReport, amount, day, items, parse_object, part, text, whole
from services.credit.negative_group import Told, negative_group
from services.credit.refusal import MAX_REQUEST_ID, told_error

MAX_SCORE = 1000

_NEGATIVES = (
    ("spc", "detalheSpc", "SPC"),
    ("pendenciaFinanceira", "detalhePendenciaFinanceira", "Pendências financeiras"),
    ("protesto", "detalheProtesto", "Protestos"),
    ("chequeLojista", "detalheChequeLojista", "Cheques devolvidos no comércio"),
    ("ccf", "detalheCcf", "Cheques sem fundos"),
    ("informacaoPoderJudiciario", "detalheInformacaoPoderJudiciario", "Ações judiciais"),
)
_SCORES = (
    ("spcScore12Meses", "detalheSpcScore12Meses", "SPC Score 12 meses"),
    ("spcScore3Meses", "detalheSpcScore3Meses", "SPC Score 3 meses"),
    ("scorePj", "detalheScorePj", "SPC Score PJ"),
)
_SUSPENDED = "670"
_OF_REQUESTER = ("suspens", "senha", "operador", "credencia")


class Declined(Exception):
    """SPC answered with an error: its words and its code, "" where it gives none.

    `is_of_requester`: it is we who are not let in, whoever is asked about.
    """

    def __init__(self, words: str, code: str) -> None:
        super().__init__(words)
        self.words = words
        self.code = code
        plain = folded(words)
        self.is_of_requester = code == _SUSPENDED or any(word in plain for word in _OF_REQUESTER)


def read_report(body: bytes, document: Document, environment: Environment) -> tuple[CreditReport, str]:
    """The report about that document and the number of the consultation ("" without one).

    Raises Declined and NotAReport, and nothing else.
    """
    answer = parse_object(body)
    _look_for_error(answer, body)
    result = part(answer, "result", "return_object", "resultado") or part(answer, "resultado")
    if not result:
        raise NotAReport("ela não traz o resultado da consulta")
    company, person = (
        part(result, "consumidor", name) for name in ("consumidorPessoaJuridica", "consumidorPessoaFisica")
    )
    identity = company or person
    groups = [group for name, list_, kind in _NEGATIVES if (group := _group(result.get(name), list_, kind))]
    restricted = result.get("restricao")
    if not (identity or groups or isinstance(restricted, bool)):
        raise NotAReport("o resultado veio sem cadastro e sem registros negativos")
    negatives: tuple[NegativeGroup, ...] | None = tuple(groups)
    notices: list[str] = []
    hidden = restricted is True and not any(group.count for group in groups)
    if hidden:
        notices.append("O SPC diz que há restrição, e não mostra qual.")
    elif restricted is not False and not groups:
        negatives = None
    number = part(identity, "cnpj").get("numero") or part(identity, "cpf").get("numero")
    notices += not_about(document, number, environment)
    situation = part(identity, "situacaoCnpj") or part(identity, "situacaoCpf")
    model, score = _score(result)
    if message := text(score.get("mesagemInterpretativaScore")) or text(score.get("mensagemInterpretativaScore")):
        notices.append(message)
    report = CreditReport(
        document.value,
        name=text(identity.get("razaoSocial")) or text(identity.get("nome")),
        situation=text(situation.get("descricaoSituacao")),
        score=_within(whole(score.get("score"))),
        score_model=model,
        score_range=text(score.get("classe")),
        default_rate=text(score.get("probabilidade")),
        negatives=negatives,
        suppressed=hidden,
        facts=_facts(identity, result),
        notices=tuple(notices),
    )
    return report, _protocol(part(result, "protocolo"))


def _look_for_error(answer: dict[str, Any], body: bytes) -> None:
    result = part(answer, "result")
    code = text(answer.get("codigoRetorno")) or text(result.get("codigoRetorno")) or text(result.get("codigo"))
    error = result.get("error")
    if error is True or (isinstance(error, str) and folded(error) == "true") or code == _SUSPENDED:
        raise Declined(told_error(body), code)


def _group(value: Any, list_: str, kind: str) -> NegativeGroup | None:
    """Records of one kind, None when nothing is said of them. Raises NotAReport when it is not said how many."""
    summary = part(value, "resumo")
    told = Told(
        summary.get("quantidadeTotal"),
        summary.get("valorTotal"),
        summary.get("dataPrimeiraOcorrencia"),
        summary.get("dataUltimaOcorrencia"),
        part(value).get(list_),
    )
    return negative_group(kind, told, _record)


def _record(told: dict[str, Any]) -> NegativeRecord:
    dates = (day(told.get(name)) for name in ("dataVencimento", "dataProtesto", "dataOcorrencia", "dataInclusao"))
    creditor = text(told.get("nomeAssociado")) or text(told.get("origem"))
    return NegativeRecord(
        next((on for on in dates if on is not None), None),
        creditor or text(part(told, "cartorio").get("nome")),
        text(told.get("tituloOcorrencia")),
        text(told.get("contrato")),
        next((each for name in ("valor", "valorPendencia") if (each := amount(told.get(name))) is not None), None),
    )


def _score(result: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    for name, list_, model in _SCORES:
        if found := items(part(result, name).get(list_)):
            return model, found[0]
    return "", {}


def _within(score: int | None) -> int | None:
    return score if score is not None and 0 <= score <= MAX_SCORE else None


def _facts(identity: dict[str, Any], result: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    founded = day(identity.get("dataFundacao"))
    facts = (
        ("Nome fantasia", text(identity.get("nomeComercial"))),
        ("Natureza jurídica", text(part(identity, "naturezaJuridica").get("descricao"))),
        ("Atividade", text(part(identity, "atividadeEconomicaPrincipal").get("descricao"))),
        ("Fundação", calendar_day(founded) if founded else ""),
        ("Consultas de outras empresas", text(part(result, "consultaRealizada", "resumo").get("quantidadeTotal"))),
    )
    return tuple((label, words) for label, words in facts if words)


def _protocol(protocol: dict[str, Any]) -> str:
    number, digit = text(protocol.get("numero")), text(protocol.get("digito"))
    return (f"{number}-{digit}" if number and digit else number or text(protocol.get("protocoloFormatado")))[
        :MAX_REQUEST_ID
    ]
