"""A database that does not answer the counters is said twice in the log: when that begins, and when it is over."""

from __future__ import annotations

import logging
import time

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from app.data import customer_sync
from services.integration import outage
from services.integration.outage import Outage
from tests.services.integration.conftest import PATIENCE_S, Service, problem

OF_THE_DRIVER = "sem conexão com 12345678909"


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == outage.__name__]


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT 1", None, Exception(OF_THE_DRIVER)),
        NoConnectionFree("QueuePool limit of size 5 overflow 10 reached"),
    ],
    ids=["no connection", "no connection free"],
)
def test_the_log_has_two_lines_of_it(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def down(*what: object) -> None:
        raise error

    caplog.set_level(logging.WARNING)
    with monkeypatch.context() as patch:
        patch.setattr(customer_sync, "one", down)
        for _ in range(20):
            assert problem(service.ask("GET", "/v1/clientes/1")) == (503, "banco_indisponivel")
    (begun,) = lines(caplog)
    assert begun.startswith("o banco de dados não responde (")
    deadline = time.monotonic() + PATIENCE_S
    while len(lines(caplog)) == 1 and time.monotonic() < deadline:
        assert service.ask("GET", "/v1/balcao").status_code == 200
    assert service.ask("GET", "/v1/clientes/1").status_code == 404
    begun, over = lines(caplog)
    assert over.startswith("o banco de dados voltou a responder: 20 pedidos recusados em ")
    assert OF_THE_DRIVER not in caplog.text


def test_it_is_over_when_what_is_known_was_read_after_the_last_refusal(caplog: pytest.LogCaptureFixture) -> None:
    moments = iter((100.0, 107.0, 300.0))
    seen = Outage(lambda: next(moments))
    seen.let_in(90.0)
    for _ in range(2):
        seen.refused(OperationalError("SELECT 1", None, Exception()))
    for began_at in (90.0, 107.0, 109.0):
        seen.let_in(began_at)
    assert len(lines(caplog)) == 1
    seen.let_in(109.1)
    seen.let_in(200.0)
    assert lines(caplog)[1:] == ["o banco de dados voltou a responder: 2 pedidos recusados em 7 s"]
    seen.refused(OperationalError("SELECT 1", None, Exception()))
    assert len(lines(caplog)) == 3
