"""The list of changes: newest first, found by any word in it, by subject, page by page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.data import audit
from app.data.audit import AuditQuery
from app.data.database import Database

NOW = datetime(2026, 11, 21, 18, 40, tzinfo=UTC)
CHANGES = (
    ("sefaz.periodicidade", "Periodicidade de dias", "30 dias", "15 dias"),
    ("clientes/7", "cliente 7: incluído", "", "Nome: Posto ÁGUA Limpa; UF: SP"),
    ("clientes/71", "cliente 71: Cidade", "São Paulo", "Goiânia"),
    ("filiais/2", "filial 2: situação", "ativo", "inativo 100%"),
)


@pytest.fixture
def changes(database: Database) -> Database:
    with database.writing() as connection:
        for minute, (subject, what, old, new) in enumerate(CHANGES):
            at = NOW + timedelta(minutes=minute)
            audit.record(connection, actor="Márcia", subject=subject, what=what, old=old, new=new, at=at)
    return database


def found(database: Database, query: AuditQuery) -> list[str]:
    with database.reading() as connection:
        subjects = [entry.subject for entry in audit.page(connection, query, 0, 100)]
        assert audit.count(connection, query) == len(subjects)
    return subjects


def test_newest_first_and_page_by_page(changes: Database) -> None:
    newest_first = [change[0] for change in reversed(CHANGES)]
    assert found(changes, AuditQuery()) == newest_first
    with changes.reading() as connection:
        assert [entry.subject for entry in audit.page(connection, AuditQuery(), 1, 2)] == newest_first[1:3]
        assert [entry.subject for entry in audit.latest(connection, limit=1)] == newest_first[:1]


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("agua", ["clientes/7"]),
        ("Água LIMPA", ["clientes/7"]),
        ("sao goiania", ["clientes/71"]),
        ("marcia dias", ["sefaz.periodicidade"]),
        ("100%", ["filiais/2"]),
        ("1%0", []),
        ("_", []),
        ("agua inativo", []),
    ],
)
def test_words_are_found_anywhere_without_accents_and_case(changes: Database, text: str, subjects: list[str]) -> None:
    assert found(changes, AuditQuery(text)) == subjects


@pytest.mark.parametrize(
    ("subject", "subjects"),
    [
        ("/", ["sefaz.periodicidade"]),
        ("clientes/", ["clientes/71", "clientes/7"]),
        ("clientes/7", ["clientes/7"]),
        ("sefaz.periodicidade", ["sefaz.periodicidade"]),
        ("cl%/", []),
    ],
)
def test_one_subject(changes: Database, subject: str, subjects: list[str]) -> None:
    assert found(changes, AuditQuery(subject=subject)) == subjects
