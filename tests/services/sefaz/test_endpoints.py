"""The shipped table of addresses and the administrator's overrides."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from app.uf import UFS
from services.sefaz.endpoints import (
    EndpointStatus,
    InvalidEndpoints,
    load_endpoints,
    remove_override,
    save_override,
)

OFFICIAL = {"AC", "AM", "BA", "ES", "GO", "MG", "MS", "MT", "PB", "PE", "PR", "RN", "RS", "SC", "SP"}
OWN_SERVICE = {"AM", "BA", "GO", "MG", "MS", "MT", "PE", "PR", "SP"}


def test_shipped_table_covers_every_uf() -> None:
    endpoints = load_endpoints(None)
    assert set(endpoints) == set(UFS)
    assert {uf for uf, e in endpoints.items() if e.status is EndpointStatus.OFFICIAL} == OFFICIAL
    assert {uf for uf, e in endpoints.items() if e.status is EndpointStatus.NONE} == {"MA"}
    assert {uf for uf, e in endpoints.items() if e.envelope == "mt"} == {"MT"}
    assert {uf for uf, e in endpoints.items() if e.authorizer == "SVRS"} == set(UFS) - OWN_SERVICE - {"MA"}
    assert len({e.production for e in endpoints.values()}) == len(OWN_SERVICE) + 2
    for uf, endpoint in endpoints.items():
        assert endpoint.uf == uf
        assert not endpoint.header
        assert endpoint.checked_on >= date(2026, 9, 1)
        assert (endpoint.interval_s, endpoint.per_minute) == (3.0, 20)
        assert endpoint.source
        assert endpoint.public_page.startswith("http")
        assert endpoint.status is EndpointStatus.NONE or endpoint.production != endpoint.homologation


def test_override_changes_only_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / "sefaz_enderecos.toml"
    file.write_text('[MS]\nproducao = "https://nova.example/ws"\nintervalo_s = 5\n', "utf-8")
    endpoints, shipped = load_endpoints(file), load_endpoints(None)
    assert endpoints["MS"].production == "https://nova.example/ws"
    assert endpoints["MS"].interval_s == 5.0
    assert endpoints["MS"].homologation == shipped["MS"].homologation
    assert {uf: e for uf, e in endpoints.items() if uf != "MS"} == {uf: e for uf, e in shipped.items() if uf != "MS"}


def test_zero_is_no_limit(tmp_path: Path) -> None:
    file = tmp_path / "sefaz_enderecos.toml"
    save_override(file, "SP", {"intervalo_s": 0, "por_minuto": 0})
    assert (load_endpoints(file)["SP"].interval_s, load_endpoints(file)["SP"].per_minute) == (0.0, 0)


def test_missing_override_file_is_no_override(tmp_path: Path) -> None:
    assert load_endpoints(tmp_path / "nao_existe.toml") == load_endpoints(None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[XX]\nproducao = "https://a.example/"\n', ["XX"]),
        ('[SP]\nproduçao_errada = "x"\n', ["TOML"]),
        ('[SP]\nproducoes = "x"\n', ["SP", "producoes"]),
        ('[SP]\nconsulta_publica = "https://a.example/"\n', ["SP", "consulta_publica"]),
        ('[SP]\nproducao = "http://a.example/"\n', ["SP", "producao", "https"]),
        ('[SP]\nproducao = "https://u:p@a.example/"\n', ["SP", "producao"]),
        ('[SP]\nproducao = "https://a.example/s?wsdl"\n', ["SP", "producao", "wsdl"]),
        ('[SP]\nproducao = "https://a.example:99999/"\n', ["SP", "producao"]),
        ('[SP]\nproducao = ""\n', ["SP", "producao"]),
        ('[MA]\nstatus = "oficial"\n', ["MA", "producao"]),
        ("[SP]\nstatus = 1\n", ["SP", "status"]),
        ('[SP]\nenvelope = "sp"\n', ["SP", "envelope"]),
        ('[SP]\ncabecalho = "sim"\n', ["SP", "cabecalho", "true ou false"]),
        ('[SP]\nconferido_em = "20/11/2026"\n', ["SP", "conferido_em", "data sem aspas"]),
        ("[SP]\nconferido_em = 2026-11-20T10:00:00Z\n", ["SP", "conferido_em", "data sem aspas"]),
        ("[SP]\nintervalo_s = -1\n", ["SP", "intervalo_s"]),
        ("[SP]\nintervalo_s = nan\n", ["SP", "intervalo_s"]),
        ("[SP]\nintervalo_s = true\n", ["SP", "intervalo_s"]),
        ("[SP]\npor_minuto = 2.5\n", ["SP", "por_minuto"]),
        ("[SP]\npor_minuto = -1\n", ["SP", "por_minuto", "sem limite"]),
        ("[SP]\nnivel_seguranca = 0\n", ["SP", "nivel_seguranca", "1 para aceitar"]),
        ("[SP]\nnivel_seguranca = true\n", ["SP", "nivel_seguranca"]),
        ("[SP]\nnivel_seguranca = 1.0\n", ["SP", "nivel_seguranca"]),
        ("[SP]\nautorizador = 7\n", ["SP", "autorizador"]),
        ('[SP]\nautorizador = "UM NOME COMPRIDO"\n', ["SP", "autorizador", "até 10 caracteres"]),
        ("SP = 1\n", ["SP"]),
        ("[SP\n", ["TOML"]),
    ],
)
def test_nonsense_is_refused_by_name(tmp_path: Path, text: str, words: list[str]) -> None:
    file = tmp_path / "sefaz_enderecos.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(InvalidEndpoints) as refused:
        load_endpoints(file)
    for word in ["sefaz_enderecos.toml", *words]:
        assert word in str(refused.value)


def test_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "sefaz_enderecos.toml"
    file.write_bytes("# endereço".encode("latin-1"))
    with pytest.raises(InvalidEndpoints, match="UTF-8"):
        load_endpoints(file)


def test_saving_keeps_comments_and_going_back_removes(tmp_path: Path) -> None:
    file = tmp_path / "sefaz_enderecos.toml"
    file.write_text("# pedido da Ana\n[GO]\nintervalo_s = 6.0  # mais devagar\n", "utf-8")
    save_override(file, "SP", {"producao": "https://a.example/ws", "por_minuto": 10})
    text = file.read_text("utf-8")
    assert "# pedido da Ana" in text
    assert "# mais devagar" in text
    assert load_endpoints(file)["SP"].per_minute == 10
    assert load_endpoints(file)["GO"].interval_s == 6.0
    remove_override(file, "SP", "por_minuto")
    assert load_endpoints(file)["SP"].per_minute == 20
    assert load_endpoints(file)["SP"].production == "https://a.example/ws"
    remove_override(file, "SP")
    remove_override(file, "GO", "intervalo_s")
    remove_override(file, "AC")
    assert load_endpoints(file) == load_endpoints(None)
    assert list(tmp_path.glob("*.tmp")) == []


def test_saving_nonsense_leaves_the_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "sefaz_enderecos.toml"
    save_override(file, "SP", {"intervalo_s": 4.0})
    before = file.read_bytes()
    with pytest.raises(InvalidEndpoints, match="intervalo_s"):
        save_override(file, "SP", {"intervalo_s": -4.0})
    with pytest.raises(InvalidEndpoints, match="XX"):
        save_override(file, "XX", {"intervalo_s": 4.0})
    assert file.read_bytes() == before


def test_saving_where_it_cannot_be_written_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(file: Path, *_: object) -> None:
        raise PermissionError(13, "Acesso negado", str(file))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(InvalidEndpoints, match="gravar"):
        save_override(tmp_path / "sefaz_enderecos.toml", "SP", {"intervalo_s": 4.0})


def test_the_ends_of_line_of_the_administrators_file_stay(tmp_path: Path) -> None:
    file = tmp_path / "sefaz_enderecos.toml"
    file.write_bytes(b"# da casa\r\n[SP]\r\nintervalo_s = 3.0\r\n")
    save_override(file, "SP", {"intervalo_s": 4.0})
    assert file.read_bytes() == b"# da casa\r\n[SP]\r\nintervalo_s = 4.0\r\n"


@pytest.mark.parametrize("module", ["services.sefaz.endpoints", "services.sefaz.client", "services.sefaz.status_codes"])
def test_importing_is_light(module: str) -> None:
    code = f"import sys, {module}; print({{'zeep', 'httpx', 'lxml', 'tomlkit', 'requests'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
