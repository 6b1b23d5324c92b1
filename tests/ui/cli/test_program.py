"""The command line's own words: all Portuguese, whatever is wrong."""

from __future__ import annotations

import argparse
import re
import signal
import sys
import time
import tomllib
from pathlib import Path

import pytest

from app.version import VERSION
from tests.ui.cli.conftest import Run
from ui.cli import config
from ui.cli.output import Status
from ui.cli.portuguese import Parser, UsageError

ENGLISH = re.compile(
    r"\b(usage|options|error|the|argument|arguments|invalid|required|expected|choose|choice|unrecognized|show|help)\b"
)
ROOT = Path(__file__).resolve().parents[3]


def test_the_version_is_the_projects(run: Run) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == VERSION
    assert run("--versao").out == f"Retaguarda {VERSION}\n"


class Vanishing:
    """Is interrupted while Python does away with it."""

    def __init__(self, number: signal.Signals) -> None:
        self._number = number

    def __del__(self) -> None:
        signal.raise_signal(self._number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_is_not_lost_where_python_ignores_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    def work(_options: argparse.Namespace) -> Status:
        Vanishing(number)
        for _ in range(1000):
            time.sleep(0.01)
        return Status.DONE

    monkeypatch.setattr(config, "run_list", work)
    kept = {each: signal.signal(each, signal.SIG_IGN) for each in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(number, signal.default_int_handler)
    try:
        outcome = run("config", "listar")
    finally:
        for each, handler in kept.items():
            signal.signal(each, handler)
    assert (outcome.status, outcome.err) == (130, "Interrompido.\n")


@pytest.mark.parametrize(
    "command",
    [
        "",
        "servico",
        "consultar",
        "config",
        "config listar",
        "config ler",
        "config gravar",
        "config exportar",
        "config importar",
        "config senha-banco",
        "config senha-proxy",
        "avaliar",
        "avaliar pedido",
        "avaliar dav",
        "avaliar pre-venda",
        "usuarios",
        "usuarios senha",
        "clientes",
        "clientes importar",
        "clientes listar",
        "certificado",
        "certificado instalar",
        "certificado mostrar",
        "cadastros",
        "cadastros filiais incluir",
        "diagnostico",
        "diagnostico sefaz",
        "diagnostico internet",
        "demo",
    ],
)
def test_help_is_in_portuguese(run: Run, command: str) -> None:
    outcome = run(*command.split(), "--ajuda")
    assert outcome.status == 0
    assert outcome.out.startswith("uso: retaguarda")
    assert not ENGLISH.findall(outcome.out.replace("--help", ""))


@pytest.mark.parametrize(
    "command",
    [
        "nada",
        "--nada",
        "consultar",
        "consultar --documento",
        "consultar --documento 1 --cliente 1",
        "consultar --json=1 --cliente 1",
        "config",
        "config ler",
        "config listar sobra",
        "config listar --pagina outra",
        "clientes importar",
        "certificado instalar --filial x a.pfx",
        "certificado instalar a.pfx",
        "cadastros",
        "cadastros nada listar",
        "cadastros empresas",
        "cadastros empresas incluir",
        "demo --pasta",
        "avaliar dav --tipo nf",
        "usuarios senha",
    ],
)
def test_wrong_usage_is_told_in_portuguese_with_the_form_expected(run: Run, command: str) -> None:
    outcome = run(*command.split())
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("uso: retaguarda")
    words = re.sub(r"\[?--?\w[\w-]*", "", outcome.err)
    assert not ENGLISH.findall(words), words


def test_every_kind_of_complaint_is_translated() -> None:
    parser = Parser(prog="p")
    parser.add_argument("--two", nargs=2)
    parser.add_argument("--some", nargs="+")
    parser.add_argument("--on", action="store_true")
    for arguments in (["--two", "1"], ["--some"], ["--on=1"], ["sobra"]):
        with pytest.raises(UsageError) as refused:
            parser.parse_args(arguments)
        assert not ENGLISH.findall(str(refused.value))


def test_an_unexpected_error_is_not_hidden(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(options: argparse.Namespace) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr("ui.cli.config.run_list", broken)
    outcome = run("config", "listar", "--json")
    assert outcome.status == 70
    assert "Traceback" in outcome.err
    assert "erro inesperado" in outcome.json["erro"]


def test_ctrl_c_while_the_program_is_still_being_read_leaves_no_traceback(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted:
        """Ctrl+C in the middle of the imports."""

        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            if name == "ui.cli.program":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "ui.cli.program", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupted, *sys.meta_path])
    outcome = run("clientes", "listar")
    assert (outcome.status, outcome.out, outcome.err) == (Status.INTERRUPTED, "", "")


def test_an_unknown_command_still_answers_in_json(run: Run) -> None:
    outcome = run("nada", "--json")
    assert outcome.status == 2
    assert "“nada” não é uma das opções" in outcome.json["erro"]


def test_an_argument_that_is_no_text_is_repeated_escaped(run: Run) -> None:
    outcome = run("config", "ler", "sefaz.\udcff", "--json")
    assert outcome.status == 2
    assert "sefaz." in outcome.json["erro"]
    assert "\\udcff" in outcome.err


def test_a_search_that_is_no_text_is_refused(run: Run) -> None:
    outcome = run("clientes", "listar", "--busca", "\udcff", "--json")
    assert outcome.status == 2
    assert "caracteres que não se veem" in outcome.json["erro"]
