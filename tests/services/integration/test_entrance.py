"""Who is let in: the token, what a browser sends, how often, and what is noted of it."""

from __future__ import annotations

import asyncio
import base64
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Connection

from app.data import counters
from app.data.counters import Counter
from app.data.models import Counter as CounterRow
from app.settings.catalog import INTEGRATION_RATE
from services.integration import callers, entrance
from services.integration.callers import Callers
from services.integration.rate import RateLimit
from tests.services.integration.conftest import ACTOR, Service, problem


def kept(service: Service) -> Counter:
    with service.database.reading() as connection:
        return counters.get(connection, service.caller)


def test_only_health_is_told_without_a_token(service: Service) -> None:
    assert service.client.get("/saude").json()["situacao"] == "atendendo"
    for path in ("/v1/balcao", "/v1/clientes", "/docs", "/openapi.json", "/", "/nada", "/saude/", "//saude"):
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"):
            answer = service.client.request(method, path)
            assert answer.status_code == 401, (method, path)
            assert method == "HEAD" or problem(answer) == (401, "token_ausente")


def test_a_good_token_is_who_the_counter_is(service: Service) -> None:
    _, token = service.add_counter("Caixa", service.company)
    other = service.ask("GET", "/v1/balcao", Authorization=f"bearer {token}").json()
    assert (other["nome"], other["empresa"]) == ("Caixa", service.company)
    assert service.ask("GET", "/v1/balcao").json()["balcao"] == service.caller


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer",
        "Bearer rtg_errado",
        "Bearer {token}x",
        "Bearer {TOKEN}",
        "Basic {basic}",
        "Token {token}",
        "ç",
    ],
)
def test_any_other_is_not(service: Service, authorization: str) -> None:
    basic = base64.b64encode(f"balcao:{service.token}".encode()).decode()
    given = authorization.format(token=service.token, TOKEN=service.token.upper(), basic=basic)
    answer = service.client.get("/v1/balcao", headers={b"Authorization": given.encode("latin-1")})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_browser_sends_the_token_as_a_password_and_only_to_the_documentation(service: Service) -> None:
    refused = service.client.get("/docs")
    assert refused.headers["WWW-Authenticate"].startswith("Basic realm=")
    for path in ("/docs", "/openapi.json"):
        assert service.client.get(path, auth=("quem for", service.token)).status_code == 200
        assert service.client.get(path, auth=("quem for", "errada")).status_code == 401
        assert service.ask("GET", path).status_code == 200
    broken = service.client.get("/docs", headers={b"Authorization": "Basic não é base64".encode("latin-1")})
    assert broken.status_code == 401


def test_a_revoked_one_is_refused_at_once_in_this_process(service: Service) -> None:
    assert service.ask("GET", "/v1/balcao").status_code == 200
    with service.database.writing() as connection:
        counters.revoke(connection, service.caller, ACTOR, datetime.now(UTC))
    service.server.forget_counters()
    assert problem(service.ask("GET", "/v1/balcao")) == (401, "token_recusado")


def test_what_another_process_does_is_known_soon(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "FRESH_S", 0.0)
    service.server.forget_counters()
    with service.database.writing() as connection:
        counters.revoke(connection, service.caller, ACTOR, datetime.now(UTC))
    assert service.ask("GET", "/v1/balcao").status_code == 401


def test_an_answer_of_the_database_is_as_old_as_the_question(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    now, working = 0.0, counters.working

    def slow(connection: Connection) -> dict[str, counters.Caller]:
        nonlocal now
        found = working(connection)
        now += 1.5
        return found

    async def before_and_after() -> None:
        nonlocal now
        assert await known.find(service.token) is not None
        with service.database.writing() as connection:
            counters.revoke(connection, service.caller, ACTOR, datetime.now(UTC))
        now = 2.0
        assert await known.find(service.token) is None

    monkeypatch.setattr(counters, "working", slow)
    with ThreadPoolExecutor(1) as workers:
        known = Callers(service.database, service.office.settings, workers, clock=lambda: now)
        asyncio.run(before_and_after())


@pytest.fixture
def no_refill(monkeypatch: pytest.MonkeyPatch) -> None:
    """For who counts requests, no time passes."""
    monkeypatch.setattr(entrance, "RateLimit", partial(RateLimit, clock=lambda: 0.0))


def test_the_rate_is_of_each_counter(no_refill: None, service: Service) -> None:
    service.save({INTEGRATION_RATE: 60})
    _, other = service.add_counter("Caixa")
    assert [service.ask("GET", "/v1/balcao").status_code for _ in range(60)] == [200] * 60
    limited = service.ask("GET", "/v1/balcao")
    assert problem(limited) == (429, "pedidos_demais")
    assert limited.headers["Retry-After"] == "1"
    assert service.ask("GET", "/v1/balcao", Authorization=f"Bearer {other}").status_code == 200


def test_whoever_guesses_tokens_is_told_to_wait_and_who_has_one_is_not(no_refill: None, service: Service) -> None:
    guesses = [service.ask("GET", "/v1/balcao", Authorization=f"Bearer rtg_{n}") for n in range(61)]
    assert [answer.status_code for answer in guesses] == [401] * 60 + [429]
    assert service.ask("GET", "/v1/balcao").status_code == 200


def test_when_a_counter_was_last_heard_is_kept_when_the_service_ends(service: Service) -> None:
    assert kept(service).last_seen_at is None
    before = datetime.now(UTC)
    service.ask("GET", "/v1/balcao", User_Agent="Balcao/1.2.6.8 " + "x" * 100)
    service.client.get("/v1/balcao", headers={"Authorization": "Bearer rtg_outro", "User-Agent": "Curioso"})
    service.server.stop()
    seen = kept(service)
    assert seen.last_seen_at is not None
    assert before <= seen.last_seen_at <= datetime.now(UTC)
    assert seen.last_address == "127.0.0.1"
    assert seen.last_version == ("Balcao/1.2.6.8 " + "x" * 100)[:60]


def test_a_later_sighting_by_another_computer_stands(service: Service) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    with service.database.writing() as connection:
        counters.note_seen(connection, [counters.Sighting(service.caller, later, "192.168.0.9", "Balcao/2")])
        counters.note_seen(connection, [counters.Sighting(service.caller, datetime.now(UTC), "127.0.0.1", "Balcao/1")])
    assert (kept(service).last_address, kept(service).last_version) == ("192.168.0.9", "Balcao/2")


def test_only_the_hash_of_a_token_is_kept(service: Service) -> None:
    with service.database.reading() as connection:
        rows = [tuple(row) for row in connection.execute(CounterRow.__table__.select())]
    assert service.token not in str(rows)
    assert counters.token_hash(service.token) in str(rows)


def test_the_log_says_what_was_asked_and_nothing_of_persons(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "services.integration")
    service.ask("GET", "/v1/balcao?documento=12345678909")
    service.ask("GET", "/v1/clientes/4711")
    service.client.get("/segredo-na-url", headers={"Authorization": "Bearer rtg_segredo"})
    service.server.stop()
    lines = [record.getMessage() for record in caplog.records if record.name == "services.integration.front"]
    assert lines[0].startswith("GET /v1/balcao 200 ")
    assert lines[0].endswith(f"ms, balcão {service.caller}")
    assert lines[-1].startswith("GET — 401 ")
    for hidden in ("12345678909", "4711", "segredo", service.token, "127.0.0.1"):
        assert hidden not in caplog.text


def test_nothing_is_kept_by_who_stands_between(service: Service) -> None:
    for answer in (service.client.get("/saude"), service.ask("GET", "/v1/balcao"), service.client.get("/v1/balcao")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Server" not in answer.headers


def test_the_answers_are_counted(service: Service) -> None:
    for _ in range(3):
        service.ask("GET", "/v1/balcao")
    service.client.get("/nada")
    service.server.stop()
    assert service.server.state.served == 4
