"""What asking for an analysis would do, company by company, and how long what is known is good, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from app.credit_analysis import AnalysisOutcome, CreditReport
from app.data import credit_analyses, credit_lists, records
from app.data.credit_analyses import AnalysisQuery
from app.data.database import Database
from app.documents import parse_document
from app.domain import CreditFinding, Document, DocumentKind, Origin
from app.policies import CreditConsultation, Environment
from app.settings.catalog import (
    CREDIT_ALLOWED,
    CREDIT_DAYS,
    CREDIT_ENVIRONMENT,
    CREDIT_FORM,
    CREDIT_MANAGER,
    CREDIT_MIN_SCORE,
)
from app.settings.setting import Setting
from app.settings.snapshot import Kept, Snapshot
from app.tables import BRANCHES, COMPANIES, CREDIT_MANAGERS, Table
from services.consultation import NotAsked
from services.credit.prospect import ask_as_told, prospects
from services.credit.request import Wanted, ask_for
from services.demo.example import made_up_cnpj

WHOM = parse_document(made_up_cnpj("00000007"))
NOON = datetime(2026, 11, 22, 15, tzinfo=UTC)
REPORT = CreditReport(WHOM.value, score=600, negatives=())


def _settings(more: dict[tuple[Setting[Any], int], Any] | None = None) -> Snapshot:
    """Any entity may be asked about, of the first gerenciadora, in Produção."""
    values: dict[tuple[Setting[Any], int], Any] = {
        (CREDIT_ALLOWED, 0): True,
        (CREDIT_MANAGER, 0): 1,
        (CREDIT_ENVIRONMENT, 0): Environment.PRODUCTION,
        (CREDIT_FORM, 0): CreditConsultation.ANY_ENTITY,
    }
    return Snapshot({key: Kept(value) for key, value in (values | (more or {})).items()})


def _add(connection: Connection, table: Table, **texts: str) -> int:
    return records.add(connection, table, records.parse(table, texts), Snapshot(), "maria")


@pytest.fixture
def shop(database: Database) -> Database:
    """Two companies in SP and one in AC, two hours behind; two gerenciadoras of one provider."""
    with database.writing() as connection:
        for number, uf in ((1, "SP"), (2, "SP"), (3, "AC")):
            cnpj = made_up_cnpj(f"9000000{number}")
            _add(connection, COMPANIES, cnpj=cnpj, nome=f"Empresa {number}", uf=uf)
        _add(connection, BRANCHES, empresa="3", cnpj=made_up_cnpj("90000003"), nome="Matriz", uf="AC")
        for name in ("Serasa", "Serasa da filial"):
            _add(connection, CREDIT_MANAGERS, nome=name, provedor="serasa")
    return database


def _ask(connection: Connection, company: int = 1) -> int:
    wanted = Wanted(WHOM, company, None, Origin.OPERATOR, "maria", manual=True)
    return ask_for(connection, wanted, _settings(), NOON)[0]


def _answer(connection: Connection, number: int, at: datetime) -> None:
    approved = AnalysisOutcome.APPROVED
    finding = CreditFinding(WHOM, "", approved, "Serve.", at, 10, report=REPORT, reasons=("Serve.",))
    assert credit_analyses.reserve(connection, number, "PC-01", at)
    assert credit_analyses.settle(connection, number, finding, None)


def test_each_company_is_told_whom_it_would_ask_or_what_stands_in_the_way(shop: Database) -> None:
    snapshot = _settings({(CREDIT_ALLOWED, 2): False, (CREDIT_MANAGER, 3): 2})
    with shop.reading() as connection:
        first, second, third = prospects(connection, WHOM, snapshot, NOON)
    assert (first.title, first.refusal) == ("1 · Empresa 1", None)
    assert first.choice.manager is not None
    assert (first.choice.manager.name, first.choice.manager_from) == ("Serasa", "vem do geral")
    assert second.refusal is not None
    assert "está desligado para esta empresa" in second.refusal.what
    assert third.choice.manager is not None
    assert (third.choice.manager.name, third.choice.manager_from) == ("Serasa da filial", "desta empresa")


def test_nobody_is_asked_about_who_is_known_by_an_inscription_alone(shop: Database) -> None:
    farmer = Document(DocumentKind.IE, "P011004243002")
    with shop.writing() as connection:
        prospect, *_ = prospects(connection, farmer, _settings(), NOON)
        wanted = Wanted(farmer, 1, None, Origin.ORDER, "maria", manual=False)
        with pytest.raises(NotAsked, match="inscrição estadual"):
            ask_for(connection, wanted, _settings(), NOON)
        assert credit_analyses.groups(connection, NOON) == []
    assert prospect.refusal is not None


def test_what_is_still_good_is_judged_by_the_rules_of_each_company(shop: Database) -> None:
    with shop.writing() as connection:
        number = _ask(connection)
        _answer(connection, number, NOON)
    snapshot = _settings({(CREDIT_MIN_SCORE, 2): 700, (CREDIT_DAYS, 3): 5})
    with shop.reading() as connection:
        first, second, third = prospects(connection, WHOM, snapshot, NOON + timedelta(days=6))
    assert first.valid is not None
    assert first.valid.analysis.row.id == number
    assert first.valid.judgement.outcome is AnalysisOutcome.APPROVED
    assert second.valid is not None
    assert second.valid.judgement.outcome is AnalysisOutcome.REFUSED
    assert third.valid is None


def test_one_in_flight_is_told_beside_the_answer_that_is_still_good(shop: Database) -> None:
    with shop.writing() as connection:
        answered = _ask(connection)
        _answer(connection, answered, NOON)
        waiting = _ask(connection, 2)
    with shop.reading() as connection:
        first, *_ = prospects(connection, WHOM, _settings(), NOON)
    assert first.valid is not None
    assert first.valid.analysis.row.id == answered
    assert first.waiting is not None
    assert first.waiting.row.id == waiting


@pytest.mark.parametrize(
    "changed", [{(CREDIT_MANAGER, 0): 2}, {(CREDIT_ENVIRONMENT, 1): Environment.TEST}], ids=("gerenciadora", "ambiente")
)
def test_it_is_not_asked_of_another_than_was_told(shop: Database, changed: dict[tuple[Setting[Any], int], Any]) -> None:
    wanted = Wanted(WHOM, 1, None, Origin.OPERATOR, "maria", manual=True)
    with shop.writing() as connection:
        told = prospects(connection, WHOM, _settings(), NOON)[0]
        with pytest.raises(NotAsked, match="mudou enquanto"):
            ask_as_told(connection, told, wanted, _settings(changed), NOON)
        number, is_new = ask_as_told(connection, told, wanted, _settings(), NOON)
        assert is_new
        assert credit_analyses.get(connection, number) is not None


def test_another_is_not_asked_when_one_was_answered_since_the_person_was_told(shop: Database) -> None:
    wanted = Wanted(WHOM, 1, None, Origin.OPERATOR, "maria", manual=True)
    with shop.writing() as connection:
        told = prospects(connection, WHOM, _settings(), NOON)[0]
        answered = _ask(connection)
        _answer(connection, answered, NOON)
    with pytest.raises(NotAsked, match=f"nº {answered} .* ainda vale"), shop.writing() as connection:
        ask_as_told(connection, told, wanted, _settings(), NOON)
    with shop.writing() as connection:
        assert credit_analyses.groups(connection, NOON) == []
        told = prospects(connection, WHOM, _settings(), NOON)[0]
        number, is_new = ask_as_told(connection, told, wanted, _settings(), NOON)
    assert (is_new, number > answered) == (True, True)


def test_the_last_day_is_that_of_the_company_s_own_zone(shop: Database) -> None:
    midnight = datetime(2026, 11, 22, 3, 30, tzinfo=UTC)  # 00:30 of the 22nd in São Paulo, 22:30 of the 21st in Acre
    with shop.writing() as connection:
        for company in (1, 3):
            _answer(connection, _ask(connection, company), midnight)
        rows = credit_analyses.page(connection, AnalysisQuery(), 0, 10)
        acre, paulista = credit_lists.listed(connection, rows, _settings({(CREDIT_DAYS, 0): 1}), midnight)
        assert (str(paulista.good_until), str(acre.good_until)) == ("2026-11-23", "2026-11-22")
        # 00:30 of the 23rd in São Paulo, and still the 22nd in Acre
        a_day_later = midnight + timedelta(days=1)
        acre, paulista = credit_lists.listed(connection, rows, _settings({(CREDIT_DAYS, 0): 1}), a_day_later)
        assert (paulista.expired, acre.expired) == (False, False)
        acre, paulista = credit_lists.listed(
            connection, rows, _settings({(CREDIT_DAYS, 0): 1}), a_day_later + timedelta(hours=3)
        )
        assert (paulista.expired, acre.expired) == (False, True)


def test_what_was_not_answered_has_no_validity(shop: Database) -> None:
    with shop.writing() as connection:
        _ask(connection)
        (listed,) = credit_lists.page(connection, AnalysisQuery(), 0, 10, _settings(), NOON)
    assert listed.good_until is None
    assert not listed.expired
    assert listed.row.attempts == 0
