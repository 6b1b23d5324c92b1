"""The readers of reports: whatever comes, a report that can be kept and relied on, or the word that it is none."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.credit_analysis import AnalysisOutcome, CreditReport
from app.credit_profile import CreditProfile
from app.policies import CreditCustomerAction, CreditOrderAction, Environment
from app.rules.credit_analysis import judge
from services.credit import serasa_report, spc_report
from services.credit.json_values import NotAReport, amount, count, day, text
from services.credit.spc_report import Declined
from services.demo.credit import FEW_DEBTS, MANY_DEBTS
from services.demo.credit_answers import serasa_report as serasa_answer
from services.demo.credit_answers import spc_report as spc_answer
from tests.services.credit.contracts import COMPANY

TODAY = date(2026, 11, 20)
PRODUCTION = Environment.PRODUCTION
ANY_TEXT = st.text(st.characters(), max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=True, allow_infinity=True)
    | ANY_TEXT
    | st.sampled_from(["1e999999", "2026-11-20", "31/02/2026", "1.234,56", "\x00", "NADA CONSTA"])
)
SERASA_NAMES = st.sampled_from(
    [
        "reports",
        "identificationReport",
        "registration",
        "documentNumber",
        "companyName",
        "negativeData",
        "pefin",
        "pefinResponse",
        "refin",
        "check",
        "summary",
        "count",
        "balance",
        "firstOccurrence",
        "amount",
        "score",
        "message",
        "defaultRate",
        "negativeSummary",
        "facts",
        "judgementFilings",
        "optionalFeatures",
        "inquiryCompanyResponse",
        "quantity",
        "historical",
    ]
)
SPC_NAMES = st.sampled_from(
    [
        "result",
        "return_object",
        "resultado",
        "error",
        "message",
        "codigoRetorno",
        "consumidor",
        "consumidorPessoaJuridica",
        "cnpj",
        "numero",
        "spc",
        "protesto",
        "resumo",
        "quantidadeTotal",
        "valorTotal",
        "dataUltimaOcorrencia",
        "detalheSpc",
        "detalheProtesto",
        "restricao",
        "protocolo",
        "spcScore12Meses",
        "detalheSpcScore12Meses",
        "score",
        "classe",
        "valor",
    ]
)


def values(names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Any JSON, with the names that the reader looks for."""
    return st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | ANY_TEXT, inner, max_size=6),
        max_leaves=25,
    )


def may_be_kept(report: CreditReport) -> bool:
    """Whether a database takes it and gives the same back."""
    written = json.dumps(report.as_fields(), ensure_ascii=False)
    written.encode()
    return "\\u0000" not in written and CreditReport.from_fields(json.loads(written)) == report


def replaced(value: Any, path: list[Any], by: Any) -> Any:
    """A copy of a JSON value with another thing somewhere inside it."""
    if not path:
        return by
    if isinstance(value, dict) and value:
        name = sorted(value)[path[0] % len(value)]
        return {**value, name: replaced(value[name], path[1:], by)}
    if isinstance(value, list) and value:
        at = path[0] % len(value)
        return [replaced(each, path[1:], by) if n == at else each for n, each in enumerate(value)]
    return by


@given(values(SERASA_NAMES))
def test_serasa_any_json_is_a_report_or_none(value: Any) -> None:
    for told in (value, {"reports": [value]}, {"reports": value}):
        try:
            report = serasa_report.read_report(json.dumps(told).encode(), COMPANY, PRODUCTION)
        except NotAReport:
            continue
        assert may_be_kept(report)


@given(st.lists(st.integers(0, 50), max_size=8), values(SERASA_NAMES))
def test_serasa_a_report_changed_anywhere_is_a_report_or_none(path: list[int], by: Any) -> None:
    told = json.loads(serasa_answer(COMPANY, MANY_DEBTS, "X", TODAY))
    try:
        report = serasa_report.read_report(json.dumps(replaced(told, path, by)).encode(), COMPANY, PRODUCTION)
    except NotAReport:
        return
    assert may_be_kept(report)


@given(values(SPC_NAMES))
def test_spc_any_json_is_a_report_or_none(value: Any) -> None:
    for told in (value, {"result": value}, {"result": {"return_object": {"resultado": value}}}):
        try:
            report, number = spc_report.read_report(json.dumps(told).encode(), COMPANY, PRODUCTION)
        except (NotAReport, Declined):
            continue
        assert may_be_kept(report)
        assert len(number) <= 80


@given(st.lists(st.integers(0, 50), max_size=9), values(SPC_NAMES))
def test_spc_a_report_changed_anywhere_is_a_report_or_none(path: list[int], by: Any) -> None:
    told = json.loads(spc_answer(COMPANY, MANY_DEBTS, 7, TODAY))
    try:
        report, _ = spc_report.read_report(json.dumps(replaced(told, path, by)).encode(), COMPANY, PRODUCTION)
    except (NotAReport, Declined):
        return
    assert may_be_kept(report)


@given(st.binary(max_size=60))
def test_what_is_no_json_is_no_report(body: bytes) -> None:
    for read in (serasa_report.read_report, spc_report.read_report):
        with pytest.raises((NotAReport, Declined)):
            read(body, COMPANY, PRODUCTION)


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"[" * 100_000, b'{"reports": [NaN]}', b'{"reports": 1e9999999999999999999999}', b"\xff"],
)
def test_hostile_bodies_are_no_report(body: bytes) -> None:
    for read in (serasa_report.read_report, spc_report.read_report):
        with pytest.raises(NotAReport):
            read(body, COMPANY, PRODUCTION)


def serasa(negative: Any = None, score: Any = None, **more: Any) -> CreditReport:
    """What is read of a report of Serasa with these parts."""
    none = {"summary": {"count": 0, "balance": 0.0}}
    told = {"negativeData": {"pefin": none} if negative is None else negative, "score": score or {"score": 700}, **more}
    return serasa_report.read_report(json.dumps({"reports": [told]}).encode(), COMPANY, PRODUCTION)


def spc(**result: Any) -> CreditReport:
    """What is read of a result of SPC with these parts."""
    told = {"result": {"return_object": {"resultado": result}}}
    return spc_report.read_report(json.dumps(told).encode(), COMPANY, PRODUCTION)[0]


def outcome(report: CreditReport) -> AnalysisOutcome:
    """What a company that takes debts of up to R$ 1.000,00 and a score from 500 on makes of it."""
    profile = CreditProfile(90, 500, Decimal(1000), CreditOrderAction.REFUSE, CreditCustomerAction.NOTHING)
    return judge(profile, report).outcome


def test_a_kind_that_is_named_with_nothing_said_of_it_is_not_clean() -> None:
    report = serasa({"pefin": {"summary": {"count": 0}}, "notary": {}})
    assert report.suppressed
    assert "Protestos" in report.notices[0]
    assert outcome(report) is AnalysisOutcome.UNDECIDED


def test_a_report_without_negative_data_does_not_say_that_there_is_none() -> None:
    report = serasa({})
    assert report.negatives is None
    assert outcome(report) is AnalysisOutcome.UNDECIDED


def test_a_lawsuit_counts_also_without_negative_data() -> None:
    filings = {"judgementFilings": {"summary": {"count": 2, "balance": 5000.0}}}
    assert outcome(serasa({}, facts=filings)) is AnalysisOutcome.REFUSED
    assert serasa({}, facts={"judgementFilings": {"summary": {"count": 0}}}).negatives is None


def test_a_kind_that_nobody_knew_counts_all_the_same() -> None:
    report = serasa({"novidade": {"summary": {"count": 3, "balance": 9000.0}}})
    assert outcome(report) is AnalysisOutcome.REFUSED


def test_more_listed_than_counted_is_more() -> None:
    listed = [{"amount": 600.0}, {"amount": 700.0}]
    report = serasa({"pefin": {"pefinResponse": listed, "summary": {"count": 1, "balance": 600.0}}})
    assert (report.negative_count, report.negative_total) == (2, Decimal("1300.00"))


def test_a_list_without_its_summary_is_counted() -> None:
    report = serasa({"pefin": {"pefinResponse": [{"amount": 600.0}]}})
    assert (report.negative_count, report.negative_total) == (1, Decimal("600.00"))
    assert serasa({"pefin": {"pefinResponse": [{"amount": 600.0}, {}]}}).negative_total is None


@pytest.mark.parametrize("number", ["muitos", -1, 1.5, True, [], 10**12])
def test_a_count_that_is_no_count_is_no_report(number: Any) -> None:
    with pytest.raises(NotAReport, match="quantos registros"):
        serasa({"pefin": {"summary": {"count": number}}})
    with pytest.raises(NotAReport, match="quantos registros"):
        spc(spc={"resumo": {"quantidadeTotal": number}})


@pytest.mark.parametrize(
    ("told", "score"), [(0, 0), (1000, 1000), ("712", 712), (712.0, 712), (1001, None), (-1, None)]
)
def test_only_a_possible_score_is_one(told: Any, score: int | None) -> None:
    assert serasa(score={"score": told}).score == score
    assert spc(restricao=False, spcScore12Meses={"detalheSpcScore12Meses": {"score": told}}).score == score


def test_a_score_that_was_not_calculated_is_none_even_beside_a_number() -> None:
    assert serasa(score={"score": 0, "message": "SCORE NÃO CALCULADO - X"}).score is None


def test_another_document_in_production_is_no_report() -> None:
    with pytest.raises(NotAReport, match="outro documento"):
        serasa(identificationReport={"documentNumber": "00000000000191"})
    assert serasa(identificationReport={"documentNumber": "11.222.333/0001-81"}).score == 700
    with pytest.raises(NotAReport, match="outro documento"):
        spc(restricao=False, consumidor={"consumidorPessoaFisica": {"cpf": {"numero": "11144477735"}}})


def test_spc_says_by_its_own_word_that_there_is_nothing() -> None:
    assert spc(restricao=False).negatives == ()
    assert spc(consumidor={"consumidorPessoaJuridica": {"razaoSocial": "X"}}).negatives is None
    assert spc(restricao=True).suppressed


@pytest.mark.parametrize(
    ("said", "of_requester"),
    [
        ({"result": {"error": "true", "message": "Operador ou senha invalidos"}}, True),
        ({"result": {"error": True, "message": "Documento invalido"}}, False),
        ({"codigoRetorno": 670}, True),
        ({"codigoRetorno": "670", "mensagemRetorno": "Acesso"}, True),
        ({"result": {"error": "true"}}, False),
    ],
)
def test_an_error_of_spc_tells_whose_it_is(said: dict[str, Any], of_requester: bool) -> None:
    with pytest.raises(Declined) as caught:
        spc_report.read_report(json.dumps(said).encode(), COMPANY, PRODUCTION)
    assert caught.value.is_of_requester is of_requester
    assert caught.value.words != "true"


def test_both_read_the_same_debts_alike() -> None:
    ours = serasa_report.read_report(serasa_answer(COMPANY, FEW_DEBTS, "X", TODAY), COMPANY, PRODUCTION)
    theirs, _ = spc_report.read_report(spc_answer(COMPANY, FEW_DEBTS, 1, TODAY), COMPANY, PRODUCTION)
    assert (ours.negative_count, ours.negative_total) == (theirs.negative_count, theirs.negative_total)
    dates = [[group.last for group in report.negatives or () if group.count] for report in (ours, theirs)]
    assert dates[0] == dates[1]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (334.62, "334.62"),
        ("1.234,5", "1234.50"),
        ("R$ 10", "10.00"),
        ("1.234", None),
        (-1, None),
        (True, None),
        (10**13, None),
        ("", None),
    ],
)
def test_amounts(value: Any, expected: str | None) -> None:
    found = amount(json.loads(json.dumps(value), parse_float=Decimal))
    assert found == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-09-10", date(2026, 9, 10)),
        ("2026-09-10T23:59:00", date(2026, 9, 10)),
        ("10/09/2026", date(2026, 9, 10)),
        (1789009200000, date(2026, 9, 10)),  # 03:00 UTC
        (1545271200000, date(2018, 12, 20)),  # 02:00 UTC: summer time
        (-147646800000, date(1965, 4, 28)),  # 03:00 UTC, and before the first that Windows counts
        ("2026-02-30", None),
        (10**30, None),
        (True, None),
        ("setembro", None),
    ],
)
def test_days(value: Any, expected: date | None) -> None:
    assert day(value) == expected


def test_texts_and_counts() -> None:
    assert text("  a\n b\x00 ") == "a b�"
    assert (text(True), text(None), text({}), text(12)) == ("", "", "", "12")
    assert len(text("x" * 500)) == 200
    assert (count("12"), count(12.5), count(-1), count(True)) == (12, None, None, None)
