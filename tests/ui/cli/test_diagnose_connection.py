"""`diagnostico banco`, `integracao` and `internet`: text for a person, JSON of a stable shape, and how they end."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from services.demo.memory_keyring import MemoryKeyring
from tests.ui.cli.conftest import Outcome, Run

KEYS = {"teste", "alvo", "em", "resultado", "resumo", "passos", "para_copiar"}
STEP_KEYS = {"passo", "resultado", "encontrado", "duracao_ms", "dados", "falha"}
DATABASE_STEPS = [
    "endereco",
    "dns",
    "tcp",
    "postgresql",
    "criptografia",
    "pg_hba",
    "senha",
    "banco",
    "versao",
    "codificacao",
    "esquema",
    "permissoes",
    "latencia",
    "relogio",
]
SERVICE_STEPS = ["endereco", "dns", "porta", "tcp", "protocolo", "saude", "alcance"]


def outcomes(outcome: Outcome) -> dict[str, str]:
    report = outcome.json
    assert report.keys() == KEYS
    assert all(step.keys() == STEP_KEYS for step in report["passos"])
    return {step["passo"]: step["resultado"] for step in report["passos"]}


def test_the_database_of_this_computer(run: Run, server_machine: Path, memory_keyring: MemoryKeyring) -> None:
    outcome = run("diagnostico", "banco", "--json")
    assert outcome.status == 0
    found = outcomes(outcome)
    assert list(found) == DATABASE_STEPS
    assert set(found.values()) <= {"ok", "atencao"}
    assert outcome.json["resumo"].startswith("Conectado em")
    text = run("diagnostico", "banco")
    assert "Versão do servidor: OK. PostgreSQL" in text.out
    assert not any(secret in outcome.out + text.out for secret in memory_keyring.entries.values())


def test_a_database_that_is_not_there(run: Run, server_machine: Path) -> None:
    assert run("config", "gravar", "balcao.banco_nome=inexistente").status == 0
    outcome = run("diagnostico", "--json", "banco")
    assert outcome.status == 1
    assert outcomes(outcome)["banco"] == "falha"
    assert outcome.json["resultado"] == "falha"
    (copied,) = outcome.json["para_copiar"]
    assert copied["texto"].startswith('CREATE DATABASE "inexistente"')


def test_a_local_file_has_no_connection(run: Run, data_folder: Path) -> None:
    outcome = run("diagnostico", "banco", "--json")
    assert outcome.status == 1
    assert "arquivo local" in outcome.json["erro"]


def test_the_service_that_is_not_running(run: Run, data_folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert run("config", "gravar", f"balcao.porta_integracao={taken.getsockname()[1]}").status == 0
        taken.close()
        outcome = run("diagnostico", "integracao", "--json")
        text = run("diagnostico", "integracao")
    assert outcome.status == text.status == 1
    found = outcomes(outcome)
    assert list(found) == SERVICE_STEPS
    assert found["porta"] == "ok" and found["tcp"] == "falha" and found["saude"] == "nao_feito"
    assert "não está em execução neste computador" in text.out


@pytest.mark.parametrize("subject", ["banco", "integracao"])
def test_its_help_names_every_step(run: Run, subject: str) -> None:
    text = run("diagnostico", subject, "--ajuda").out
    assert all(step in text for step in (DATABASE_STEPS if subject == "banco" else SERVICE_STEPS))


def test_the_way_out_that_is_not_there(run: Run, file_machine: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    kept = ("rede.proxy=endereco", "rede.proxy_servidor=127.0.0.1", f"rede.proxy_porta={port}")
    assert run("config", "gravar", *kept).status == 0
    outcome = run("diagnostico", "internet", "--json")
    assert outcome.status == 1
    assert outcomes(outcome) == {"proxy": "ok", "dns": "ok", "tcp": "falha", "tls": "nao_feito"}
    assert outcome.json["resumo"] == f"O proxy 127.0.0.1:{port} não aceitou a conexão."
