"""Names of brands seen at ANP and not mapped: who uses them, what they may be, and what accepting keeps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from app.data import audit, brand_inbox, brands, records
from app.data.brand_inbox import BrandProposal
from app.data.database import Database
from app.data.models import Customer
from app.data.records import InvalidRecord
from app.domain import ListKind
from app.policies import BrandKind
from app.settings.snapshot import Snapshot
from app.tables import BRANDS, CUSTOMERS
from services.demo.example import made_up_cnpj
from tests.anp_mirror import put

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def cnpj(number: int) -> str:
    return made_up_cnpj(f"{number:08d}")


def add_brand(database: Database, name: str, kind: BrandKind = BrandKind.COMPETITOR, *anp_names: str) -> int:
    with database.writing() as connection:
        values = {"nome": name, "tipo": kind, "nomes_anp": anp_names}
        return records.add(connection, BRANDS, values, Snapshot(), "maria")


def add_customer(database: Database, number: int, anp_brand: str, *, active: bool = True) -> None:
    with database.writing() as connection:
        values = {"documento": cnpj(number), "nome": f"Posto {number}", "uf": "SP"}
        row_id = records.add(connection, CUSTOMERS, values, Snapshot(), "maria")
        connection.execute(update(Customer).where(Customer.id == row_id).values(anp_brand=anp_brand, active=active))


def listed(database: Database, number: int, brand: str, *, vanished: bool = False) -> None:
    with database.writing() as connection:
        put(connection, ListKind.AUTOMOTIVE, cnpj(number), at=AT, vanished=vanished, brand=brand)


def distributor(database: Database, number: int, short_name: str, situation: str = "AUTORIZADA") -> None:
    with database.writing() as connection:
        put(connection, ListKind.DISTRIBUTOR, cnpj(number), at=AT, short_name=short_name, situation=situation)


def seen(database: Database) -> list[tuple[str, int, int]]:
    with database.reading() as connection:
        return [(u.seen.name, u.seen.customers, u.seen.establishments) for u in brand_inbox.read(connection).unknown]


def proposed(database: Database) -> list[BrandProposal]:
    with database.reading() as connection:
        return brand_inbox.proposals(connection)


def test_names_seen_and_not_mapped_those_of_our_customers_first(database: Database) -> None:
    assert seen(database) == []
    add_brand(database, "Ipê", BrandKind.OWN, "IPÊ")
    add_brand(database, "Antiga", BrandKind.COMPETITOR)
    for number, brand in enumerate(["CEDRO", "Cédro", "CEDRO", "IPE", ""]):
        add_customer(database, number, brand)
    add_customer(database, 10, "INATIVO", active=False)
    for number, brand in enumerate(["JACARANDA", "JACARANDA", "AROEIRA", "CEDRO", "IPE", ""], 20):
        listed(database, number, brand)
    listed(database, 40, "SUMIDA", vanished=True)
    assert seen(database) == [("CEDRO", 3, 1), ("JACARANDA", 0, 2), ("AROEIRA", 0, 1)]


def test_a_brand_no_longer_active_maps_nothing(database: Database) -> None:
    row_id = add_brand(database, "Ipê", BrandKind.OWN, "IPÊ")
    listed(database, 1, "IPE")
    assert seen(database) == []
    with database.writing() as connection:
        records.set_active(connection, BRANDS, row_id, False, "maria")
    assert seen(database) == [("IPE", 0, 1)]
    with database.reading() as connection:
        assert brand_inbox.read(connection).unknown[0].suggestion is None


def test_associating_maps_the_name_and_is_audited(database: Database) -> None:
    row_id = add_brand(database, "Cedro", BrandKind.COMPETITOR, "CEDRO")
    listed(database, 1, "CEDRO DISTRIBUIDORA S.A.")
    with database.reading() as connection:
        suggestion = brand_inbox.read(connection).unknown[0].suggestion
    assert suggestion is not None
    assert (suggestion.brand_id, suggestion.degree) == (row_id, 100)
    for _ in range(2):  # two computers may accept the same
        with database.writing() as connection:
            brand_inbox.associate(connection, "CEDRO DISTRIBUIDORA S.A.", row_id, "joão")
    assert seen(database) == []
    with database.reading() as connection:
        assert brands.table(connection).read("Cedro distribuidora s.a.").brand_id == row_id
        entries = [(e.actor, e.old, e.new) for e in audit.latest(connection, f"bandeiras/{row_id}")]
    assert entries[0] == ("joão", "CEDRO", "CEDRO; CEDRO DISTRIBUIDORA S.A.")
    assert len(entries) == 2
    other = add_brand(database, "Ipê")
    with pytest.raises(InvalidRecord, match="Cedro"), database.writing() as connection:
        brand_inbox.associate(connection, "cedro", other, "joão")


def test_creating_keeps_all_the_brands_or_none(database: Database) -> None:
    good = BrandProposal("Jacarandá", BrandKind.COMPETITOR, ("JACARANDA",), 0, 0)
    listed(database, 1, "JACARANDA")
    for bad in (BrandProposal("x" * 81, BrandKind.OWN, ("X",), 0, 0), good):
        with pytest.raises(InvalidRecord), database.writing() as connection:
            brand_inbox.create(connection, [good, bad], Snapshot(), "maria")
        assert seen(database) == [("JACARANDA", 0, 1)]
    with database.writing() as connection:
        (row_id,) = brand_inbox.create(connection, [good], Snapshot(), "maria")
    assert seen(database) == []
    with database.reading() as connection:
        assert records.get(connection, BRANDS, row_id).values["tipo"] is BrandKind.COMPETITOR


def test_proposals_are_the_authorised_distributors_whose_name_some_reseller_shows(database: Database) -> None:
    assert [p.name for p in proposed(database)] == ["Bandeira branca"]
    distributor(database, 1, "CEDRO")
    distributor(database, 2, "JACARANDA")
    distributor(database, 3, "JACARANDÁ")
    distributor(database, 4, "AROEIRA", "REVOGADA")
    # Without a list of resellers nobody knows which ones are shown: all of them are proposed.
    assert [p.name for p in proposed(database)] == ["Bandeira branca", "CEDRO", "JACARANDA"]
    listed(database, 20, "CEDRO")
    listed(database, 21, "AROEIRA")
    listed(database, 22, "BANDEIRA BRANCA")
    add_customer(database, 30, "BRANCA")
    white, cedro = proposed(database)
    assert (white.kind, white.customers, white.establishments) == (BrandKind.WHITE, 1, 1)
    assert (cedro.kind, cedro.anp_names, cedro.establishments) == (BrandKind.COMPETITOR, ("CEDRO",), 1)
    with database.writing() as connection:
        brand_inbox.create(connection, [white, cedro], Snapshot(), "maria")
    assert proposed(database) == []
    assert seen(database) == [("AROEIRA", 0, 1)]


def test_what_exists_is_not_proposed_again(database: Database) -> None:
    distributor(database, 1, "CEDRO")
    distributor(database, 2, "IPE")
    add_brand(database, "Cedro")
    add_brand(database, "Rede Ipê", BrandKind.WHITE, "IPÊ")
    assert proposed(database) == []
