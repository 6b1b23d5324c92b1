"""`banco`: where the data is, moving it, and going back, as scripts do."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import make_url

from app import secrets
from app.data.database import Database
from tests.ui.cli.conftest import Run


def _url(postgresql_url: str) -> str:
    return postgresql_url.replace("postgresql+psycopg", "postgresql") + "?sslmode=disable"


def _stored(postgresql_url: str) -> str:
    url = make_url(postgresql_url)
    return f"banco/app@127.0.0.1:{url.port}/{url.database}"


@pytest.fixture
def with_region(run: Run, file_machine: Path) -> Path:
    """A computer with a row of its own in its file."""
    assert run("cadastros", "regioes", "incluir", "nome=Litoral").status == 0
    return file_machine


def _regions(run: Run) -> list[str]:
    return [row["nome"] for row in run("cadastros", "regioes", "listar", "--json").json]


def test_there_and_back(run: Run, with_region: Path, postgresql_url: str) -> None:
    before = run("banco", "onde", "--json").json
    assert before == {
        "onde": "arquivo neste computador",
        "servidor": False,
        "arquivo": str(with_region / "retaguarda.db"),
        "pode_voltar": False,
    }
    moved = run("banco", "migrar", "--para", _url(postgresql_url), "--json", stdin="segredo\n")
    assert moved.status == 0, moved.err
    assert moved.json["mudou"] is True
    assert {"tabela": "Regiões de venda", "registros": 2} in moved.json["tabelas"]
    assert moved.json["registros"] == sum(table["registros"] for table in moved.json["tabelas"])
    assert "Copiando…" in moved.err
    assert secrets.read(_stored(postgresql_url)) == "segredo"
    assert "segredo" not in moved.out + moved.err
    assert _regions(run) == ["Geral", "Litoral"]
    assert run("banco", "onde", "--json").json["pode_voltar"] is True
    assert run("cadastros", "regioes", "incluir", "nome=Serra").status == 0
    back = run("banco", "voltar")
    assert back.status == 0
    assert "continua lá" in back.out
    assert _regions(run) == ["Geral", "Litoral"]
    assert run("banco", "voltar", "--json").status == 1


def test_a_simulation_changes_nothing(run: Run, with_region: Path, empty_postgresql_url: str) -> None:
    looked = run("banco", "migrar", "--para", _url(empty_postgresql_url), "--simular", stdin="\n")
    assert looked.status == 0, looked.err
    assert "Regiões de venda  2" in looked.out
    assert "Tudo pronto." in looked.out
    assert run("banco", "onde").out == f"arquivo neste computador: {with_region / 'retaguarda.db'}\n"
    assert secrets.read(_stored(empty_postgresql_url)) is None


def test_a_password_in_the_keyring_is_not_asked_for(run: Run, with_region: Path, postgresql_url: str) -> None:
    secrets.write(_stored(postgresql_url), "guardada")
    assert run("banco", "migrar", "--para", _url(postgresql_url)).status == 0
    assert secrets.read(_stored(postgresql_url)) == "guardada"


@pytest.mark.usefixtures("file_machine")
@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("servidor/banco", "O endereço não foi entendido."),
        ("mysql://ana@servidor/banco", "O endereço não foi entendido."),
        ("postgresql://ana@servidor:x/banco", "O endereço não foi entendido."),
        ("postgresql://ana:segredo@servidor/banco", "A senha não vai no endereço"),
        ("postgresql://ana@servidor:70000/banco", "Porta Banco de Dados Gestores: 70000 está fora do limite"),
        ("postgresql://ana@servidor/banco?sslmode=talvez", "Criptografia da conexão:"),
        ("postgresql://ana@servidor/banco?options=x", "O endereço tem o que o programa não usa: options."),
    ],
)
def test_an_address_that_is_none_is_a_mistake_of_usage(run: Run, url: str, sentence: str) -> None:
    outcome = run("banco", "migrar", "--para", url)
    assert outcome.status == 2
    assert sentence in outcome.err
    assert "segredo" not in outcome.err


def test_a_server_that_refuses_is_explained(run: Run, with_region: Path, postgresql_url: str) -> None:
    wrong = _url(postgresql_url).replace("/teste_", "/nenhum_")
    refused = run("banco", "migrar", "--para", wrong, "--json", stdin="\n")
    assert refused.status == 1
    assert "não existe" in refused.json["erro"]
    assert run("banco", "onde", "--json").json["servidor"] is False


def test_an_open_window_must_be_closed_first(run: Run, with_region: Path, postgresql_url: str) -> None:
    window = Database(f"sqlite:///{with_region / 'retaguarda.db'}")
    window.migrate()
    refused = run("banco", "migrar", "--para", _url(postgresql_url), stdin="\n")
    window.close()
    assert refused.status == 1
    assert "aberto em outro programa" in refused.err
