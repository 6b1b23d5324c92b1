"""`config`: read, write, export and import, on each kind of database."""

from __future__ import annotations

import errno
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import keyring
import keyring.backends.fail
import pytest

from app import secrets
from app.settings.catalog import ALL
from services.demo.memory_keyring import MemoryKeyring
from tests.ui.cli.conftest import CNPJ, Run


def value(run: Run, key: str, *more: str) -> str:
    outcome = run("config", "ler", key, *more)
    assert outcome.status == 0
    return outcome.out.strip()


def test_list_has_every_setting_with_all_its_words(run: Run, machine: Path) -> None:
    outcome = run("config", "listar", "--json")
    assert outcome.status == 0
    assert [item["chave"] for item in outcome.json] == [setting.key for setting in ALL]
    for item, setting in zip(outcome.json, ALL, strict=True):
        assert list(item) == ["chave", "rotulo", "valor", "padrao", "origem", "escopos", "ajuda"]
        assert item["rotulo"] == setting.label
        assert item["padrao"] == setting.kind.plain(setting.default)
        assert item["escopos"] == [scope.value for scope in setting.scopes]
        assert setting.help in item["ajuda"]
    table = run("config", "listar", "--pagina", "integracao").out
    assert "balcao.servidor" in table
    assert "sefaz.lote" not in table


def test_write_and_read_back(run: Run, machine: Path) -> None:
    outcome = run("config", "gravar", "sefaz.lote=15", "sefaz.automatica=sim", "balcao.porta_integracao=8083", "--json")
    assert outcome.status == 0
    assert [(item["chave"], item["valor"], item["origem"]) for item in outcome.json] == [
        ("sefaz.lote", 15, "geral"),
        ("sefaz.automatica", True, "geral"),
        ("balcao.porta_integracao", 8083, "maquina"),
    ]
    assert value(run, "sefaz.lote") == "15"
    assert value(run, "sefaz.automatica") == "sim"
    assert run("config", "gravar", "sefaz.lote", "20").status == 0
    assert value(run, "sefaz.lote") == "20"
    outcome = run("config", "gravar", "--restaurar", "sefaz.lote")
    assert outcome.out == "sefaz.lote: 10 minutos (padrao)\n"
    assert value(run, "sefaz.lote") == "10"


def test_all_or_nothing(run: Run, machine: Path) -> None:
    outcome = run("config", "gravar", "sefaz.lote=15", "sefaz.periodicidade=zero", "sefaz.intervalo=-1", "--json")
    assert outcome.status == 2
    assert set(outcome.json["erros"]) == {"sefaz.periodicidade", "sefaz.intervalo"}
    outcome = run("config", "gravar", "sefaz.lote=15", "sefaz.usuario=7", "balcao.porta_banco=5433", "--json")
    assert outcome.status == 1
    assert list(outcome.json["erros"]) == ["sefaz.usuario"]
    assert "Não existe o código 7 em Usuários" in outcome.json["erro"]
    assert value(run, "sefaz.lote") == "10"
    assert all(item["origem"] in ("padrao", "maquina") for item in run("config", "listar", "--json").json)


def test_a_company_overrides_by_presence(run: Run, machine: Path) -> None:
    assert run("cadastros", "empresas", "incluir", f"cnpj={CNPJ}", "nome=Modelo", "uf=SP").status == 0
    assert run("config", "gravar", "credito.prazo=60").status == 0
    assert run("config", "gravar", "--empresa", "1", "credito.prazo=60").status == 0
    assert run("config", "ler", "credito.prazo", "--empresa", "1", "--json").json["origem"] == "empresa"
    assert run("config", "ler", "credito.prazo", "--json").json["origem"] == "geral"
    assert run("config", "gravar", "--empresa", "1", "--restaurar", "credito.prazo").status == 0
    assert run("config", "ler", "credito.prazo", "--empresa", "1", "--json").json["origem"] == "geral"
    refused = run("config", "gravar", "--empresa", "1", "sefaz.lote=5", "--json")
    assert (refused.status, list(refused.json["erros"])) == (1, ["sefaz.lote"])
    assert run("config", "gravar", "--empresa", "9", "credito.prazo=5").status == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("ler", "sefaz.lotes"), "Seria sefaz.lote"),
        (("ler", "nada.disso"), "Não existe a configuração “nada.disso”"),
        (("gravar",), "Falta o que gravar"),
        (("gravar", "a", "b", "c"), "não está na forma CHAVE=VALOR"),
        (("gravar", "sefaz.lote=1", "sefaz.lote=2"), "duas vezes"),
        (("gravar", "sefaz.lote=1", "--restaurar", "sefaz.lote"), "ou se grava, ou se restaura"),
        (("listar", "--empresa", "0"), "não é um código"),
        (("importar", "nao_existe.json"), "ele não existe"),
    ],
)
def test_usage(run: Run, file_machine: Path, arguments: tuple[str, ...], sentence: str) -> None:
    outcome = run("config", *arguments, "--json")
    assert outcome.status == 2
    assert sentence in outcome.json["erro"]
    assert sentence in outcome.err


def test_export_and_import_go_round(run: Run, machine: Path, tmp_path: Path) -> None:
    run("config", "gravar", "sefaz.lote=15", "anp.servico_horario=22:00-06:00 seg ter", "balcao.porta_integracao=8083")
    file = tmp_path / "configuracoes.json"
    assert run("config", "exportar", file).status == 0
    exported = json.loads(file.read_text("utf-8"))
    assert exported["geral"] == {"sefaz.lote": 15, "anp.servico_horario": "22:00-06:00 seg ter"}
    assert "maquina" not in exported
    assert run("config", "exportar", "-", "--maquina").json["maquina"]["balcao.porta_integracao"] == 8083

    run("config", "gravar", "sefaz.lote=30", "--restaurar", "anp.servico_horario")
    only_shown = run("config", "importar", file, "--simular", "--json")
    assert only_shown.json["gravado"] is False
    assert [(c["chave"], c["de"], c["para"]) for c in only_shown.json["mudancas"]] == [
        ("sefaz.lote", 30, 15),
        ("anp.servico_horario", "00:00-24:00 seg ter qua qui sex sab dom", "22:00-06:00 seg ter"),
    ]
    assert value(run, "sefaz.lote") == "30"
    outcome = run("config", "importar", file)
    assert outcome.status == 0
    assert outcome.out.splitlines()[0] == "sefaz.lote: 30 minutos [vem do geral] → 15 minutos"
    assert value(run, "sefaz.lote") == "15"
    assert "não muda nada" in run("config", "importar", file).err


def test_an_import_with_one_wrong_value_keeps_nothing(run: Run, machine: Path, tmp_path: Path) -> None:
    file = tmp_path / "errado.json"
    file.write_text('{"formato": 1, "geral": {"sefaz.lote": 15, "sefaz.periodicidade": 0, "x.y": 1}}', "utf-8")
    outcome = run("config", "importar", file, "--json")
    assert outcome.status == 1
    assert set(outcome.json["erros"]) == {"geral/sefaz.periodicidade", "geral/x.y"}
    file.write_text('{"formato": 1, "geral": {"sefaz.lote": 15, "sefaz.filial": 3}}', "utf-8")
    outcome = run("config", "importar", file, "--json")
    assert (outcome.status, list(outcome.json["erros"])) == (1, ["sefaz.filial"])
    assert value(run, "sefaz.lote") == "10"


def test_no_secret_is_exported(run: Run, server_machine: Path, memory_keyring: MemoryKeyring) -> None:
    outcome = run("config", "exportar", "--maquina")
    assert memory_keyring.entries
    assert not any(secret in outcome.out for secret in memory_keyring.entries.values())


def test_this_computers_settings_are_reached_when_the_database_does_not_open(run: Run, server_machine: Path) -> None:
    port = value(run, "balcao.porta_banco")
    assert run("config", "gravar", "balcao.porta_banco=1").status == 0
    outcome = run("config", "listar", "--json")
    assert outcome.status == 2
    assert outcome.json["erro"].startswith("Não foi possível entrar no banco")
    assert "Causa provável: " in outcome.err
    repaired = run("config", "gravar", f"balcao.porta_banco={port}")
    assert repaired.status == 0
    assert "o banco não abriu" in repaired.err
    assert run("config", "listar").status == 0


def test_the_password_of_the_database_goes_to_the_keyring(
    run: Run, server_machine: Path, memory_keyring: MemoryKeyring
) -> None:
    (name,) = (name for _, name in memory_keyring.entries)
    assert run("config", "senha-banco", stdin="outra senha ção\r\n").status == 0
    assert secrets.read(name) == "outra senha ção"
    assert run("config", "senha-banco", "--remover").status == 0
    assert secrets.read(name) is None
    assert "primeira linha da entrada" in run("config", "senha-banco").err


def test_the_password_of_the_proxy_goes_to_the_keyring(
    run: Run, file_machine: Path, memory_keyring: MemoryKeyring
) -> None:
    refused = run("config", "senha-proxy", stdin="segredo\n")
    assert (refused.status, memory_keyring.entries) == (1, {})
    assert "não têm um proxy com usuário" in refused.err
    kept = ("rede.proxy=endereco", "rede.proxy_servidor=proxy.loja", "rede.proxy_usuario=maria")
    assert run("config", "gravar", *kept).status == 0
    assert run("config", "senha-proxy", stdin="segredo\n").status == 0
    assert secrets.read("proxy/maria@proxy.loja:3128") == "segredo"
    assert run("config", "senha-proxy", "--remover").status == 0
    assert memory_keyring.entries == {}


def test_a_broken_file_of_this_computer_is_told(run: Run, file_machine: Path) -> None:
    (file_machine / "maquina.json").write_text("{", "utf-8")
    outcome = run("config", "listar", "--json")
    assert outcome.status == 2
    assert "não pode ser lido" in outcome.json["erro"]


def test_without_a_keyring_the_server_is_not_reached(run: Run, server_machine: Path) -> None:
    keyring.set_keyring(keyring.backends.fail.Keyring())  # type: ignore[no-untyped-call]  # keyring left it bare
    outcome = run("config", "listar", "--json")
    assert outcome.status == 2
    assert "O cofre de senhas do sistema não está disponível" in outcome.json["erro"]
    assert value(run, "balcao.banco_tipo") == "servidor"


def test_a_damaged_database_is_told_without_a_traceback(run: Run, file_machine: Path) -> None:
    database = file_machine / "retaguarda.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DROP TABLE setting_value")
    outcome = run("config", "listar", "--json")
    assert outcome.status == 2
    assert "recusou a operação" in outcome.json["erro"]
    assert "Detalhes: no such table" in outcome.err
    database.write_bytes(b"isto nao e um banco" * 500)
    outcome = run("config", "listar", "--json")
    assert outcome.status == 2
    assert "O arquivo está danificado" in outcome.json["erro"]


@pytest.mark.parametrize("action", [("listar",), ("ler", "sefaz.lote"), ("gravar", "sefaz.lote=5")])
def test_a_company_that_does_not_exist_is_told(run: Run, machine: Path, action: tuple[str, ...]) -> None:
    outcome = run("config", *action, "--empresa", "77", "--json")
    assert outcome.status == 1
    assert outcome.json["erro"] == "Não existe o código 77 em Empresas."


@pytest.mark.parametrize("below", ["", "pasta"])
def test_a_data_folder_that_cannot_be_made_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    (tmp_path / "arquivo").touch()
    monkeypatch.setenv("RETAGUARDA_DADOS", str(tmp_path / "arquivo" / below))
    outcome = run("config", "listar", "--json")
    assert outcome.status == 2
    assert "Não foi possível criar a pasta" in outcome.json["erro"]


def test_a_file_of_this_computer_that_cannot_be_written_is_told_and_stays(
    run: Run, file_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "disco cheio")

    monkeypatch.setattr("os.fsync", full)
    outcome = run("config", "gravar", "balcao.porta_integracao=8083", "--json")
    assert outcome.status == 2
    assert "não pôde ser gravado" in outcome.json["erro"]
    assert [path.name for path in file_machine.iterdir() if "maquina" in path.name] == []
