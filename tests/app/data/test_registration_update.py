"""SEFAZ's last answer beside the registration, and taking fields over from it, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import portuguese
from app.data import answer_changes, audit, history, records
from app.data.customers import note_sefaz, subject
from app.data.database import Database
from app.data.models import Customer
from app.data.records import InvalidRecord
from app.data.registration_update import Comparison, RegistrationMoved, compare, take_over
from app.documents import parse_document
from app.domain import Address, Authority, Decision, Failure, FailureKind, Inscription, Origin, SefazFinding, Verdict
from app.rules.sefaz_verdict import judge
from app.settings.snapshot import Snapshot
from app.tables import CUSTOMERS
from services.demo import example

NOW = datetime(2026, 10, 12, 15, 40, tzinfo=UTC)
CNPJ = example.made_up_cnpj("AB12CD34")
OWN = Inscription(
    IE="244913027118",
    CNPJ=CNPJ,
    UF="SP",
    cSit="1",
    indCredNFe="1",
    xNome="POSTO NOVO LTDA",
    xRegApur="NORMAL",
    ender=Address("RUA DO CAIS", "310", "", "MACUCO", "3548500", "SANTOS", "11015200"),
)


@pytest.fixture
def customer(database: Database) -> int:
    return add(database)


def add(database: Database, **given: Any) -> int:
    values = {
        "documento": CNPJ,
        "ie": OWN.IE,
        "nome": "Posto Velho Ltda",
        "uf": "SP",
        "cidade": "Santos",
        "logradouro": "Rua do Cais, 310",
        "bairro": "Macuco",
        "cep": "11015-200",
    }
    with database.writing() as connection:
        texts = records.parse(CUSTOMERS, {**values, **given})
        return records.add(connection, CUSTOMERS, texts, Snapshot(), "maria")


def answered(
    database: Database,
    customer: int,
    *inscriptions: Inscription,
    at: datetime = NOW,
    verdict: Verdict | None = None,
    uf: str = "SP",
) -> int:
    """A consultation kept as the one path keeps it: in the history and on the customer."""
    with database.writing() as connection:
        asked = subject(connection, customer)
        assert asked is not None
        judged = judge(inscriptions, uf, asked.ie)
        said = verdict or judged.verdict
        why = Failure(FailureKind.NETWORK, "Caiu.", "", "") if said is Verdict.FAILURE else None
        finding = SefazFinding(
            parse_document(CNPJ), uf, said, judged.reason, at, 10, failure=why, inscriptions=inscriptions
        )
        assert note_sefaz(connection, asked, said, at, None) is not None
        return history.record(
            connection,
            finding,
            Decision("Nada."),
            authority=Authority.SEFAZ,
            customer_id=customer,
            origin=Origin.OPERATOR,
            user="maria",
            machine="PC-01",
            applied=False,
        )


def compared(database: Database, customer: int) -> Comparison:
    with database.reading() as connection:
        return compare(connection, customer)


def take(database: Database, customer: int, seen: Comparison, *fields: str) -> str:
    assert seen.consultation_id is not None
    chosen = [difference for difference in seen.found if difference.field in fields]
    with database.writing() as connection:
        return take_over(connection, customer, seen.consultation_id, chosen, "maria")


def values(database: Database, customer: int) -> dict[str, Any]:
    with database.reading() as connection:
        return dict(records.get(connection, CUSTOMERS, customer).values)


def standing(database: Database, customer: int) -> tuple[str, datetime | None]:
    with database.reading() as connection:
        found = connection.execute(
            select(Customer.sefaz_verdict, Customer.sefaz_at).where(Customer.id == customer)
        ).one()
    return found[0], found[1]


def test_only_the_chosen_fields_are_taken_over_and_audited(database: Database, customer: int) -> None:
    answered(database, customer, replace(OWN, ender=Address("AVENIDA DO FAROL", "9", CEP="11015-200")))
    seen = compared(database, customer)
    assert [difference.field for difference in seen.found] == ["nome", "logradouro"]
    assert take(database, customer, seen, "nome") == "1 campo atualizado: Nome."
    kept = values(database, customer)
    assert (kept["nome"], kept["logradouro"]) == ("POSTO NOVO LTDA", "Rua do Cais, 310")
    with database.reading() as connection:
        newest = audit.latest(connection, "clientes/")[0]
    assert (newest.actor, newest.what) == ("maria", f"cliente {customer}: Nome")
    assert (newest.old, newest.new) == ("Posto Velho Ltda", "POSTO NOVO LTDA")
    assert [difference.field for difference in compared(database, customer).found] == ["logradouro"]
    assert standing(database, customer) == ("habilitado", NOW)
    with database.reading() as connection:
        found = connection.execute(select(Customer.search_text).where(Customer.id == customer)).scalar_one()
    assert "posto novo" in found


def test_a_failure_after_the_answer_takes_nothing_from_it(database: Database, customer: int) -> None:
    number = answered(database, customer, OWN)
    answered(database, customer, at=NOW + timedelta(days=1), verdict=Verdict.FAILURE)
    answered(database, customer, at=NOW + timedelta(days=2), verdict=Verdict.DATA_ERROR)
    seen = compared(database, customer)
    assert (seen.consultation_id, seen.asked_at) == (number, NOW)
    assert [difference.field for difference in seen.found] == ["nome"]


def test_an_answer_that_says_the_customer_is_no_taxpayer_leaves_nothing_to_compare(
    database: Database, customer: int
) -> None:
    assert compared(database, customer).why_not == (
        "A SEFAZ ainda não respondeu sobre o documento e a UF deste cadastro."
    )
    answered(database, customer, OWN)
    answered(database, customer, verdict=Verdict.NOT_TAXPAYER)
    seen = compared(database, customer)
    assert seen.found == ()
    assert "não há inscrição com que comparar" in seen.why_not


def test_an_answer_about_another_registration_does_not_count(database: Database, customer: int) -> None:
    answered(database, customer, OWN)
    with database.writing() as connection:
        records.change(connection, CUSTOMERS, customer, {"uf": "GO"}, "maria")
    seen = compared(database, customer)
    assert (seen.consultation_id, seen.found) == (None, ())


def test_which_inscription_is_the_customers_is_not_guessed(database: Database) -> None:
    customer = add(database, ie="")
    answered(database, customer, OWN, replace(OWN, IE="555"))
    seen = compared(database, customer)
    assert seen.found == ()
    assert "Não se sabe qual inscrição" in seen.why_not
    assert "preencha a inscrição estadual" in seen.why_not
    with database.writing() as connection:
        records.change(connection, CUSTOMERS, customer, {"ie": "777"}, "maria")
    assert "confira a inscrição estadual" in compared(database, customer).why_not
    with database.writing() as connection:
        records.change(connection, CUSTOMERS, customer, {"ie": "555"}, "maria")
    assert [difference.field for difference in compared(database, customer).found] == ["nome"]


@pytest.mark.parametrize("change", ["nome", "uf"])
def test_a_registration_changed_meanwhile_is_not_touched(database: Database, customer: int, change: str) -> None:
    answered(database, customer, OWN)
    seen = compared(database, customer)
    with database.writing() as connection:
        given = {"nome": "Posto Renomeado"} if change == "nome" else {"uf": "GO"}
        records.change(connection, CUSTOMERS, customer, given, "joao")
    before = values(database, customer)
    with pytest.raises(RegistrationMoved, match="nada foi alterado"):
        take(database, customer, seen, "nome")
    assert values(database, customer) == before


def test_a_newer_answer_is_looked_at_first(database: Database, customer: int) -> None:
    answered(database, customer, OWN)
    seen = compared(database, customer)
    answered(database, customer, OWN, at=NOW + timedelta(minutes=1))
    with pytest.raises(RegistrationMoved, match="resposta mais nova"):
        take(database, customer, seen, "nome")
    assert values(database, customer)["nome"] == "Posto Velho Ltda"


def test_an_inscription_filled_in_from_the_answer_keeps_the_answer(database: Database) -> None:
    customer = add(database, ie="")
    answered(database, customer, OWN)
    seen = compared(database, customer)
    assert take(database, customer, seen, "ie", "nome") == "2 campos atualizados: Inscrição estadual e Nome."
    assert values(database, customer)["ie"] == OWN.IE
    assert standing(database, customer) == ("habilitado", NOW)


def test_an_inscription_that_replaced_the_one_on_file_is_consulted_again(database: Database, customer: int) -> None:
    newer = replace(OWN, IE="555")
    answered(database, customer, replace(OWN, cSit="0", IEAtual="555"), newer)
    assert standing(database, customer)[0] == "ambiguo"
    seen = compared(database, customer)
    said = take(database, customer, seen, "ie")
    assert said.endswith("o cliente precisa ser consultado de novo.")
    assert values(database, customer)["ie"] == "555"
    assert standing(database, customer) == ("", None)


def test_a_twin_is_refused_as_by_the_form(database: Database) -> None:
    add(database)
    customer = add(database, ie="")
    answered(database, customer, OWN)
    with pytest.raises(InvalidRecord, match="Já existe"):
        take(database, customer, compared(database, customer), "ie", "nome")
    assert values(database, customer)["nome"] == "Posto Velho Ltda"


def test_each_answer_tells_what_it_changed(database: Database, customer: int) -> None:
    def day(number: int) -> datetime:
        return NOW + timedelta(days=number)

    answered(database, customer, OWN)
    same = answered(database, customer, replace(OWN, xNome="Posto  Novo Ltda"), at=day(1))
    changed = answered(database, customer, replace(OWN, xNome="OUTRO", xRegApur="SIMEI"), at=day(2))
    failed = answered(database, customer, at=day(3), verdict=Verdict.FAILURE)
    gone = answered(database, customer, at=day(4), verdict=Verdict.NOT_TAXPAYER)
    with database.reading() as connection:
        found = answer_changes.of_customer(connection, customer, 200)
        assert answer_changes.of_customer(connection, customer, 1) == {}
        assert answer_changes.of_consultation(connection, changed) == found[changed]
        assert answer_changes.of_consultation(connection, gone) == found[gone]
        assert [answer_changes.of_consultation(connection, one) for one in (same, failed)] == [None, None]
    assert found.keys() == {changed, gone}
    assert (found[changed].at, found[changed].since) == (day(2), day(1))
    assert found[changed].sentence == (
        f"Desde a consulta de {portuguese.day(day(1))}: razão social e regime de apuração mudaram."
    )
    assert found[gone].since == day(2)
    assert found[gone].changes.sentence == f"a inscrição {OWN.IE} não veio mais"


def test_an_empty_answer_between_two_others_makes_nothing_new(database: Database, customer: int) -> None:
    first = answered(database, customer, OWN)
    empty = answered(database, customer, at=NOW + timedelta(days=1))
    same = answered(database, customer, OWN, at=NOW + timedelta(days=2))
    renamed = answered(database, customer, replace(OWN, xNome="OUTRO"), at=NOW + timedelta(days=3))
    with database.reading() as connection:
        found = answer_changes.of_customer(connection, customer, 200)
        each = {one: answer_changes.of_consultation(connection, one) for one in (first, empty, same, renamed)}
    assert {one: change for one, change in each.items() if change is not None} == found
    assert found.keys() == {renamed}


def test_an_answer_about_another_uf_is_not_compared(database: Database, customer: int) -> None:
    first = answered(database, customer, OWN)
    elsewhere = answered(database, customer, replace(OWN, UF="GO", xNome="OUTRO"), uf="GO")
    with database.reading() as connection:
        assert answer_changes.of_customer(connection, customer, 200) == {}
        last = history.get(connection, elsewhere)
        assert last is not None
        assert history.answer_before(connection, last.row) is None
        newest = [
            history.newest_sefaz_answer(connection, customer, parse_document(CNPJ), uf) for uf in ("SP", "GO", "PR")
        ]
    assert [one and one.row.id for one in newest] == [first, elsewhere, None]
