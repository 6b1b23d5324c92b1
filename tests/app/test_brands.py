"""What a brand name said by ANP means to the Tabela de Bandeiras."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.brands import BrandRow, BrandSaid, BrandTable
from app.data import brands, records
from app.data.database import Database
from app.kinds import folded
from app.policies import BrandKind
from app.settings.snapshot import Snapshot
from app.tables import BRANDS

TABLE = BrandTable(
    [
        BrandRow(1, "Estrela", ("ESTRELA DO SUL", "Petróleo Estrela")),
        BrandRow(2, "Lua", ("LUA", "CHEIA")),
        BrandRow(3, "Lua nova", ("Lúa",)),
        BrandRow(4, "Sem nomes", ()),
    ]
)


@pytest.mark.parametrize("name", ["ESTRELA DO SUL", "estrela do sul", " Estrela  do   Súl ", "PETROLEO ESTRELA"])
def test_names_are_compared_without_accents_case_and_double_blanks(name: str) -> None:
    reading = TABLE.read(name)
    assert (reading.said, reading.brand_id, reading.name) == (BrandSaid.KNOWN, 1, name)
    assert not reading.is_missing
    assert "“Estrela”" in reading.why


@pytest.mark.parametrize("name", ["ESTRELA", "Estrela do Sul Ltda", "Sem nomes", "-"])
def test_only_the_names_listed_count_not_the_name_of_the_brand(name: str) -> None:
    reading = TABLE.read(name)
    assert (reading.said, reading.brand_id) == (BrandSaid.UNKNOWN, None)
    assert reading.is_missing
    assert reading.why == f"A ANP informa a bandeira “{name}”, que não está na Tabela de Bandeiras."


@pytest.mark.parametrize("name", ["", "   ", "\t"])
def test_no_brand_is_not_an_unknown_brand(name: str) -> None:
    reading = TABLE.read(name)
    assert (reading.said, reading.brand_id, reading.name) == (BrandSaid.EMPTY, None, "")
    assert reading.is_missing
    assert reading.why == "A ANP não informa bandeira."


def test_a_name_of_two_brands_belongs_to_neither_and_both_are_named() -> None:
    reading = TABLE.read("LUA")
    assert (reading.said, reading.brand_id) == (BrandSaid.UNKNOWN, None)
    assert "“Lua” e “Lua nova”" in reading.why
    assert TABLE.read("cheia").brand_id == 2


def test_a_name_written_twice_in_one_brand_is_of_that_brand() -> None:
    assert BrandTable([BrandRow(5, "Sol", ("SOL", "Sól", "sol"))]).read("SOL").brand_id == 5


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=6), st.text(max_size=8))
def test_a_brand_is_read_only_when_exactly_one_has_the_name(rows: list[tuple[str, str]], name: str) -> None:
    table = BrandTable(BrandRow(number, title, (said,)) for number, (title, said) in enumerate(rows, 1))
    owners = [number for number, (_, said) in enumerate(rows, 1) if folded(said) == folded(name)]
    reading = table.read(name)
    if not folded(name):
        assert reading.said is BrandSaid.EMPTY
    else:
        assert reading.said is (BrandSaid.KNOWN if len(owners) == 1 else BrandSaid.UNKNOWN)
    assert reading.brand_id == (owners[0] if len(owners) == 1 and folded(name) else None)


def test_inactive_brands_are_not_in_the_table(database: Database) -> None:
    with database.writing() as connection:
        numbers = [
            records.add(
                connection,
                BRANDS,
                {"nome": name, "tipo": BrandKind.WHITE, "nomes_anp": (name.upper(),)},
                Snapshot(),
                "maria",
            )
            for name in ("Ativa", "Antiga")
        ]
        records.set_active(connection, BRANDS, numbers[1], False, "maria")
    with database.reading() as connection:
        table = brands.table(connection)
    assert table.read("ativa").brand_id == numbers[0]
    assert table.read("ANTIGA").said is BrandSaid.UNKNOWN
