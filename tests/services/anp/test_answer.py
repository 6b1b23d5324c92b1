"""Each form in which ANP answers, and everything that must never be taken for an answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.documents import parse_cnpj
from app.domain import AnpOutcome, AnpRegistration, ConsultationFailed, FailureKind
from app.policies import AnpKind
from services.anp.answer import MAX_BODY, read_answer
from services.anp.judgement import judge
from services.anp.wording import load_wordings
from services.demo.example import made_up_cnpj
from services.http_channel import HttpAnswer
from tests.services.anp.bodies import CNPJ, OTHER, envelope, feature, features, page, row

ADDRESS = "https://anp.exemplo.br/v1/combustivel"
NOW = datetime(2026, 11, 21, 13, tzinfo=UTC)
WORDINGS = load_wordings(Path("nenhum.toml"))


def read(
    body: bytes, status: int = 200, *, cnpj: str = CNPJ, **headers: str
) -> tuple[AnpOutcome, str, AnpRegistration | None]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    reading = read_answer(HttpAnswer(status, httpx.Headers(named, encoding="utf-8"), body), cnpj, ADDRESS, NOW)
    outcome, reason = judge(reading, parse_cnpj(cnpj), AnpKind.AUTOMOTIVE, WORDINGS)
    return outcome, reason, reading.registration if reading else None


def failing(body: bytes, status: int = 200, **headers: str) -> ConsultationFailed:
    with pytest.raises(ConsultationFailed) as failed:
        read(body, status, **headers)
    assert failed.value.response == body
    failure = failed.value.failure
    assert failure.what
    assert failure.cause
    assert failure.todo
    assert f"GET {ADDRESS}" in failure.details
    assert "SEFAZ" not in failure.sentence
    return failed.value


def test_who_is_in_the_api_with_an_authorization_is_in_order() -> None:
    outcome, reason, registration = read(envelope(row()))
    assert outcome is AnpOutcome.UPDATED
    assert reason == "Cadastro atualizado na ANP, com a autorização PR/SP0912345 e com a bandeira “VIBRA”."
    assert registration == AnpRegistration(
        cnpj=CNPJ,
        name="POSTO DA COLINA AZUL LTDA",
        authorization="PR/SP0912345",
        published="03/04/2018",
        brand="VIBRA",
        brand_since="05/06/2019",
        simp_code="9912345",
        street="RUA DOS JEQUITIBAS, 40",
        district="JARDIM INVENTADO",
        postal_code="13000000",
        city="CAMPINAS",
        uf="SP",
        products=("GASOLINA C COMUM (30 m³)", "ETANOL HIDRATADO COMUM (7,5 m³)"),
    )


@pytest.mark.parametrize(
    ("changes", "outcome", "says"),
    [
        ({"distribuidora": " "}, AnpOutcome.UPDATED, "sem bandeira"),
        ({"distribuidora": None, "statusSIGAF": None, "produtos": None}, AnpOutcome.UPDATED, "sem bandeira"),
        ({"produtos": ["Gasolina C Comum", " "]}, AnpOutcome.UPDATED, "VIBRA"),
        ({"autorizacao": " "}, AnpOutcome.UNRECOGNISED, "Consta na ANP sem número de autorização"),
        ({"autorizacao": None}, AnpOutcome.UNRECOGNISED, "Consta na ANP sem número de autorização"),
        ({"statusSIGAF": "INTERDITADO"}, AnpOutcome.UNRECOGNISED, "“INTERDITADO”"),
        ({"statusSIGAF": "Autorização cancelada"}, AnpOutcome.REVOKED, "“Autorização cancelada”"),
        ({"statusSIGAF": "em operação"}, AnpOutcome.UPDATED, "“em operação”"),
        ({"statusSIGAF": "em operação", "autorizacao": ""}, AnpOutcome.UNRECOGNISED, "contraditória"),
    ],
)
def test_what_the_row_of_the_api_says(changes: dict[str, Any], outcome: AnpOutcome, says: str) -> None:
    found, reason, registration = read(envelope(row(**changes)))
    assert found is outcome
    assert says in reason
    assert registration is not None
    assert registration.situation == (changes.get("statusSIGAF") or "").strip()


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({name.upper(): value for name, value in json.loads(envelope(row())).items()}).encode(),
        json.dumps({"Status": 200, "Data": [{k.title(): v for k, v in row().items()}]}).encode(),
        b"\xef\xbb\xbf\r\n" + envelope(row()),
        envelope(row(cnpj="61.820.394/0001-" + CNPJ[12:])),
        envelope(row(OTHER, autorizacao="PR/SP1"), row()),
        envelope(row(), row(produtos=["DIESEL B S10"])),
        envelope(row(), status="200", succeeded=None, searchPageFilter=None),
    ],
)
def test_the_api_in_every_dress(body: bytes) -> None:
    outcome, _, registration = read(body)
    assert outcome is AnpOutcome.UPDATED
    assert registration is not None
    assert (registration.cnpj, registration.brand) == (CNPJ, "VIBRA")


def test_a_cnpj_that_lost_its_leading_zeros_and_one_with_letters() -> None:
    short = made_up_cnpj("00314556")
    assert read(envelope(row(int(short))), cnpj=short)[0] is AnpOutcome.UPDATED  # type: ignore[arg-type]  # as a number
    assert read(envelope(row("12ABC34501DE35")), cnpj="12ABC34501DE35")[0] is AnpOutcome.UPDATED


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (envelope(), 200),
        (envelope(searchPageFilter=None), 200),
        (envelope(status=404), 404),
        (envelope(status=404), 200),
        (envelope(status=404, succeeded=None, title="Nada encontrado"), 404),
        (features(), 200),
    ],
)
def test_whom_anp_says_that_it_does_not_have(body: bytes, status: int) -> None:
    outcome, reason, registration = read(body, status)
    assert (outcome, registration) == (AnpOutcome.NOT_FOUND, None)
    assert parse_cnpj(CNPJ).named in reason
    assert reason.startswith("Não localizado na consulta")


@pytest.mark.parametrize(
    "body",
    [
        envelope(succeeded=False),
        envelope(row(), succeeded=False),
        envelope(succeeded="true"),
        envelope(status=500),
        envelope(status=503, data=None, title=None, succeeded=None),
        envelope(status=True),
        envelope(status=None),
        envelope(data=None),
        envelope(data={}),
        envelope(data="[]"),
        envelope(searchPageFilter={"totalRegistro": 1}),
        envelope(searchPageFilter={"totalRegistro": "0"}),
        envelope(searchPageFilter=[]),
        envelope(row(), status=404),
        envelope(row(OTHER)),
        envelope(row(cnpj="")),
        envelope("texto"),
        envelope(row(), row(distribuidora="RAIZEN")),
        envelope(row(), row(autorizacao="PR/SP0000001")),
        envelope(row(), row(statusSIGAF="INTERDITADO")),
        envelope(row(distribuidora=["VIBRA"])),
        envelope(row(distribuidora=True)),
        envelope(row(distribuidora="V" * 200)),
        envelope(row(produtos="GASOLINA")),
        envelope(row(produtos=[7])),
        envelope(row())[:-1],
        envelope(row())[:200],
        envelope().decode().encode("utf-16"),
        envelope(title="não").replace(rb"n\u00e3o", "não".encode("cp1252")),
        b"",
        b" \r\n",
        b"null",
        b"[]",
        b"{}",
        b'{"data": []}',
        b'{"status": 200}',
        b'{"status": 200, "Data": [1], "data": []}',
        b'{"status": 200, "data": NaN}',
        b'{"status": 1e999, "data": []}',
        b"[" * 100_000,
        b'{"status":' + b"9" * 5000 + b"}",
        b"\x1f\x8b\x08\x00",
        features(totalFeatures=1),
        features(numberMatched=3),
        features(features=None),
        features(feature("EM OPERAÇÃO", OTHER)),
        features({"type": "Feature", "properties": None}),
        features("x"),
        features(feature("EM OPERAÇÃO"), feature("REVOGADA")),
        b'{"version": "1.0.0", "exceptions": [{"code": "noApplicableCode", "text": "erro"}]}',
        b'<?xml version="1.0"?><ServiceExceptionReport><ServiceException code="x">sem coluna</ServiceException>'
        b"</ServiceExceptionReport>",
        b"<ows:ExceptionReport><ows:Exception><ows:ExceptionText>sem coluna</ows:ExceptionText></ows:Exception>",
        page("Posto com autorização revogada", ending=""),
        page("Posto com autorização revogada", cnpj=OTHER),
        page("Posto com autorização revogada")[:400],
        page("Posto em ordem", bandeira="VIBRA").replace(b"<tr><td align", page("x", cnpj=OTHER) + b"<tr><td align", 1),
        b"<html><head><title>Request Rejected</title></head><body>Nenhum registro encontrado</body></html>",
        b"<html><form><img src=captcha.png><input type=password></form></html>",
        b"<!DOCTYPE html><font size=3>Posto com autoriza\xe7\xe3o revogada</font></html>",
        b"<",
        b"<\0>",
        b"<![CDATA[",
        b"POSTO NAO LOCALIZADO",
    ],
)
def test_what_is_no_answer(body: bytes) -> None:
    assert failing(body).failure.kind is FailureKind.INVALID_RESPONSE
    assert failing(body, 404).failure.kind in (FailureKind.HTTP, FailureKind.INVALID_RESPONSE)


def test_too_large_and_not_whole() -> None:
    assert "5 MB" in failing(b"x" * (MAX_BODY + 1)).failure.what
    with pytest.raises(ConsultationFailed) as failed:
        read_answer(HttpAnswer(200, httpx.Headers(), envelope(), whole=False), CNPJ, ADDRESS, NOW)
    assert "inteira" in failed.value.failure.what


@pytest.mark.parametrize(
    ("situation", "outcome"),
    [
        ("EM OPERAÇÃO", AnpOutcome.UPDATED),
        ("Revogada", AnpOutcome.REVOKED),
        ("CANCELADA", AnpOutcome.REVOKED),
        ("EM PROCESSO DE REVOGAÇÃO", AnpOutcome.REVOCATION),
        ("Candidato a posto revendedor", AnpOutcome.CANDIDATE),
        ("EM DILIGÊNCIA", AnpOutcome.UNRECOGNISED),
    ],
)
def test_the_map_states_the_situation(situation: str, outcome: AnpOutcome) -> None:
    found, reason, registration = read(features(feature(situation)))
    assert found is outcome
    assert reason == f"{outcome.label}: a ANP diz “{situation}”, com a bandeira “RAIZEN”."
    assert registration is not None
    assert (registration.situation, registration.brand) == (situation, "RAIZEN")


@pytest.mark.parametrize("situation", [None, "", "  "])
def test_the_map_without_a_situation_says_nothing_of_it(situation: str | None) -> None:
    outcome, reason, _ = read(features(feature(situation, Numero_Autorizacao="PR/SP0912345")))
    assert outcome is AnpOutcome.UNRECOGNISED
    assert "sem situação" in reason


@pytest.mark.parametrize(
    ("brand", "name", "since"),
    [
        ("RAIZEN - 18/05/2011", "RAIZEN", "18/05/2011"),
        ("RAIZEN / 18/05/2011", "RAIZEN", "18/05/2011"),
        ("RAIZEN/18/05/2011", "RAIZEN", "18/05/2011"),
        ("ALE - SAT - 18/05/2011", "ALE - SAT", "18/05/2011"),
        ("PETRÓLEO & CIA", "PETRÓLEO & CIA", ""),
        ("RAIZEN -", "RAIZEN", ""),
        ("- 18/05/2011", "", "18/05/2011"),
    ],
)
@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-8"])
def test_the_old_page_of_a_station_in_order(brand: str, name: str, since: str, encoding: str) -> None:
    body = page("Posto revendedor autorizado", autorizacao="SP0012345", bandeira=brand)
    outcome, _, registration = read(body.decode("iso-8859-1").encode(encoding))
    assert outcome is AnpOutcome.UPDATED
    assert registration == AnpRegistration(
        cnpj=CNPJ,
        name="POSTO DA COLINA AZUL LTDA",
        situation="Posto revendedor autorizado",
        authorization="SP0012345",
        brand=name,
        brand_since=since,
        city="SÃO JOÃO",
        uf="SP",
        reseller_class="REVENDEDOR",
    )


def test_the_old_page_of_other_situations() -> None:
    outcome, reason, registration = read(page("Posto com autorização revogada"))
    assert outcome is AnpOutcome.REVOKED
    assert reason == (
        "Autorização revogada: a ANP diz “Posto com autorização revogada”, sem número de autorização e sem bandeira."
    )
    assert registration is not None
    assert registration.brand == ""
    assert read(page("Posto revendedor autorizado"))[0] is AnpOutcome.UNRECOGNISED
    assert read(page("Posto em diligência", autorizacao="SP1"))[0] is AnpOutcome.UNRECOGNISED


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (204, FailureKind.HTTP),
        (206, FailureKind.HTTP),
        (302, FailureKind.HTTP),
        (400, FailureKind.HTTP),
        (401, FailureKind.HTTP),
        (403, FailureKind.HTTP),
        (429, FailureKind.THROTTLED),
        (500, FailureKind.HTTP),
        (502, FailureKind.HTTP),
        (503, FailureKind.UNAVAILABLE),
    ],
)
@pytest.mark.parametrize("body", [b"", envelope(), envelope(row()), features(), page("Posto com autorização revogada")])
def test_a_status_that_is_no_answer_whatever_the_body(status: int, kind: FailureKind, body: bytes) -> None:
    failed = failing(body, status)
    assert failed.failure.kind is kind
    assert f"HTTP {status}" in failed.failure.what
    assert failed.retry_after_s is None


def test_a_404_that_is_not_the_api_is_a_wrong_address() -> None:
    for body in (b"<html>404</html>", b"", features(), page("Posto com autorização revogada"), b"[]"):
        assert "endereço" in failing(body, 404).failure.what


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "date", "seconds", "says"),
    [
        ("120", "", 120.0, "2 minutos"),
        ("0", "", 0.0, ""),
        ("1", "", 1.0, "1 segundo"),
        ("Sat, 21 Nov 2026 13:01:30 GMT", "", 90.0, "90 segundos"),
        ("Sat, 21 Nov 2026 13:01:30 GMT", "Sat, 21 Nov 2026 13:00:30 GMT", 60.0, "1 minuto"),
        ("Saturday, 21-Nov-26 15:00:00 GMT", "", 7200.0, "2 horas"),
        ("Sat, 21 Nov 2026 12:00:00 GMT", "", 0.0, ""),
        ("864000", "", 86400.0, "10 dias de espera; o programa espera no máximo 24 horas"),
        ("9" * 5000, "", 86400.0, "no máximo 24 horas"),
        ("logo", "", None, ""),
        ("-5", "", None, ""),
        ("1.5", "", None, ""),
        ("٣", "", None, ""),
    ],
)
def test_how_long_anp_asks_to_be_left_alone(
    status: int, header: str, date: str, seconds: float | None, says: str
) -> None:
    failed = failing(b"", status, Retry_After=header, **({"Date": date} if date else {}))
    assert failed.retry_after_s == seconds
    assert says in failed.failure.what
    assert ("pediu" in failed.failure.what) is bool(says)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([CNPJ, OTHER, "200"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*json.loads(envelope()), *row(), "type", "features", "properties", "CNPJ_CPF", "Data"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)
replies = st.one_of(
    st.binary(max_size=200),
    values.map(lambda value: json.dumps(value).encode("utf-8", "replace")),
    st.builds(lambda data: envelope(**{"data": data}), values),
    st.builds(lambda changes: envelope(row(**changes)), st.dictionaries(st.sampled_from(sorted(row())), values)),
    st.builds(lambda each: features(**{"features": each}), values),
    st.builds(
        lambda cut: page("Posto com autorização revogada", bandeira="X - 01/01/2020")[:cut], st.integers(0, 1500)
    ),
    st.text("<>/html font size=3 td:CNPJ&;![]-", max_size=80).map(str.encode),
)


@given(replies, st.sampled_from([200, 404, 403, 500]))
def test_nothing_but_a_well_formed_answer_says_not_found(body: bytes, status: int) -> None:
    try:
        outcome, reason, registration = read(body, status)
    except ConsultationFailed as failed:
        assert failed.failure.sentence
        return
    assert reason.endswith(".")
    if outcome is AnpOutcome.NOT_FOUND:
        told = {name.lower(): value for name, value in json.loads(body.decode("utf-8-sig")).items()}
        assert told.get("data", told.get("features")) == []
    else:
        assert registration is not None
        assert registration.cnpj == CNPJ
        assert json.dumps(registration.as_fields(), ensure_ascii=False).encode()
        assert "\0" not in repr(registration)


@given(
    st.integers(0, 3000),
    st.sampled_from([envelope(row()), features(feature("REVOGADA")), page("Revogada", bandeira="X")]),
)
def test_a_body_cut_anywhere_is_a_failure(cut: int, body: bytes) -> None:
    if cut < len(body) - len(b"</BODY></HTML>"):
        failing(body[:cut])
