"""`anp` as a script uses it: lists in from files, what they changed, all customers checked."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from app.domain import AnpRegistration
from services.demo import anp_lists as made_up
from services.demo.anp import AnpPath, DemoAnp
from services.demo.ca import DemoAuthority
from tests.ui.cli.conftest import Run

ROWS = made_up.resellers(40)


def _file(folder: Path, rows: list[AnpRegistration], name: str = "lista.csv") -> Path:
    file = folder / name
    file.write_bytes(made_up.automotive_csv(rows))
    return file


def test_lists_come_in_and_what_changed_is_shown(run: Run, machine: Path, tmp_path: Path) -> None:
    first = run("anp", "importar", _file(tmp_path, ROWS), "--data", "16/11/2026", "--json")
    assert first.status == 0, first.err
    (report,) = first.json
    assert (report["tipo"], report["estabelecimentos"], report["mesma"], report["anterior"]) == (
        "automotivo",
        40,
        False,
        None,
    )
    assert datetime.fromisoformat(report["de"]).astimezone().date() == date(2026, 11, 16)
    assert run("cadastros", "clientes", "incluir", f"documento={ROWS[0].cnpj}", "nome=Posto", "uf=SP").status == 0
    changed = [replace(ROWS[0], brand="OUTRA"), *ROWS[1:39]]
    second = run("anp", "importar", _file(tmp_path, changed), "--data", "17/11/2026", "--tipo", "automotivo")
    assert (second.status, second.err) == (0, "")
    assert "39 estabelecimentos; 1 saiu, 1 mudou de bandeira." in second.out
    rows = run("anp", "diferencas", "--json").json
    assert [(row["mudanca"], row["cnpj"], row["cliente"]) for row in rows] == [
        ("bandeira", ROWS[0].cnpj, 1),
        ("saiu", ROWS[39].cnpj, None),
    ]
    assert [row["mudanca"] for row in run("anp", "diferencas", "--clientes", "--json").json] == ["bandeira"]
    assert run("anp", "diferencas", "--mudanca", "saiu", "--lista", "2").out.count(ROWS[39].cnpj) == 1
    assert run("anp", "diferencas", "--tipo", "glp").err == "Nenhuma mudança.\n"
    assert [one["lista"] for one in run("anp", "listas", "--json").json] == [2, 1]
    assert "lista.csv" in run("anp", "listas").out


def test_a_refused_list_ends_with_1_and_changes_nothing(run: Run, file_machine: Path, tmp_path: Path) -> None:
    assert run("anp", "importar", _file(tmp_path, ROWS)).status == 0
    smaller = run("anp", "importar", _file(tmp_path, ROWS[:20]))
    assert smaller.status == 1
    assert "parece incompleta" in smaller.err
    assert "--aceitar-menor" in smaller.err
    older = run("anp", "importar", _file(tmp_path, ROWS[:39]), "--data", "01/01/2020", "--json")
    assert older.status == 1
    assert "anterior à que está guardada" in older.json["erro"]
    page = tmp_path / "pagina.csv"
    page.write_bytes(b"<html></html>")
    assert run("anp", "importar", page).status == 1
    assert run("anp", "importar", _file(tmp_path, ROWS), "--tipo", "glp").status == 1
    assert len(run("anp", "listas", "--json").json) == 1
    assert run("anp", "importar", _file(tmp_path, ROWS[:20]), "--aceitar-menor").status == 0


def test_lines_refused_are_shown(run: Run, file_machine: Path, tmp_path: Path) -> None:
    file = _file(tmp_path, ROWS)
    file.write_bytes(file.read_bytes().replace(ROWS[4].cnpj.encode(), b"123"))
    done = run("anp", "importar", file)
    assert done.status == 0
    assert "1 linha recusada" in done.out
    assert "Linha 6: “123” não é um CNPJ." in done.err


def test_an_old_file_without_a_date_is_told(run: Run, file_machine: Path, tmp_path: Path) -> None:
    file = _file(tmp_path, ROWS)
    then = (datetime.now(UTC) - timedelta(days=3)).timestamp()
    os.utime(file, (then, then))
    done = run("anp", "importar", file)
    assert done.status == 0
    assert "--data" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("importar",),
        ("importar", "lista.csv", "--baixar"),
        ("importar", "--baixar", "--data", "16/11/2026"),
        ("importar", "lista.csv", "--data", "31/02/2026"),
        ("importar", "lista.csv", "--data", "01/01/2999"),
        ("importar", "naoexiste.csv"),
        ("importar", "lista.csv", "--tipo", "trr"),
        ("diferencas", "--mudanca", "sumiu"),
        ("diferencas", "--lista", "zero"),
    ],
)
def test_wrong_usage_ends_with_2(run: Run, file_machine: Path, arguments: tuple[str, ...]) -> None:
    done = run("anp", *arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err


def test_nothing_imported_yet_is_said(run: Run, file_machine: Path) -> None:
    assert run("anp", "listas").err == "Nenhuma lista foi importada ainda.\n"
    assert run("anp", "diferencas").err == "Nenhuma lista foi importada ainda.\n"
    assert run("anp", "diferencas", "--lista", "9").status == 1


def test_all_customers_are_checked(run: Run, machine: Path, tmp_path: Path) -> None:
    for row in (ROWS[0], made_up.resellers(41)[40]):
        assert run("cadastros", "clientes", "incluir", f"documento={row.cnpj}", "nome=Posto", "uf=SP").status == 0
    without = run("anp", "conferir", "--json")
    assert without.status == 1
    assert "Nenhuma lista foi importada ainda" in without.json["erro"]
    assert run("config", "gravar", "anp.cliente.nao_localizado=bloqueia").status == 0
    assert run("anp", "importar", _file(tmp_path, ROWS)).status == 0
    only = run("anp", "conferir", "--json").json
    assert (only["conferidos"], only["bloqueados"], only["consultas_gravadas"]) == (2, 0, 2)
    assert only["resultados"] == {"cadastro_atualizado": 1, "nao_localizado": 1}
    applied = run("anp", "conferir", "--aplicar")
    assert applied.status == 0
    assert "2 clientes conferidos" in applied.out
    assert "1 bloqueado;" in applied.out
    assert [row["bloqueado"] for row in run("clientes", "listar", "--json").json].count(True) == 1


def test_lists_are_downloaded_from_the_addresses_of_the_settings(
    run: Run, file_machine: Path, authority: DemoAuthority
) -> None:
    (file_machine / "ac_adicionais.pem").write_bytes(authority.ca_pem)
    distributors = made_up.distributors()
    gas = made_up.gas_resellers(30)
    with DemoAnp(authority, resellers=ROWS, gas=gas, distributors=distributors, encoding="cp1252") as anp:
        addresses = {
            "anp.lista_automotivos": AnpPath.AUTOMOTIVE_LIST,
            "anp.lista_glp": AnpPath.GLP_LIST,
            "anp.lista_distribuidores": AnpPath.DISTRIBUTOR_LIST,
        }
        assert run("config", "gravar", *(f"{key}={anp.address(path)}" for key, path in addresses.items())).status == 0
        done = run("anp", "importar", "--baixar", "--json")
        assert done.status == 0, done.err
        assert [(one["tipo"], one["estabelecimentos"]) for one in done.json] == [
            ("automotivo", 40),
            ("glp", 30),
            ("distribuidor", len(distributors)),
        ]
        again = run("anp", "importar", "--baixar", "--tipo", "glp")
        assert (again.status, "Nada mudou" in again.out) == (0, True)
        anp.down.add(AnpPath.AUTOMOTIVE_LIST)
        broken = run("anp", "importar", "--baixar", "--json")
    assert broken.status == 1
    assert ["erro" in one for one in broken.json] == [True, False, False]
    assert "Revendedores de combustíveis automotivos:" in broken.err
