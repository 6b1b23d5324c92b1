"""What a receipt says of every kind of consultation."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.data.history import FullConsultation, HistoryRow
from app.documents import parse_document
from app.domain import (
    Address,
    AnpOutcome,
    AnpRegistration,
    AnpSource,
    Authority,
    Failure,
    FailureKind,
    Inscription,
    Origin,
    Verdict,
)
from app.receipt import DEMONSTRATION, Facts, Listing, Receipt, file_name, receipt
from app.version import VERSION
from services.demo.example import made_up_cnpj

CNPJ = made_up_cnpj("10203040")
ASKED = datetime(2026, 3, 12, 17, 5, 33, tzinfo=UTC)
FAILURE = Failure(FailureKind.TIMEOUT, "A SEFAZ não respondeu.", "Está fora do ar.", "Aguarde.", "ReadTimeout")
PROTOCOL = {
    "cStat": "112",
    "xMotivo": "Mais de uma",
    "verAplic": "SP_9",
    "dhCons": "2026-03-12T14:05:34-03:00",
    "UF": "SP",
    "cUF": "35",
    "CNPJ": CNPJ,
}


def inscription(number: int, **fields: Any) -> Inscription:
    return Inscription(
        **{"IE": f"11004249{number:04}", "CNPJ": CNPJ, "UF": "SP", "cSit": "1", "xNome": f"Posto Ação {number}"}
        | fields
    )


def consultation(row: dict[str, Any] | None = None, **fields: Any) -> FullConsultation:
    whole: dict[str, Any] = {
        "id": 123,
        "authority": Authority.SEFAZ,
        "customer_id": 7,
        "customer": "Posto Ação Ltda",
        "document": parse_document(CNPJ),
        "uf": "SP",
        "origin": Origin.OPERATOR,
        "user": "maria",
        "asked_at": ASKED,
        "duration_ms": 1234,
        "verdict": Verdict.ENABLED,
        "reason": "A inscrição está habilitada.",
        "decision": "Nada a mudar.",
        "applied": True,
        "c_stat": "111",
        "source": None,
    }
    full: dict[str, Any] = {
        "machine": "PC-02",
        "x_motivo": "",
        "inscriptions": (),
        "registration": None,
        "listed_at": None,
        "listed_until": None,
        "failure": None,
        "authorizer": "SP",
        "certificate_cnpj": made_up_cnpj("11222333"),
        "request": b"<pedido/>",
        "response": b"<resposta>\r\n</resposta>",
    }
    return FullConsultation(HistoryRow(**whole | (row or {})), **full | fields)


def made(full: FullConsultation, **circumstances: Any) -> Receipt:
    usual: dict[str, Any] = {
        "protocol": PROTOCOL,
        "branch": "Matriz",
        "zone": "America/Sao_Paulo",
        "issued_at": datetime(2026, 3, 13, 11, 0, tzinfo=UTC),
        "issued_by": "joana",
        "is_demo": False,
    }
    return receipt(full, **usual | circumstances)


def facts(of: Receipt, title: str) -> dict[str, str]:
    (section,) = (each for each in of.sections if each.title == title)
    assert isinstance(section, Facts)
    return {line.label: line.value for line in section.lines}


def titles(of: Receipt) -> list[str]:
    return [section.title for section in of.sections]


def test_an_answer_is_told_whole() -> None:
    said = made(consultation(inscriptions=(inscription(1, ender=Address(xMun="CAMPINAS")),)))
    assert said.title == "Comprovante de consulta — SEFAZ"
    assert said.subtitle == "Consulta nº 123 · SEFAZ SP · 12/03/2026 14:05:33 -03:00"
    assert said.outcome == "Habilitado"
    assert said.statement == ("A inscrição está habilitada.", "Decisão tomada: Nada a mudar.")
    assert titles(said) == ["Consulta", "Cliente", "Protocolo da resposta", "Inscrição", "Autenticidade"]
    assert facts(said, "Consulta") == {
        "Data e hora": "12/03/2026 14:05:33 -03:00 (America/Sao_Paulo)",
        "Duração": "1.234 ms",
        "Autoridade consultada": "SEFAZ SP · São Paulo",
        "Autorizador que atende": "SP",
        "Ambiente": "Produção",
        "Certificado apresentado": "CNPJ 11.222.333/0001-81 · filial Matriz",
        "Usuário": "maria",
        "Computador": "PC-02",
    }
    assert facts(said, "Cliente") == {
        "Documento consultado": "CNPJ 10.203.040/0001-94",
        "Nome no cadastro": "Posto Ação Ltda (cliente 7)",
    }
    assert facts(said, "Protocolo da resposta") == {
        "Código da resposta (cStat)": "112",
        "Motivo (xMotivo)": "Mais de uma",
        "Versão do aplicativo da SEFAZ (verAplic)": "SP_9",
        "Data e hora da consulta na SEFAZ (dhCons)": "2026-03-12T14:05:34-03:00",
        "UF consultada (UF)": "SP · São Paulo",
        "Código da UF que atendeu (cUF)": "35",
        "Documento a que responde (CNPJ)": "10.203.040/0001-94",
    }
    own = facts(said, "Inscrição")
    assert own["Situação (cSit)"] == "1 · habilitado"
    assert own["Razão social ou nome (xNome)"] == "Posto Ação 1"
    assert own["Município (xMun)"] == "CAMPINAS"
    assert said.issued == f"Retaguarda {VERSION} · emitido em 13/03/2026 08:00:00 -03:00 por joana"
    assert file_name(said.number) == "comprovante-consulta-123"
    assert said.mark == ""


def test_the_hashes_are_of_the_bytes_as_kept() -> None:
    full = consultation()
    said = made(full)
    proof = facts(said, "Autenticidade")
    assert proof["SHA-256 da resposta (23 bytes)"] == hashlib.sha256(full.response).hexdigest()
    assert proof["SHA-256 do pedido (9 bytes)"] == hashlib.sha256(full.request).hexdigest()
    assert proof["Programa"] == f"Retaguarda {VERSION}"
    assert (said.request, said.response) == (full.request, full.response)


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        ("America/Rio_Branco", "12/03/2026 12:05:33 -05:00 (America/Rio_Branco)"),
        ("America/Cuiaba", "12/03/2026 13:05:33 -04:00 (America/Cuiaba)"),
        ("America/Noronha", "12/03/2026 15:05:33 -02:00 (America/Noronha)"),
    ],
)
def test_times_are_in_the_zone_of_the_branch(zone: str, written: str) -> None:
    assert facts(made(consultation(), zone=zone), "Consulta")["Data e hora"] == written


def test_every_inscription_is_listed_and_then_told() -> None:
    said = made(consultation(inscriptions=tuple(inscription(n, cSit=str(n % 2)) for n in range(1, 31))))
    (listing,) = (section for section in said.sections if isinstance(section, Listing))
    assert listing.title == "30 inscrições na resposta"
    assert len(listing.rows) == 30
    assert {len(row) for row in listing.rows} == {len(listing.headers)}
    assert listing.rows[1] == ("2", "110042490002", "SP", "0 · não habilitado", "Posto Ação 2", "10.203.040/0001-94")
    for number in range(1, 31):
        assert facts(said, f"Inscrição {number} de 30")["Inscrição estadual (IE)"] == f"11004249{number:04}"


def test_an_inscription_without_situation_or_cnpj_is_not_made_up() -> None:
    person = inscription(2, cSit="", CNPJ="", CPF="11144477735")
    said = made(consultation(inscriptions=(inscription(1), person)))
    (listing,) = (section for section in said.sections if isinstance(section, Listing))
    assert listing.rows[1][3:] == ("não informada", "Posto Ação 2", "111.444.777-35")
    assert "Situação (cSit)" not in facts(said, "Inscrição 2 de 2")


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.FAILURE])
def test_what_the_authority_said_is_the_outcome(verdict: Verdict) -> None:
    said = made(consultation({"verdict": verdict, "reason": "Por isto."}))
    assert (said.outcome, said.statement[0]) == (verdict.label, "Por isto.")
    assert "sem resposta" not in said.title
    assert "Falha" not in titles(said)


def test_a_failure_says_plainly_that_there_was_no_answer() -> None:
    row = {"verdict": Verdict.FAILURE, "reason": FAILURE.sentence, "decision": "Tudo continua.", "c_stat": ""}
    said = made(consultation(row, failure=FAILURE, response=b""), protocol={})
    assert said.title == "Comprovante de consulta sem resposta — SEFAZ"
    assert said.outcome == "Falha na consulta"
    assert said.statement[0].startswith("Não houve resposta sobre o cliente.")
    assert said.statement[1] == "Decisão tomada: Tudo continua."
    assert facts(said, "Falha") == {
        "Tipo": "Tempo esgotado",
        "O que aconteceu": "A SEFAZ não respondeu.",
        "Causa provável": "Está fora do ar.",
        "O que fazer": "Aguarde.",
        "Detalhes": "ReadTimeout",
    }
    assert facts(said, "Protocolo da resposta")["Protocolo"].startswith("nenhum")
    proof = facts(said, "Autenticidade")
    assert proof["SHA-256 da resposta"] == "não há resposta guardada"
    assert hashlib.sha256(b"").hexdigest() not in str(said)


def test_a_rejection_keeps_its_protocol() -> None:
    rejected = replace(FAILURE, kind=FailureKind.LIMIT)
    said = made(consultation({"verdict": Verdict.FAILURE}, failure=rejected), protocol={"cStat": "656"})
    assert facts(said, "Protocolo da resposta") == {"Código da resposta (cStat)": "656"}
    assert facts(said, "Falha")["Tipo"] == "Consumo indevido"


def test_the_demonstration_is_marked_and_is_not_production() -> None:
    said = made(consultation(), is_demo=True)
    assert said.mark == DEMONSTRATION
    assert facts(said, "Consulta")["Ambiente"].startswith("Demonstração")


def test_nobody_s_document_and_a_certificate_of_no_branch() -> None:
    said = made(consultation({"customer_id": None, "customer": ""}), branch="")
    assert facts(said, "Cliente")["Cliente"] == "o documento não é de um cliente cadastrado"
    assert facts(said, "Consulta")["Certificado apresentado"] == "CNPJ 11.222.333/0001-81"


def test_anp_has_a_source_and_a_registration_and_no_protocol() -> None:
    row = {
        "authority": Authority.ANP,
        "verdict": AnpOutcome.UPDATED,
        "source": AnpSource.MIRROR,
        "c_stat": "",
        "uf": "SP",
    }
    registration = AnpRegistration(CNPJ, "POSTO AÇÃO LTDA", authorization="123/2020", products=("Etanol", "Diesel"))
    full = consultation(
        row, registration=registration, listed_at=ASKED, authorizer="", certificate_cnpj="", response=b""
    )
    said = made(full, protocol={}, branch="")
    assert said.title == "Comprovante de consulta — ANP"
    assert titles(said) == ["Consulta", "Cliente", "Cadastro na ANP", "Autenticidade"]
    told = facts(said, "Consulta")
    assert told["Autoridade consultada"] == "ANP"
    assert told["Fonte"].startswith("Lista publicada pela ANP, de ")
    assert "Certificado apresentado" not in told
    assert facts(said, "Cadastro na ANP")["Produtos"] == "Etanol\nDiesel"
