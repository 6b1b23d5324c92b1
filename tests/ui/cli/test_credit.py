"""`credito`: what a script asks for, sees and mends of credit analyses, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from app import secrets
from app.credit_analysis import AnalysisOutcome, CreditReport, NegativeGroup
from app.data import credit_analyses, credit_managers, credit_pauses
from app.data.credit_pauses import Pause
from app.documents import parse_document
from app.domain import CreditFinding
from app.folders import find_folders
from app.policies import Environment
from services.backoffice import Backoffice, open_backoffice
from services.credit import credentials
from services.credit.mapping import MODEL
from services.demo.ca import DemoAuthority
from services.demo.credit_generic import PASSWORD, USER, DemoMapped
from tests.ui.cli.conftest import Run

CNPJ = "11222333000181"
SHOWN = "11.222.333/0001-81"


@pytest.fixture
def provider(authority: DemoAuthority) -> Iterator[DemoMapped]:
    with DemoMapped(authority) as server:
        find_folders().additional_ca_file.write_bytes(authority.ca_pem)
        yield server


@pytest.fixture
def office(machine: Path) -> Iterator[Backoffice]:
    """The same data, opened beside the commands."""
    office = open_backoffice(find_folders())
    yield office
    office.close()


def configure(run: Run, *more: str, address: str = "https://localhost:1") -> None:
    for command in (
        ("cadastros", "empresas", "incluir", "cnpj=11444777000161", "nome=Distribuidora", "uf=SP"),
        (
            *("cadastros", "gerenciadoras", "incluir", "nome=Modelo", "provedor=generico", "mapeamento=modelo.toml"),
            f"url_producao={address}",
        ),
        ("cadastros", "clientes", "incluir", f"documento={CNPJ}", "nome=Posto Boa Viagem", "uf=SP"),
        (
            *("config", "gravar", "credito.permite=sim", "credito.gerenciadora=1", "credito.ambiente=producao"),
            "credito.forma=qualquer_entidade",
        ),
        *(("config", "gravar", one) for one in more),
    ):
        done = run(*command)
        assert done.status == 0, done.err


def asked(run: Run, *more: str) -> int:
    done = run("credito", "pedir", "--documento", CNPJ, "--empresa", 1, "--json", *more)
    assert done.status == 0, done.err
    return int(done.json["numero"])


def answer(office: Backoffice, number: int, score: int) -> None:
    now = datetime.now(UTC)
    report = CreditReport(
        CNPJ,
        "POSTO BOA VIAGEM LTDA",
        score=score,
        negatives=(NegativeGroup("Protestos", 2, Decimal("1334.60"), now.date(), now.date()),),
        notices=("Leia antes",),
    )
    with office.database.writing() as connection:
        assert credit_analyses.reserve(connection, number, "aqui", now)
        finding = CreditFinding(
            document=parse_document(CNPJ),
            uf="",
            verdict=AnalysisOutcome.REFUSED,
            reason="",
            asked_at=now,
            duration_ms=420,
            response=b'{"original": true}',
            report=report,
            reasons=("Há 2 registros negativos.",),
            http_status=200,
            request_id="P-1",
        )
        assert credit_analyses.settle(connection, number, finding, None)


def test_an_analysis_is_asked_for_once(run: Run, machine: Path) -> None:
    configure(run)
    first = run("credito", "pedir", "--documento", SHOWN, "--empresa", 1)
    assert (first.status, first.out, first.err) == (0, "Análise 1 na fila: Modelo, Produção.\n", "")
    again = run("credito", "pedir", "--documento", CNPJ, "--empresa", 1, "--urgente")
    assert again.status == 0
    assert "A análise 1 deste documento já estava na fila" in again.out
    assert "em até um minuto" in again.err
    (row,) = run("credito", "listar", "--json").json
    assert (row["numero"], row["cliente"], row["status"], row["urgente"]) == (1, 1, "na_fila", True)
    assert (row["manual"], row["origem"], row["resultado"]) == (True, "linha_de_comando", None)


def test_what_is_still_good_is_not_asked_for_again_by_mistake(run: Run, office: Backoffice) -> None:
    configure(run)
    answer(office, asked(run), 640)
    again = run("credito", "pedir", "--documento", CNPJ, "--empresa", 1)
    assert (again.status, again.out) == (1, "")
    assert "a análise 1 ainda vale" in again.err
    assert "--de-novo" in again.err
    told = run("credito", "pedir", "--documento", CNPJ, "--empresa", 1, "--json")
    assert (told.status, told.json["pedida"], told.json["resultado"]) == (1, False, "reprovada")
    assert asked(run, "--de-novo") == 2


def test_an_analysis_is_shown_whole(run: Run, office: Backoffice, tmp_path: Path) -> None:
    configure(run)
    answer(office, asked(run), 640)
    shown = run("credito", "mostrar", 1)
    assert shown.status == 0
    for said in (
        f"Análise 1 · CNPJ {SHOWN} · Posto Boa Viagem",
        "Distribuidora · Modelo, Produção",
        "Resultado: Reprovada",
        "Motivo: Há 2 registros negativos.",
        "Aviso: Leia antes.",
        "Score: 640",
        "R$ 1.334,60",
    ):
        assert said in shown.out
    assert "Homologação" not in shown.err
    told = run("credito", "mostrar", 1, "--json").json
    assert (told["resultado"], told["vencida"], told["numero_na_gerenciadora"]) == ("reprovada", False, "P-1")
    assert told["relatorio"]["negativos"][0]["total"] == "1334.60"
    assert told["relatorio"]["score"] == 640
    listed = run("credito", "listar", "--documento", CNPJ, "--resultado", "reprovada")
    assert "Posto Boa Viagem" in listed.out
    assert "Nenhuma análise" in run("credito", "listar", "--resultado", "aprovada").err
    saved = run("credito", "original", 1, "--saida", tmp_path / "resposta.json")
    assert saved.status == 0
    assert (tmp_path / "resposta.json").read_bytes() == b'{"original": true}'


def test_a_result_of_tests_says_so(run: Run, office: Backoffice) -> None:
    configure(run, "credito.ambiente=homologacao")
    answer(office, asked(run), 640)
    assert "Homologação: dados de teste" in run("credito", "mostrar", 1).err


def test_the_queue_is_forced_and_cancelled(run: Run, office: Backoffice) -> None:
    configure(run)
    number = asked(run)
    with office.database.writing() as connection:
        credit_pauses.hold(connection, Pause(1, Environment.PRODUCTION, None, "As credenciais foram recusadas."))
    held = run("credito", "retomar")
    assert "alguém retomar" in held.out
    assert run("credito", "forcar", number, "--json").json == {"forcadas": 1}
    assert run("credito", "listar", "--json").json[0]["urgente"] is True
    assert run("credito", "retomar", "--json").json == []  # a person wants it asked
    assert run("credito", "cancelar", number).out == f"Análise {number} cancelada.\n"
    late = run("credito", "cancelar", number)
    assert (late.status, "ela está “cancelada”" in late.err) == (1, True)
    assert run("credito", "forcar", number).status == 1
    assert "Nenhuma análise espera" in run("credito", "forcar").err
    assert run("credito", "cancelar", 99).status == 1


def test_a_gerenciadora_is_asked_again(run: Run, office: Backoffice) -> None:
    configure(run)
    with office.database.writing() as connection:
        credit_pauses.hold(connection, Pause(1, Environment.PRODUCTION, None, "As credenciais foram recusadas."))
    assert run("credito", "retomar", "--ambiente", "producao").status == 2
    assert run("credito", "retomar", "--gerenciadora", 1, "--ambiente", "homologacao").out == ""
    assert run("credito", "retomar", "--gerenciadora", 1).out == "Modelo volta a ser consultada.\n"
    assert run("credito", "retomar", "--gerenciadora", 9).status == 1


def test_credentials_are_kept_tried_and_taken_away(run: Run, office: Backoffice, provider: DemoMapped) -> None:
    configure(run, address=provider.address)
    folder = find_folders().credit_mappings_folder
    folder.mkdir()
    assert run("credito", "modelo", "--saida", folder / "modelo.toml").status == 0
    of = ("--gerenciadora", 1, "--ambiente", "producao")
    none = run("credito", "credencial", "testar", *of)
    assert (none.status, "não tem credenciais" in none.err) == (1, True)
    with office.database.writing() as connection:
        credit_pauses.hold(connection, Pause(1, Environment.PRODUCTION, None, "Sem credenciais."))
    kept = run("credito", "credencial", "informar", *of, "--usuario", USER, stdin="errada\n")
    assert (kept.status, kept.err) == (0, "")
    assert "cofre deste computador" in kept.out
    assert run("credito", "retomar", "--json").json == []
    wrong = run("credito", "credencial", "testar", *of)
    assert (wrong.status, "errada" in wrong.err) == (1, False)
    assert run("credito", "credencial", "informar", *of, "--usuario", USER, stdin=f"{PASSWORD}\n").status == 0
    right = run("credito", "credencial", "testar", *of)
    assert (right.status, "aceitou as credenciais" in right.out) == (0, True), right.err
    assert not provider.queried
    with office.database.reading() as connection:
        manager = credit_managers.get(connection, 1)
    assert manager is not None
    assert credentials.read(manager, Environment.TEST) is None
    assert run("credito", "credencial", "informar", *of, stdin="\n").status == 2
    assert run("credito", "credencial", "informar", *of, stdin="x" * 501).status == 2
    assert run("credito", "credencial", "apagar", *of).status == 0
    assert secrets.read(manager.secret_name(Environment.PRODUCTION)) is None


def test_what_cannot_be_asked_is_said(run: Run, file_machine: Path) -> None:
    configure(run, "credito.forma=pedidos_pendentes")
    refused = run("credito", "pedir", "--documento", CNPJ, "--empresa", 1)
    assert (refused.status, "Qualquer entidade habilitada" in refused.err) == (2, True)
    assert "tem 3 caracteres" in run("credito", "pedir", "--documento", "123", "--empresa", 1).err
    assert run("credito", "pedir", "--documento", CNPJ, "--empresa", 7).status == 1
    assert run("credito", "mostrar", 5).status == 1


def test_the_model_is_written_and_a_mapping_checked(run: Run, tmp_path: Path) -> None:
    assert run("credito", "modelo").out == MODEL.read_text("utf-8")
    right = run("credito", "conferir", MODEL)
    assert (right.status, right.out) == (0, "O mapeamento está em ordem: consulta por CNPJ e CPF.\n")
    (tmp_path / "meu.toml").write_text("[acesso]\nforma = 1\n", encoding="utf-8")
    wrong = run("credito", "conferir", tmp_path / "meu.toml")
    assert (wrong.status, "a chave “forma”" in wrong.err) == (1, True)
