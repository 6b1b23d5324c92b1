"""Keeping imported customers: what is added, what was there, what is refused, with defaults, search and audit."""

from __future__ import annotations

import pytest

from app.customers_import import UnreadableFile
from app.data import audit, customers, records
from app.data.customers import Query
from app.data.customers_import import import_customers
from app.data.database import Database
from app.domain import SefazAction
from app.settings.catalog import DEFAULT_REGION, SEFAZ_DEFAULT_ACTION
from app.settings.snapshot import GENERAL_COMPANY, Kept, Snapshot
from app.tables import BRANDS, CUSTOMERS, REGIONS

ONE, TWO, THREE, FOUR = "11222333000181", "11444777000161", "AB12CD34000184", "11222333000262"


def _file(*lines: str) -> bytes:
    return "\n".join(lines).encode("cp1252")


@pytest.fixture
def tables(database: Database) -> Database:
    with database.writing() as connection:
        brand = {"nome": "Branca", "tipo": "branca", "nomes_anp": "Bandeira  Branca; SEM MARCA"}
        records.add(connection, BRANDS, records.parse(BRANDS, brand), Snapshot(), "maria")
        records.add(connection, REGIONS, {"nome": "Interior"}, Snapshot(), "maria")
    return database


def _customers(database: Database) -> dict[str, records.Record]:
    with database.reading() as connection:
        return {str(r.values["documento"]): r for r in records.every(connection, CUSTOMERS)}


def test_good_lines_are_kept_and_bad_ones_reported(tables: Database) -> None:
    data = _file(
        "documento;ie;nome;uf;bandeira;regiao",
        f"{ONE};;Posto Água;SP;BANDEIRA BRANCA;interior",
        f"{TWO};109876547;Posto Dois;GO;Ypiranga;",
        "123;;Curto;SP;;",
        f"{THREE};;Posto Três;MG;99;",
        f"{THREE};;Posto Três;MG;;Marte",
        f"{ONE};;Repetido;SP;;",
    )
    report = import_customers(tables, data, Snapshot(), "maria")
    kept = _customers(tables)
    assert set(kept) == {ONE, TWO}
    assert kept[ONE].values["bandeira"] is not None
    assert kept[TWO].values["bandeira"] is None
    assert [(line.line, len(line.reasons)) for line in report.rejected] == [(4, 1), (5, 1), (6, 1), (7, 1)]
    assert "linha 2" in report.rejected[-1].sentence
    assert report.remarks == ("A bandeira “Ypiranga” não está na tabela de bandeiras e ficou em branco na linha 3.",)
    assert report.sentence == "2 clientes incluídos, 0 já cadastrados, 4 linhas recusadas"


def test_importing_again_changes_nothing_even_after_the_ie_was_filled_in(tables: Database) -> None:
    data = _file("CNPJ;RAZAOSOCIAL;UF", f"{ONE};A;SP", f"{TWO};B;SP")
    import_customers(tables, data, Snapshot(), "maria")
    number = _customers(tables)[ONE].id
    with tables.writing() as connection:
        records.change(connection, CUSTOMERS, number, {"ie": "110042490114", "nome": "Outro nome"}, "maria")
    report = import_customers(tables, data, Snapshot(), "maria")
    assert (report.added, report.already, report.rejected) == (0, 2, ())
    assert _customers(tables)[ONE].values["nome"] == "Outro nome"


def test_another_ie_is_another_customer(tables: Database) -> None:
    data = _file("documento;ie;nome;uf", f"{ONE};10;A;SP", f"{ONE};20;B;SP", f"{ONE};;C;SP")
    report = import_customers(tables, data, Snapshot(), "maria")
    assert report.added == 2
    assert [line.line for line in report.rejected] == [4]


def test_blank_cells_get_the_defaults_of_the_settings(tables: Database) -> None:
    snapshot = Snapshot(
        {
            (SEFAZ_DEFAULT_ACTION, GENERAL_COMPANY): Kept(SefazAction.BLOCK_UNBLOCK),
            (DEFAULT_REGION, GENERAL_COMPANY): Kept(2),
        }
    )
    data = _file("documento;nome;uf;acao_sefaz;consulta_automatica", f"{ONE};A;SP;;", f"{TWO};B;SP;nao_faz_nada;nao")
    import_customers(tables, data, snapshot, "maria")
    one, two = _customers(tables)[ONE].values, _customers(tables)[TWO].values
    assert (one["acao_sefaz"], one["regiao"], one["consulta_automatica"]) == (SefazAction.BLOCK_UNBLOCK, 2, True)
    assert (two["acao_sefaz"], two["consulta_automatica"]) == (SefazAction.NOTHING, False)


def test_imported_customers_are_found_and_one_entry_is_audited(tables: Database) -> None:
    import_customers(tables, _file("documento;nome;uf", f"{ONE};Posto Água;SP", f"{FOUR};B;SP"), Snapshot(), "maria")
    with tables.reading() as connection:
        assert [row.name for row in customers.page(connection, Query("agua"), 0, 10)] == ["Posto Água"]
        (entry,) = audit.latest(connection, "clientes/")
    assert (entry.actor, entry.new) == ("maria", "2 clientes incluídos, 0 já cadastrados, 0 linhas recusadas")


def test_a_file_that_cannot_be_read_leaves_no_trace(tables: Database) -> None:
    with pytest.raises(UnreadableFile):
        import_customers(tables, b"PK\x03\x04", Snapshot(), "maria")
    with tables.reading() as connection:
        assert audit.latest(connection, "clientes/") == []
