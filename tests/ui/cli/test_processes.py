"""Commands as processes: exit statuses, encodings, pipes that close, Ctrl+C, and nothing left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import keyring
import pytest

from app.domain import AnpOutcome, AnpSource
from app.policies import AnpStatus
from services.demo.ca import DemoAuthority
from services.demo.example import made_up_cnpj
from services.demo.scenarios import Scenario
from services.demo.sefaz import DemoSefaz
from tests.bench.window_start import screen
from tests.ui.cli.conftest import Run, set_up
from tests.ui.cli.file_keyring import VARIABLE, FileKeyring
from tests.ui.counters import free_port, status_of
from ui.unexpected import LOG_FOLDER

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = made_up_cnpj("10203040")
_PATIENCE_S = 60

Start = Callable[..., "subprocess.Popen[bytes]"]
Done = tuple[int, str, str]


@pytest.fixture
def start(file_machine: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts main.py in a process of its own."""
    environment = {
        **os.environ,
        "PYTHON_KEYRING_BACKEND": "tests.ui.cli.file_keyring.FileKeyring",
        VARIABLE: str(tmp_path / "chaveiro.json"),
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "cp1252",  # as a redirected output has on Windows
        "TMPDIR": str(tmp_path),
    }

    def start_one(*arguments: object, more: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, str(ROOT / "main.py"), *map(str, arguments)],
            env={**environment, **(more or {})},
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    # What a shell starts with “&” ignores Ctrl+C, and so would all that it starts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield start_one
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def run_process(start: Start) -> Callable[..., Done]:
    """Runs main.py to its end."""

    def run_one(*arguments: object, stdin: str = "") -> Done:
        with start(*arguments) as process:
            out, err = process.communicate(stdin.encode(), timeout=5 * _PATIENCE_S)
        return process.returncode, out.decode("utf-8"), err.decode("utf-8")

    return run_one


@pytest.fixture
def consulting(
    run: Run,
    file_machine: Path,
    sefaz: DemoSefaz,
    authority: DemoAuthority,
    pfx: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A machine ready to consult, with one customer who is due; set up in this process, which is faster."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "chaveiro.json"))
    keyring.set_keyring(FileKeyring())
    set_up(run, file_machine, sefaz, authority, pfx)
    run("config", "gravar", "sefaz.automatica=sim", "sefaz.intervalo=0")
    run("cadastros", "clientes", "incluir", f"documento={DOCUMENT}", "nome=Posto Açaí", "uf=SP")
    return file_machine


def test_commands_of_a_script(run_process: Callable[..., Done], consulting: Path, sefaz: DemoSefaz) -> None:
    status, out, err = run_process("servico", "--uma-vez", "--json")
    assert status == 0, err
    (done,) = json.loads(out)["consultas"]
    assert (done["documento"], done["resultado"]) == (DOCUMENT, "habilitado")
    sefaz.scenarios[DOCUMENT] = Scenario.DISABLED
    status, out, err = run_process("consultar", "--documento", DOCUMENT, "--uf", "SP")
    assert (status, err) == (1, "")
    assert "Posto Açaí (cliente 1)" in out
    status, out, _ = run_process("consultar", "--cliente", "2", "--json")
    assert status == 1
    assert "Não existe o cliente 2" in json.loads(out)["falha"]["mensagem"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM that a program may catch")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_service_stops_when_told(start: Start, consulting: Path, number: signal.Signals) -> None:
    with start("servico") as process:
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        assert "Posto Açaí: Habilitado" in line
        process.send_signal(number)
        _, err = process.communicate(timeout=_PATIENCE_S)
    assert process.returncode == 0
    assert err.decode().splitlines()[-1].endswith("Parado: O serviço foi encerrado.")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM that a program may catch")
@pytest.mark.parametrize("by_setting", [True, False])
def test_the_service_answers_the_counters_until_it_is_told_to_stop(
    start: Start, run: Run, file_machine: Path, by_setting: bool
) -> None:
    port = free_port()
    run(
        "config",
        "gravar",
        f"balcao.porta_integracao={port}",
        f"balcao.integracao_ativa={'sim' if by_setting else 'nao'}",
    )
    url = f"http://127.0.0.1:{port}"
    with start("servico", *([] if by_setting else ["--integracao"])) as process:
        assert process.stderr is not None
        while f"Balcões  Atendendo: Atendendo em {url}." not in (line := process.stderr.readline().decode()):
            assert line, "it ended"
        assert status_of(url, "/saude") == 200
        assert status_of(url, "/v1/balcao") == 401
        process.terminate()
        _, err = process.communicate(timeout=_PATIENCE_S)
    assert process.returncode == 0
    assert "Balcões  Parado: O serviço foi parado." in err.decode()


def test_nobody_is_answered_where_the_setting_is_off_nor_in_a_run_of_once(
    start: Start, run: Run, run_process: Callable[..., Done], file_machine: Path
) -> None:
    status, _, err = run_process("servico", "--uma-vez", "--integracao")
    assert status == 2
    assert "nenhum balcão é atendido" in err
    run("config", "gravar", f"balcao.porta_integracao={free_port()}")
    with start("servico") as process:
        assert process.stderr is not None
        assert "Parado" in process.stderr.readline().decode()  # SEFAZ's, which begins after the counters would
        process.terminate()
        _, rest = process.communicate(timeout=_PATIENCE_S)
    assert "Balcões" not in rest.decode()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to one process")
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_ctrl_c_in_the_middle_of_a_consultation(
    start: Start, consulting: Path, sefaz: DemoSefaz, options: tuple[str, ...]
) -> None:
    sefaz.scenarios[DOCUMENT] = Scenario.TIMEOUT
    with start("consultar", "--cliente", "1", *options) as process:
        deadline = time.monotonic() + _PATIENCE_S
        while not sefaz.seen and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=_PATIENCE_S)
    assert (process.returncode, err.decode()) == (130, "Interrompido.\n")
    if options:
        assert json.loads(out)["falha"] == {"classe": "cancelada", "mensagem": "Interrompido."}
    else:
        assert out == b""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to one process")
def test_a_service_interrupted_at_work_does_not_say_that_it_still_works(
    start: Start, consulting: Path, sefaz: DemoSefaz
) -> None:
    sefaz.scenarios[DOCUMENT] = Scenario.TIMEOUT
    with start("servico", "--autoridade", "sefaz", "--uma-vez", "--json") as process:
        deadline = time.monotonic() + _PATIENCE_S
        while not sefaz.seen and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=_PATIENCE_S)
    document = json.loads(out)
    assert (process.returncode, document["estado"]) == (130, "parado")
    assert document["mensagem"] == "O serviço foi encerrado."


@pytest.mark.skipif(os.name == "nt", reason="Windows says nothing to who writes to a closed pipe")
def test_a_closed_pipe_is_no_traceback(start: Start) -> None:
    with start("config", "listar") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
    assert (process.returncode, err) == (141, b"")


def test_the_window_starts_without_the_heavy_libraries() -> None:
    heavy = ("sqlalchemy", "zeep", "httpx", "lxml", "cryptography", "alembic", "keyring")
    program = f"import sys, main, app.folders, ui.window_app;print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM that a program may catch")
def test_the_demonstration_leaves_nothing_when_interrupted(start: Start, file_machine: Path, tmp_path: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in file_machine.iterdir()}
    with start("demo", "--sem-janela") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.decode().startswith("Consultando 2 de 40"):
                break
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=_PATIENCE_S)
    assert process.returncode == 130
    assert not list(tmp_path.glob("retaguarda-demo-*"))
    assert {file: file.stat().st_mtime_ns for file in file_machine.iterdir()} == before


def test_the_demonstration_without_a_window(
    run_process: Callable[..., Done], file_machine: Path, tmp_path: Path
) -> None:
    before = {file: file.stat().st_mtime_ns for file in file_machine.iterdir()}
    status, out, err = run_process("demo", "--sem-janela", "--pasta", tmp_path / "telas")
    assert status == 0, err
    sefaz, left_alone, certificates, anp, orders, analyses, lists = out.split("\n\n")
    assert [len(table.splitlines()) for table in (sefaz, anp, orders)] == [43, 43, 43]  # title, headings and their rule
    for words in ("Habilitado", "Não habilitado", "Não contribuinte", "Dado inválido", "Bloqueado pela SEFAZ"):
        assert words in sefaz
    said = {line.split()[0]: line for line in left_alone.splitlines()[3:]}
    assert set(said) == {"AL", "AM", "PB", "PE", "RJ"}
    for uf, words in {"AL": "(265", "AM": "A SEFAZ respondeu 108", "PB": "por CPF (262", "RJ": "(410"}.items():
        assert words in said[uf]
    assert "PE em silêncio" in said["PE"]
    assert "consumo indevido" in said["PE"]
    (certificate,) = certificates.splitlines()[1:]
    assert "usado nas consultas à SEFAZ" in certificate
    for situation in (*AnpStatus, AnpOutcome.UNRECOGNISED):
        assert situation.label in anp
    for source in AnpSource:
        assert source.label in anp
    for words in ("Bloqueado pelo status na ANP", "Bloqueado pela bandeira na ANP", "Bandeira do cliente atualizada"):
        assert words in anp
    assert "Recusado" in orders
    assert "Permitido" in orders
    assert "Pendente de análise de crédito" in orders
    for words in ("Aprovada", "Reprovada", "Indefinida", "Falhou", "Homologação"):
        assert words in analyses
    assert "Na fila" not in analyses
    for words in ("30 entraram", "mudaram de bandeira"):
        assert words in lists
    pictures = {picture.stem: picture.stat().st_size for picture in (tmp_path / "telas").iterdir()}
    assert set(pictures) == {
        "perfis",
        "integracao",
        "enderecos",
        "clientes",
        "listas-anp",
        "bandeiras-anp",
        "avaliacoes",
        "analises",
        "balcoes",
        "mensagens",
    }
    assert min(pictures.values()) > 20_000
    day = re.search(r"^(\d+) pedidos do balcão respondidos; (\d+) mensagens enviadas$", err, re.MULTILINE)
    assert day is not None
    assert int(day[1]) >= 40
    assert int(day[2]) >= 4
    assert "Traceback" not in err
    assert not list(tmp_path.glob("retaguarda-demo-*"))
    assert {file: file.stat().st_mtime_ns for file in file_machine.iterdir()} == before


@pytest.mark.skipif(sys.platform != "linux", reason="the screen of its own is an Xvfb")
def test_the_demonstration_in_a_window_ends_with_ctrl_c(start: Start, file_machine: Path, tmp_path: Path) -> None:
    with screen() as display, start("demo", more=_own_screen(display)) as process:
        _wait_for_log(tmp_path, f"retaguarda-demo-*/{LOG_FOLDER}")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=_PATIENCE_S)
    assert (process.returncode, err.decode()) == (130, "Preparando a demonstração…\nInterrompido.\n")
    assert not list(tmp_path.glob("retaguarda-demo-*"))


@pytest.mark.skipif(sys.platform != "linux", reason="the screen of its own is an Xvfb")
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_the_window_ends_in_order_when_told_to(start: Start, file_machine: Path, sent: signal.Signals) -> None:
    with screen() as display, start(more=_own_screen(display)) as process:
        _wait_for_log(file_machine, LOG_FOLDER)
        process.send_signal(sent)
        _, err = process.communicate(timeout=_PATIENCE_S)
    assert (process.returncode, err) == (130, b"")
    assert (file_machine / "janela.ini").exists()  # kept while ending


@pytest.mark.skipif(sys.platform != "linux", reason="the screen of its own is an Xvfb")
def test_the_window_opens_without_arguments(start: Start, file_machine: Path) -> None:
    with screen() as display, start(more=_own_screen(display) | {"RETAGUARDA_MEDIR_INICIO": "1"}) as process:
        out, err = process.communicate(timeout=_PATIENCE_S)
    assert (process.returncode, out, err) == (0, b"pintada\n", b"")


def _wait_for_log(folder: Path, pattern: str) -> None:
    """Wait for the log's folder, which is made after the first paint."""
    deadline = time.monotonic() + _PATIENCE_S
    while not list(folder.glob(pattern)) and time.monotonic() < deadline:
        time.sleep(0.05)


def _own_screen(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: environment[name] for name in ("DISPLAY", "QT_QPA_PLATFORM")}
