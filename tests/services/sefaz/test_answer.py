"""Reading what a SEFAZ sent back, in every shape."""

from __future__ import annotations

import time
from dataclasses import fields
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import Address, ConsultationFailed, FailureKind, Inscription
from services.sefaz.answer import MAX_BODY, ParsedAnswer, parse_answer
from services.sefaz.status_codes import StatusClass, status_code, status_codes

SAMPLES = Path(__file__).parent / "samples"
NFE = "http://www.portalfiscal.inf.br/nfe"
SERVICE = f"{NFE}/wsdl/CadConsultaCadastro4"
SOAP = "http://www.w3.org/2003/05/soap-envelope"


def read(name: str, status: int = 200) -> ParsedAnswer:
    return parse_answer((SAMPLES / name).read_bytes(), status, "application/soap+xml; charset=utf-8")


def failure(body: bytes, status: int = 200, content_type: str = "text/xml") -> ConsultationFailed:
    with pytest.raises(ConsultationFailed) as failed:
        parse_answer(body, status, content_type)
    return failed.value


FULL = Inscription(
    IE="110042490114",
    CNPJ="33014556000196",
    UF="SP",
    cSit="1",
    indCredNFe="1",
    indCredCTe="4",
    xNome="AUTO POSTO DO LAGO LTDA",
    xFant="POSTO DO LAGO",
    xRegApur="NORMAL - REGIME PERIÓDICO DE APURAÇÃO",
    CNAE="4731800",
    dIniAtiv="1998-04-01",
    dUltSit="2019-07-30",
    IEUnica="110042490114",
    IEAtual="110042490115",
    ender=Address("AVENIDA DAS ÁGUAS", "1200", "BLOCO B", "JARDIM", "3550308", "SAO PAULO", "1310100"),
)


@pytest.mark.parametrize("name", ["sp_111.xml", "sp_111_escapado.xml", "sp_111_cdata.xml", "sp_111_latin1.xml"])
def test_every_field_in_every_wrapping(name: str) -> None:
    answer = read(name)
    assert answer == ParsedAnswer(
        c_stat="111",
        x_motivo="Consulta cadastro com uma ocorrência",
        uf="SP",
        echo={"CNPJ": "33014556000196"},
        inscriptions=(FULL,),
        ver_aplic="DEMO1",
        dh_cons="2026-03-02T09:15:00-03:00",
        c_uf="35",
    )


@pytest.mark.parametrize(
    ("name", "uf", "ie"),
    [
        ("mg_111_espaco_de_nomes_do_wsdl.xml", "MG", "0623079040081"),
        ("mt_111_aninhado.xml", "MT", "13123456789"),
        ("am_111_resultado_v2.xml", "AM", "041234567"),
        ("pr_111_com_prefixo.xml", "PR", "9012345678"),
        ("go_111_cpf_credenciamento_4.xml", "GO", "109876543"),
        ("sp_111_cnpj_alfanumerico.xml", "SP", "110042490114"),
    ],
)
def test_shapes_of_each_authorizer(name: str, uf: str, ie: str) -> None:
    answer = read(name)
    assert (answer.c_stat, answer.uf, [i.IE for i in answer.inscriptions]) == ("111", uf, [ie])


def test_several_inscriptions_are_all_kept() -> None:
    answer = read("sp_112.xml")
    assert [(i.IE, i.UF, i.cSit, i.dBaixa) for i in answer.inscriptions] == [
        ("110042490114", "SP", "1", ""),
        ("110042490777", "SP", "0", "2003-12-31"),
        ("9012345678", "PR", "1", ""),
    ]


def test_version_with_a_blank_and_time_without_offset() -> None:
    answer = read("rs_259_versao_com_espaco_sem_fuso.xml")
    assert (answer.c_stat, answer.dh_cons, answer.inscriptions) == ("259", "2026-03-02T09:15:00", ())
    assert answer.x_motivo.endswith("na UF")


def test_the_body_comes_before_the_status() -> None:
    assert read("sp_111.xml", 500).c_stat == "111"


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("name", ["falha_soap11.xml", "falha_soap12.xml"])
def test_soap_faults(name: str, status: int) -> None:
    failed = failure((SAMPLES / name).read_bytes(), status)
    assert failed.failure.kind is FailureKind.SOAP_FAULT
    assert failed.x_motivo in failed.failure.cause
    assert failed.response


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ((SAMPLES / "pagina_403.html").read_bytes(), 403, FailureKind.CERTIFICATE),
        ((SAMPLES / "pagina_403.html").read_bytes(), 503, FailureKind.HTTP),
        ((SAMPLES / "pagina_200_manutencao.html").read_bytes(), 200, FailureKind.HTTP),
        ((SAMPLES / "pagina_200_manutencao.html").read_bytes(), 503, FailureKind.HTTP),
        (b"", 302, FailureKind.HTTP),
        (b"", 404, FailureKind.HTTP),
        (b"", 200, FailureKind.INVALID_RESPONSE),
        (b"   \r\n", 200, FailureKind.INVALID_RESPONSE),
        ((SAMPLES / "sp_111.xml").read_bytes()[:-40], 200, FailureKind.INVALID_RESPONSE),
        (b"<a/>", 200, FailureKind.INVALID_RESPONSE),
        (b"<retConsCad/>", 200, FailureKind.INVALID_RESPONSE),
        (b"<retConsCad><infCons><cStat>1x1</cStat></infCons></retConsCad>", 200, FailureKind.INVALID_RESPONSE),
        ((SAMPLES / "sp_111.xml").read_text("utf-8").encode("utf-16"), 200, FailureKind.INVALID_RESPONSE),
        (b'<?xml version="1.0" encoding="UTF-7"?><retConsCad/>', 200, FailureKind.INVALID_RESPONSE),
        (b"<?xml " + b" " * 300 + b'version="1.0" encoding="UTF-7"?><a/>', 200, FailureKind.INVALID_RESPONSE),
    ],
)
def test_what_is_not_an_answer(body: bytes, status: int, kind: FailureKind) -> None:
    failed = failure(body, status)
    assert failed.failure.kind is kind
    assert failed.response == body
    assert failed.failure.what
    assert f"HTTP {status}" in failed.failure.details


def test_content_type_does_not_matter() -> None:
    body = (SAMPLES / "sp_111.xml").read_bytes()
    assert parse_answer(body, 200, "text/html").c_stat == "111"
    assert parse_answer(b"\xef\xbb\xbf\r\n" + body + b"\n \n", 200, "").c_stat == "111"


def test_an_answer_with_a_dtd_is_refused_even_when_harmless() -> None:
    body = b"<!DOCTYPE retConsCad><retConsCad><infCons><cStat>259</cStat></infCons></retConsCad>"
    for message in (body, b"<a>" + escape(body.decode()).encode() + b"</a>"):
        assert failure(message).failure.kind is FailureKind.INVALID_RESPONSE


def test_a_dtd_is_refused_at_no_cost() -> None:
    entities = '<!ENTITY a0 "lol">' + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
    inner = f'<!DOCTYPE x [{entities}]><retConsCad versao="&a11;"><infCons><cStat>111</cStat></infCons></retConsCad>'
    for body in (inner, f"<a>{escape(inner)}</a>", f"<a><![CDATA[{inner}]]></a>"):
        begin = time.perf_counter()
        assert failure(body.encode()).failure.kind is FailureKind.INVALID_RESPONSE
        assert time.perf_counter() - begin < 0.5


def test_external_entity_is_never_read(tmp_path: Path) -> None:
    secret = tmp_path / "segredo"
    secret.write_text("segredo", "utf-8")
    doctype = f'<!DOCTYPE r [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
    body = f"{doctype}<retConsCad><infCons><cStat>&e;</cStat></infCons></retConsCad>"
    assert "segredo" not in failure(body.encode()).failure.details


def test_too_large_is_refused() -> None:
    failed = failure(b"<a>" + b" " * MAX_BODY + b"</a>")
    assert failed.failure.kind is FailureKind.INVALID_RESPONSE
    assert len(failed.response) == MAX_BODY


def test_a_very_long_name_is_kept_whole() -> None:
    name = "Ã" * 20_000
    body = (SAMPLES / "sp_111.xml").read_text("utf-8").replace("AUTO POSTO DO LAGO LTDA", name)
    assert parse_answer(body.encode(), 200, "").inscriptions[0].xNome == name


def test_an_empty_field_beside_the_full_one() -> None:
    body = (
        "<retConsCad><infCons><cStat>111</cStat><CPF/><CNPJ> 1 </CNPJ>"
        "<infCad><CPF/><CNPJ>1</CNPJ><!-- c --><novo>x</novo></infCad><infCad/></infCons></retConsCad>"
    )
    answer = parse_answer(body.encode(), 200, "")
    assert answer.echo == {"CNPJ": "1"}
    assert answer.inscriptions == (Inscription(CNPJ="1"),)


# What XML can carry and trimming keeps: no control characters, no blank at the ends.
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp"), exclude_characters="\ufffe\uffff"),
    max_size=30,
)
addresses = st.builds(Address, **{f.name: texts for f in fields(Address)})
inscriptions = st.builds(
    Inscription,
    **{f.name: texts for f in fields(Inscription) if f.name != "ender"},
    ender=st.none() | addresses.filter(lambda a: a != Address()),
).filter(lambda i: i != Inscription())


def xml_of(inscription: Inscription, prefix: str) -> str:
    def element(name: str, content: str) -> str:
        return f"<{prefix}{name}>{content}</{prefix}{name}>"

    layout = inscription.as_layout()
    ender = layout.pop("ender", None)
    plain = "".join(element(name, f" {escape(value)}\n") for name, value in layout.items())
    return element(
        "infCad",
        plain
        + (
            ""
            if ender is None
            else element("ender", "".join(element(name, escape(value)) for name, value in ender.items()))
        ),
    )


@given(
    found=st.lists(inscriptions, max_size=3),
    prefix=st.sampled_from(["", "nfe:"]),
    wrapper=st.sampled_from(["plain", "escaped", "cdata", "twice"]),
    result=st.sampled_from(["nfeResultMsg", "consultaCadastro4Result", "consultaCadastro2Result"]),
)
def test_any_inscription_survives_any_envelope(
    found: list[Inscription], prefix: str, wrapper: str, result: str
) -> None:
    name = f"{prefix}retConsCad"
    namespace = f'xmlns{":nfe" if prefix else ""}="{NFE}"'
    content = "".join(xml_of(i, prefix) for i in found)
    content = f"<{prefix}infCons><{prefix}cStat>112</{prefix}cStat>{content}</{prefix}infCons>"
    answer = f'<{name} {namespace} versao="2.00 ">{content}</{name}>'
    declared = f'<?xml version="1.0" encoding="ISO-8859-1"?>{answer}'
    if wrapper == "escaped":
        answer = escape(declared)
    elif wrapper == "twice":
        answer = escape(f"<x>{escape(declared)}</x>")
    elif wrapper == "cdata":
        answer = "<![CDATA[" + declared.replace("]]>", "]]]]><![CDATA[>") + "]]>"
    body = f'<s:Envelope xmlns:s="{SOAP}"><s:Body><{result} xmlns="{SERVICE}">{answer}</{result}></s:Body></s:Envelope>'
    parsed = parse_answer(body.encode(), 200, "application/soap+xml")
    assert parsed.c_stat == "112"
    assert parsed.inscriptions == tuple(found)


@given(body=st.binary(max_size=400), status=st.integers(100, 599), cut=st.integers(0, 2000), at=st.integers(0, 2000))
def test_random_bytes_only_ever_fail_properly(body: bytes, status: int, cut: int, at: int) -> None:
    sample = (SAMPLES / "sp_112.xml").read_bytes()
    for message in (body, b"<" + body, sample[:at] + body + sample[at + cut :]):
        try:
            parse_answer(message, status, "text/xml")
        except ConsultationFailed as failed:
            assert failed.failure.what


def test_every_status_code_is_explained() -> None:
    assert len(status_codes()) == 40
    for code in status_codes().values():
        assert code.text
        assert code.cause
        assert code.todo or code.status_class is StatusClass.ANSWER


def test_an_unknown_status_code_is_a_rejection_that_says_so() -> None:
    code = status_code("777")
    assert code.status_class.failure is FailureKind.REJECTION
    assert "777" in code.cause
