"""Changing a UF's address: file and audit together, and the warning about asking too fast."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.data import audit
from app.data.database import Database
from services.sefaz.endpoint_changes import change_endpoint, overridden, restore_endpoint, riskier
from services.sefaz.endpoints import InvalidEndpoints, load_endpoints

SHIPPED = load_endpoints(None)


def test_file_and_audit_change_together_and_go_back(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "sefaz_enderecos.toml"
    changes: dict[str, str | float | int] = {
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


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"intervalo_s": 3.0, "por_minuto": 20}, False),
        ({"intervalo_s": 10.0, "por_minuto": 5}, False),
        ({"intervalo_s": 2.9}, True),
        ({"intervalo_s": 0}, True),
        ({"por_minuto": 0}, True),
        ({"por_minuto": 21}, True),
        ({"por_minuto": 0, "producao": "https://localhost:8443/SP"}, False),
        ({"producao": "https://outra.example/ws"}, False),
    ],
)
def test_asking_faster_than_shipped_is_a_risk(changes: dict[str, str | float | int], expected: bool) -> None:
    assert riskier(SHIPPED["SP"], SHIPPED["SP"], changes) is expected
