"""`atualizacao`: a newer version looked for and fetched by commands, over real TLS, without any database."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from app.folders import Folders
from app.version import VERSION
from services.demo.ca import DemoAuthority
from tests.ui.cli.conftest import Run
from tests.updates import NAME, PUBLISHED_AT, SET_UP, Publisher, running_publisher, subscribe

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def authority() -> DemoAuthority:
    return DemoAuthority.create()


@pytest.fixture
def publisher(
    authority: DemoAuthority, data_folder: Path, few_authorities: None, quick_keys: None
) -> Iterator[Publisher]:
    with running_publisher(authority) as publisher:
        subscribe(Folders(data_folder, data_folder), publisher, authority)
        yield publisher


def test_a_newer_version(run: Run, publisher: Publisher, data_folder: Path) -> None:
    outcome = run("atualizacao", "verificar", "--json")
    assert outcome.status == 0
    looked_at = datetime.fromisoformat(outcome.json["procurada_em"])
    assert outcome.json == {
        "nova": True,
        "versao_instalada": VERSION,
        "versao_publicada": "9.1.0",
        "publicada_em": PUBLISHED_AT.isoformat(),
        "procurada_em": looked_at.isoformat(),
        "arquivo": NAME,
        "tamanho": len(SET_UP),
        "sha256": hashlib.sha256(SET_UP).hexdigest(),
        "novidades": "Consulta mais rápida.\nCorreções.",
    }
    words = run("atualizacao", "verificar").out
    assert "Há uma versão nova: 9.1.0" in words
    assert "Consulta mais rápida." in words
    assert not (data_folder / "retaguarda.db").exists()


def test_the_file_of_a_newer_version(run: Run, publisher: Publisher, tmp_path: Path) -> None:
    outcome = run("atualizacao", "baixar", "--pasta", tmp_path, "--json")
    assert outcome.status == 0
    assert outcome.json["gravado_em"] == str(tmp_path / NAME)
    assert (tmp_path / NAME).read_bytes() == SET_UP
    assert f"Baixado e conferido: {tmp_path / NAME}" in run("atualizacao", "baixar", "--pasta", tmp_path).out


def test_no_newer_version(run: Run, publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(versao=VERSION)
    outcome = run("atualizacao", "baixar", "--pasta", tmp_path, "--json")
    assert outcome.status == 0
    assert (outcome.json["nova"], outcome.json["gravado_em"]) == (False, None)
    assert not (tmp_path / NAME).exists()
    assert "Não há versão nova" in run("atualizacao", "verificar").out


def test_off_by_default(run: Run) -> None:
    outcome = run("atualizacao", "verificar", "--json")
    assert outcome.status == 2
    assert "desligada" in outcome.json["erro"]
    assert "atualizacao.chave" in outcome.json["erro"]


def test_what_is_refused_is_explained(run: Run, publisher: Publisher, tmp_path: Path) -> None:
    publisher.files["/novo/atualizacao.json"] += b" "
    outcome = run("atualizacao", "verificar", "--json")
    assert outcome.status == 1
    assert "não foi assinado" in outcome.json["erro"]
    assert "O que fazer" in outcome.err
    publisher.publish()
    assert run("atualizacao", "baixar", "--pasta", tmp_path / "nenhuma").status == 2
    publisher.publish(set_up=SET_UP[:-1] + b"x")
    outcome = run("atualizacao", "baixar", "--pasta", tmp_path)
    assert outcome.status == 1
    assert "não é o que foi assinado" in outcome.err
    assert not list(tmp_path.glob("*Retaguarda*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_download_that_is_interrupted_leaves_no_set_up(publisher: Publisher, tmp_path: Path, number: int) -> None:
    folder = tmp_path / "instaladores"
    folder.mkdir()
    publisher.held = threading.Event()
    command = [sys.executable, str(ROOT / "main.py"), "atualizacao", "baixar", "--pasta", str(folder)]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts with “&” would ignore it
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        assert publisher.held.wait(60)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    left = [file.name for file in folder.iterdir()]
    if number == signal.SIGKILL:
        assert all(name.startswith(f".{NAME}-") and name.endswith(".parte") for name in left)
    else:
        assert process.returncode == 130
        assert left == []
        assert "Traceback" not in err.decode()
