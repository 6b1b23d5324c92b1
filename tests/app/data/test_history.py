"""A consultation comes back whole."""

from __future__ import annotations

from datetime import UTC, datetime

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
