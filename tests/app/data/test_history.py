"""A consultation comes back whole, and the pace of an authorizer is read from what was kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.data import history, records
from app.data.database import Database
from app.documents import parse_document
from app.domain import (
    Address,
    Authority,
    Decision,
    Document,
    DocumentKind,
    Failure,
    FailureKind,
    Inscription,
    Origin,
    SefazFinding,
    Verdict,
)
from app.rules.pacing import Attempt
from app.settings.snapshot import Snapshot
from app.tables import CUSTOMERS

NOW = datetime(2026, 11, 21, 18, 40, 7, 123456, tzinfo=UTC)
CNPJ = parse_document("12ABC34501DE35")
INSCRIPTIONS = (
    Inscription(
        IE="110042490114",
        CNPJ="12ABC34501DE35",
        UF="SP",
        cSit="1",
        indCredNFe="1",
        indCredCTe="4",
        xNome="AUTO POSTO ÁGUA & CIA “LTDA”",
        xFant="POSTO",
        xRegApur="NORMAL",
        CNAE="4731800",
        dIniAtiv="1998-04-01",
        dUltSit="2019-07-30",
        dBaixa="2020-01-01",
        IEUnica="1",
        IEAtual="2",
        ender=Address("RUA UM", "10", "FUNDOS", "CENTRO", "3550308", "SÃO PAULO", "01310100"),
    ),
    Inscription(IE="07", UF="RJ", cSit="0", ender=Address()),
    Inscription(),
)
RAW = bytes(range(256)) + "ação".encode("iso-8859-1")


def record(
    database: Database,
    *,
    at: datetime = NOW,
    failure: FailureKind | None = None,
    authorizer: str = "SVRS",
    customer: int | None = None,
    document: Document = CNPJ,
) -> int:
    why = (
        None if failure is None else Failure(failure, "Não respondeu.", "A rede caiu.", "Tente de novo.", "detalhe\n2")
    )
    finding = SefazFinding(
        document,
        "SP",
        Verdict.ENABLED if failure is None else Verdict.FAILURE,
        "A inscrição está habilitada.",
        at,
        345,
        c_stat="112",
        x_motivo="Consulta cadastro com mais de uma ocorrência",
        inscriptions=INSCRIPTIONS if failure is None else (),
        own=INSCRIPTIONS[0],
        failure=why,
        request=RAW,
        response=RAW[::-1],
        authorizer=authorizer,
        certificate_cnpj="11222333000181",
    )
    with database.writing() as connection:
        return history.record(
            connection,
            finding,
            Decision("Nada a mudar."),
            authority=Authority.SEFAZ,
            customer_id=customer,
            origin=Origin.SERVICE,
            user="serviço",
            machine="PC-01",
            applied=True,
        )


@pytest.mark.parametrize("document", [CNPJ, parse_document("52998224725"), Document(DocumentKind.IE, "12345678901")])
def test_an_answer_comes_back_whole(database: Database, document: Document) -> None:
    number = record(database, document=document)
    with database.reading() as connection:
        found = history.get(connection, number)
        (row,) = history.latest(connection)
    assert found is not None
    assert found.row == row
    assert (row.id, row.authority, row.customer_id, row.customer) == (number, Authority.SEFAZ, None, "")
    assert (row.document, row.uf, row.origin, row.user) == (document, "SP", Origin.SERVICE, "serviço")
    assert (row.asked_at, row.duration_ms, row.verdict, row.c_stat) == (NOW, 345, Verdict.ENABLED, "112")
    assert (row.reason, row.decision, row.applied) == ("A inscrição está habilitada.", "Nada a mudar.", True)
    assert found.inscriptions == INSCRIPTIONS
    assert (found.request, found.response) == (RAW, RAW[::-1])
    assert (found.machine, found.authorizer, found.certificate_cnpj) == ("PC-01", "SVRS", "11222333000181")
    assert found.x_motivo == "Consulta cadastro com mais de uma ocorrência"
    assert found.failure is None


@pytest.mark.parametrize("kind", FailureKind)
def test_a_failure_comes_back_with_its_explanation(database: Database, kind: FailureKind) -> None:
    number = record(database, failure=kind)
    with database.reading() as connection:
        found = history.get(connection, number)
        assert history.newest_attempts(connection, "SVRS", 3) == [Attempt(NOW, kind)]
        assert history.last_limit(connection, "SVRS") == (NOW if kind is FailureKind.LIMIT else None)
    assert found is not None
    assert found.failure == Failure(kind, "Não respondeu.", "A rede caiu.", "Tente de novo.", "detalhe\n2")
    assert found.row.verdict is Verdict.FAILURE
    assert found.inscriptions == ()


def test_a_number_that_does_not_exist(database: Database) -> None:
    with database.reading() as connection:
        assert history.get(connection, 99) is None


def test_of_one_customer_newest_first(database: Database) -> None:
    texts = {"documento": "12ABC34501DE35", "nome": "Posto Água", "uf": "SP"}
    with database.writing() as connection:
        customer = records.add(connection, CUSTOMERS, records.parse(CUSTOMERS, texts), Snapshot(), "maria")
    mine = [record(database, customer=customer), record(database, customer=customer, failure=FailureKind.TIMEOUT)]
    record(database)
    with database.reading() as connection:
        rows = history.latest(connection, customer_id=customer)
        failed = history.latest(connection, verdict=Verdict.FAILURE)
        assert [row.id for row in history.latest(connection, customer_id=customer, limit=1)] == mine[1:]
    assert [row.id for row in rows] == mine[::-1]
    assert {row.customer for row in rows} == {"Posto Água"}
    assert [row.id for row in failed] == mine[1:]


def test_the_pace_is_read_by_authorizer_and_by_the_moment_asked(database: Database) -> None:
    minutes = (3, 1, 2)  # not in the order of their numbers: several threads and machines write
    for minute in minutes:
        record(database, at=NOW + timedelta(minutes=minute))
    record(database, at=NOW + timedelta(minutes=9), authorizer="SP", failure=FailureKind.LIMIT)
    record(database, at=NOW, failure=FailureKind.LIMIT)
    record(database, at=NOW - timedelta(days=1), failure=FailureKind.LIMIT)
    with database.reading() as connection:
        newest = history.newest_attempts(connection, "SVRS", 4)
        assert newest == [
            *(Attempt(NOW + timedelta(minutes=minute), None) for minute in (3, 2, 1)),
            Attempt(NOW, FailureKind.LIMIT),
        ]
        assert history.newest_attempts(connection, "MG", 4) == []
        assert history.last_limit(connection, "SVRS") == NOW
        assert history.last_limit(connection, "SP") == NOW + timedelta(minutes=9)
        assert history.last_limit(connection, "MG") is None
