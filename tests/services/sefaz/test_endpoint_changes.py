"""Changing a UF's address: file and audit together, and the warning about asking too fast."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.data import audit, uf_gaps
from app.data.database import Database
from app.portuguese import day
from app.uf import Missing
from services.sefaz.endpoint_changes import Risk, change_endpoint, overridden, restore_endpoint, risks, try_again
from services.sefaz.endpoints import InvalidEndpoints, Value, load_endpoints

SHIPPED = load_endpoints(None)


def test_file_and_audit_change_together_and_go_back(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "sefaz_enderecos.toml"
    changes: dict[str, Value] = {
        "intervalo_s": 5.0,
        "por_minuto": 20,
        "producao": "https://nova.example/ws",
    }
    after = change_endpoint(database, file, "SP", changes, actor="maria")
    assert overridden(after["SP"], SHIPPED["SP"]) == ("producao", "intervalo_s")
    assert "por_minuto" not in file.read_text("utf-8")
    with database.reading() as connection:
        entries = audit.latest(connection, "enderecos/SP")
    assert {(entry.what, entry.old, entry.new) for entry in entries} == {
        ("Endereço da SEFAZ de SP: Produção", SHIPPED["SP"].production, "https://nova.example/ws"),
        ("Endereço da SEFAZ de SP: Intervalo (segundos)", "3.0", "5.0"),
    }
    change_endpoint(database, file, "SP", {"intervalo_s": 3.0}, actor="maria")
    assert overridden(load_endpoints(file)["SP"], SHIPPED["SP"]) == ("producao",)
    assert restore_endpoint(database, file, "SP", actor="maria")["SP"] == SHIPPED["SP"]
    with database.reading() as connection:
        assert len(audit.latest(connection, "enderecos/SP")) == 4


def test_what_is_refused_or_not_audited_leaves_the_file_alone(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "sefaz_enderecos.toml"
    with pytest.raises(InvalidEndpoints, match="producao"):
        change_endpoint(database, file, "SP", {"producao": "http://nova.example"}, actor="maria")
    assert not file.exists()
    change_endpoint(database, file, "SP", {"intervalo_s": 5.0}, actor="maria")
    before = file.read_bytes()
    with database.writing() as connection:
        connection.execute(text("ALTER TABLE audit_entry RENAME TO elsewhere"))
    with pytest.raises(DBAPIError):
        change_endpoint(database, file, "SP", {"intervalo_s": 9.0}, actor="maria")
    assert file.read_bytes() == before


def test_a_uf_is_asked_again_when_the_operator_says_so_and_the_audit_tells_who(database: Database) -> None:
    now = datetime.now(UTC)
    with database.writing() as connection:
        for missing, c_stat in ((Missing.SERVICE, "265"), (Missing.CPF, "262")):
            uf_gaps.learn(
                connection, "AL", missing, address=SHIPPED["AL"].production, c_stat=c_stat, x_motivo="Rejeicao", now=now
            )
        service, by_cpf = sorted(uf_gaps.known(connection, now), key=lambda gap: gap.c_stat, reverse=True)
    try_again(database, service, actor="maria")
    with database.reading() as connection:
        assert uf_gaps.known(connection, now) == [by_cpf]
        (entry,) = audit.latest(connection, "enderecos/AL")
    assert entry.what == "Endereço da SEFAZ de AL: Não atende a consulta de cadastro (265)"
    assert (entry.actor, entry.old, entry.new) == ("maria", f"até {day(service.until)}", "tentar de novo")


def test_what_a_person_would_not_say_is_not_in_the_audit(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "sefaz_enderecos.toml"
    change_endpoint(
        database, file, "MG", {"cabecalho": True, "conferido_em": date(2026, 11, 20), "por_minuto": 20}, actor="maria"
    )
    kept = load_endpoints(file)["MG"]
    assert (kept.header, kept.checked_on) == (True, date(2026, 11, 20))
    with database.reading() as connection:
        entries = audit.latest(connection, "enderecos/MG")
    assert {(entry.what, entry.old, entry.new) for entry in entries} == {
        ("Endereço da SEFAZ de MG: Cabeçalho", "não", "sim"),
        ("Endereço da SEFAZ de MG: Conferido em", "28/09/2026", "20/11/2026"),
    }


@pytest.mark.parametrize(
    ("uf", "changes", "expected"),
    [
        ("SP", {"intervalo_s": 3.0, "por_minuto": 20}, ()),
        ("SP", {"intervalo_s": 10.0, "por_minuto": 5}, ()),
        ("SP", {"intervalo_s": 2.9}, (Risk.FASTER,)),
        ("SP", {"intervalo_s": 0}, (Risk.FASTER,)),
        ("SP", {"por_minuto": 0}, (Risk.FASTER,)),
        ("SP", {"por_minuto": 21}, (Risk.FASTER,)),
        ("SP", {"por_minuto": 0, "producao": "https://localhost:8443/SP"}, ()),
        ("SP", {"producao": "https://outra.example/ws"}, ()),
        ("AC", {"autorizador": "AC"}, (Risk.APART,)),
        ("AC", {"autorizador": "AC", "por_minuto": 0}, (Risk.FASTER, Risk.APART)),
        ("SP", {"producao": SHIPPED["AC"].production}, (Risk.APART,)),
        ("SP", {"producao": SHIPPED["AC"].production.replace("svrs", "SVRS").replace(".br/", ".br./")}, (Risk.APART,)),
        ("SP", {"producao": SHIPPED["AC"].production, "autorizador": "SVRS"}, ()),
        ("AC", {"producao": "https://propria.example/ws", "autorizador": "AC"}, ()),
        ("MA", {"fonte": "telefone"}, ()),
    ],
)
def test_asking_faster_or_apart_from_the_shared_pace_is_a_risk(
    uf: str, changes: dict[str, Value], expected: tuple[Risk, ...]
) -> None:
    assert risks(SHIPPED[uf], SHIPPED, changes) == expected
