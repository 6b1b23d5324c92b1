"""The pace through the whole path: other machines, refused connections, equal rejections, what a UF does not offer."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import func, select

from app.data import pace, uf_gaps
from app.data.database import Database
from app.data.models import AuthorizerPace
from app.documents import parse_document
from app.domain import DocumentKind, FailureKind, Origin, Request, Verdict
from app.rules.pacing import Hold
from app.uf import Missing
from services.consultation import NotAsked, NotYet
from services.demo.ca import DemoAuthority
from services.demo.scenarios import Scenario
from services.pfx import open_pfx
from services.sefaz.automatic import AutomaticSefaz
from services.sefaz.consultation import SefazConsultation
from services.sefaz.endpoints import load_endpoints, save_override
from tests.services.conftest import ACTOR, CNPJ, Clock, Place, cnpj

CPF = "52998224725"
NOON = (datetime.now(UTC) + timedelta(days=1)).replace(hour=15, minute=0, second=0, microsecond=0)
MIDNIGHT = NOON.replace(hour=3) + timedelta(days=1)
"""The next day in America/Sao_Paulo, the zone of the branch."""


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


def limit(place: Place, uf: str, *, interval_s: float, per_minute: int) -> None:
    save_override(place.folders.endpoints_file, uf, {"intervalo_s": interval_s, "por_minuto": per_minute})


def too_soon(place: Place, customer: int) -> NotYet:
    with pytest.raises(NotYet) as refused:
        place.consult(customer)
    return refused.value


def not_asked(place: Place, customer: int) -> str:
    """Why the button is refused, whole."""
    with pytest.raises(NotAsked) as refused:
        place.consult(customer)
    assert refused.value.failure.kind is FailureKind.NOT_SERVED
    return refused.value.failure.sentence + " " + refused.value.failure.todo


def serve(place: Place, clock: Clock) -> list[int]:
    """The customers that the service consults now."""
    automatic = AutomaticSefaz(place.database, place.backoffice.sefaz, clock=clock, owner="PC-01/1")
    asked = []
    while (step := automatic.step(place.snapshot)).request is not None:
        place.backoffice.sefaz.run(step.request, place.snapshot)
        assert step.request.customer_id is not None
        asked.append(step.request.customer_id)
    return asked


# --- how fast ---


def test_two_computers_keep_the_interval_between_them(place: Place) -> None:
    """Each with its own connections; the certificate is one, and so is the pace."""
    interval_s, each = 0.15, 5
    limit(place, "RS", interval_s=interval_s, per_minute=0)
    limit(place, "SC", interval_s=interval_s, per_minute=0)
    snapshot, url = place.snapshot, place.database.engine.url

    def computer(uf: str) -> None:
        database = Database(url)
        consultation = SefazConsultation(database, place.folders)
        for number in range(1, each + 1):
            request = Request(cnpj(number), uf, Origin.OPERATOR, ACTOR, apply=False)
            consultation.run(request, snapshot, wait=lambda seconds, _why: time.sleep(seconds))
        consultation.close()
        database.close()

    threads = [Thread(target=computer, args=(uf,), name=f"computador-{uf}") for uf in ("RS", "SC")]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started >= (2 * each - 1) * interval_s
    assert len(place.sefaz.seen) == len(place.history()) == 2 * each


def test_who_does_not_wait_is_told_when_it_may_ask(timed: Place, clock: Clock) -> None:
    customer = timed.add()
    limit(timed, "SP", interval_s=3.0, per_minute=20)
    timed.consult(customer)
    refused = too_soon(timed, customer)
    assert refused.turn.hold is Hold.INTERVAL
    assert timedelta(seconds=3) <= refused.turn.at - clock.now <= timedelta(seconds=3.9)
    assert f"{refused.turn.at.astimezone():%H:%M:%S}" in refused.failure.todo
    assert (len(timed.history()), timed.sefaz.requests) == (1, 1)
    clock.now = refused.turn.at
    timed.consult(customer)


def test_without_limits_nothing_is_kept_of_an_answer(place: Place) -> None:
    place.consult(place.add())
    with place.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(AuthorizerPace)).scalar_one() == 0


# --- what holds an authorizer ---


def test_refused_connections_open_the_breaker_for_every_machine_and_the_button(timed: Place, clock: Clock) -> None:
    customers = [timed.add(number, "GO") for number in range(1, 5)]
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and listens to nobody
        address = f"https://localhost:{closed.getsockname()[1]}/"
        save_override(timed.folders.endpoints_file, "GO", {"producao": address})
        for customer in customers[:3]:
            failure = timed.consult(customer).finding.failure
            assert failure is not None
            assert failure.kind is FailureKind.NETWORK
    refused = too_soon(timed, customers[3])
    assert (refused.turn.hold, refused.turn.at) == (Hold.FAILURES, clock.now + timedelta(minutes=30))
    assert "Diagnóstico" in refused.failure.todo
    database = Database(timed.database.engine.url)
    elsewhere = SefazConsultation(database, timed.folders, clock=clock)
    assert elsewhere.next_turn("GO", timed.snapshot) == refused.turn
    elsewhere.close()
    database.close()
    assert len(timed.history()) == 3
    assert timed.consult(timed.add(9, "SP")).finding.verdict is Verdict.ENABLED
    save_override(timed.folders.endpoints_file, "GO", {"producao": timed.sefaz.url("GO")})
    clock.now += timedelta(minutes=30)
    assert timed.consult(customers[3]).finding.verdict is Verdict.ENABLED
    with timed.database.reading() as connection:
        assert pace.read(connection, CNPJ, "GO").streak == 0


def test_nothing_at_all_reaches_the_server_in_a_freeze(timed: Place, clock: Clock) -> None:
    customers = [timed.add(number, uf) for number, uf in enumerate(("RS", "SC", "PB", "RJ"), 1)]
    timed.sefaz.scenarios[cnpj(1).value] = Scenario.LIMIT
    timed.consult(customers[0])
    met = (timed.sefaz.requests, timed.sefaz.handshakes)
    timed.backoffice.sefaz.close()  # the next consultation would connect again
    for customer in customers:
        refused = too_soon(timed, customer)
        assert refused.turn.hold is Hold.FREEZE
        assert f"{(clock.now + timedelta(minutes=65)).astimezone():%H:%M}" in refused.failure.what
        assert "emissão de notas" in refused.failure.todo
    assert serve(timed, clock) == []
    assert (timed.sefaz.requests, timed.sefaz.handshakes) == met
    clock.now += timedelta(hours=2)
    timed.consult(customers[0])  # the second in a day
    assert too_soon(timed, customers[1]).turn.at == MIDNIGHT


def test_ten_equal_rejections_stop_the_authorizer_until_the_next_day(timed: Place, clock: Clock) -> None:
    for number in range(1, 15):
        timed.add(number)
        timed.sefaz.scenarios[cnpj(number).value] = Scenario.SCHEMA
    assert serve(timed, clock) == [*range(1, 11)]
    refused = too_soon(timed, 12)
    assert (refused.turn.at, refused.turn.hold) == (MIDNIGHT, Hold.FAILURES)
    assert "10 rejeições 215 seguidas" in refused.failure.what
    assert timed.sefaz.requests == 10


def test_which_authorizers_are_left_alone_is_said_with_the_hour_and_the_way_out(timed: Place, clock: Clock) -> None:
    timed.sefaz.scenarios |= {cnpj(1).value: Scenario.LIMIT, cnpj(2).value: Scenario.STOPPED}
    limited, stopped = timed.add(1, "RS"), timed.add(2, "GO")
    assert not timed.backoffice.sefaz.warnings
    timed.consult(limited)
    timed.consult(stopped)
    half_past, five_past = (f"{(clock.now + timedelta(minutes=m)).astimezone():%H:%M}" for m in (30, 65))
    go = (
        f"GO: A SEFAZ respondeu 109: nova consulta só depois de {half_past}. "
        "Um diagnóstico da SEFAZ sem falhas libera antes."
    )
    svrs = (
        f"SVRS: A SEFAZ acusou consumo indevido: nova consulta só depois de {five_past}. "
        "Insistir antes pode atingir a emissão de notas."
    )
    assert list(timed.backoffice.sefaz.warnings) == [go, svrs]
    # Another machine, or this one after a restart, finds it in the database, although nobody is due there.
    elsewhere = SefazConsultation(timed.database, timed.folders, clock=clock)
    automatic = AutomaticSefaz(timed.database, elsewhere, clock=clock, owner="PC-02/1")
    assert not elsewhere.warnings
    assert automatic.step(timed.snapshot).request is None
    assert list(elsewhere.warnings) == [go, svrs]
    clock.now += timedelta(minutes=40)
    assert list(elsewhere.warnings) == [svrs]
    clock.now += timedelta(minutes=40)
    assert not elsewhere.warnings
    elsewhere.close()


def test_a_new_certificate_is_asked_with_although_the_old_one_was_refused(
    timed: Place, authority: DemoAuthority
) -> None:
    customer = timed.add()
    timed.sefaz.scenarios[cnpj(1).value] = Scenario.CERTIFICATE_REVOKED
    timed.consult(customer)
    assert too_soon(timed, customer).turn.at == MIDNIGHT
    pfx = authority.issue_pfx(CNPJ, "POSTO BOA VIAGEM LTDA", "senha")
    timed.install(*open_pfx(pfx, "senha", branch_id=1, branch_cnpj=CNPJ, now=datetime.now(UTC)))
    timed.sefaz.scenarios.clear()
    assert timed.consult(customer).finding.verdict is Verdict.ENABLED


# --- what a UF says that it does not offer ---


@pytest.mark.parametrize("scenario", [Scenario.OTHER_UF, Scenario.UF_NOT_SERVED])
def test_a_uf_that_is_not_served_is_left_alone_for_thirty_days(timed: Place, clock: Clock, scenario: Scenario) -> None:
    unserved, other, neighbour = timed.add(1, "AL"), timed.add(2, "AL"), timed.add(3, "SC")
    timed.sefaz.ufs["AL"] = scenario
    assert serve(timed, clock) == [unserved, neighbour]
    page = load_endpoints(None)["AL"].public_page
    for customer in (unserved, other):
        said = not_asked(timed, customer)
        assert page in said
        assert "AL" in said
    assert (timed.sefaz.requests, serve(timed, clock)) == (2, [])
    (gap,) = timed.backoffice.sefaz.gaps()
    assert (gap.uf, gap.missing, gap.until) == ("AL", Missing.SERVICE, clock.now + timedelta(days=30))
    timed.sefaz.ufs.pop("AL")
    with timed.database.writing() as connection:
        uf_gaps.forget(connection, "AL", Missing.SERVICE)
    assert serve(timed, clock) == [unserved, other]


def test_what_was_said_at_another_address_is_not_believed(timed: Place, clock: Clock) -> None:
    customer = timed.add(1, "AL")
    timed.sefaz.ufs["AL"] = Scenario.OTHER_UF
    timed.consult(customer)
    timed.sefaz.ufs.pop("AL")
    assert [gap.uf for gap in timed.backoffice.sefaz.gaps()] == ["AL"]
    save_override(timed.folders.endpoints_file, "AL", {"producao": timed.sefaz.url("SP")})
    assert timed.backoffice.sefaz.gaps() == []
    assert timed.consult(customer).finding.asked_at == clock.now


def test_where_no_cpf_is_taken_the_customer_is_asked_about_by_its_inscription(timed: Place, clock: Clock) -> None:
    first = timed.add(uf="GO", document=CPF)
    timed.sefaz.ufs["GO"] = lambda query: Scenario.NO_CPF if query.document.kind is DocumentKind.CPF else None
    assert serve(timed, clock) == [first]
    assert serve(timed, clock) == []
    said = not_asked(timed, first)
    assert "inscrição estadual" in said
    assert timed.sefaz.requests == 1
    with_ie = timed.add(uf="GO", document="11144477735", ie="109876547")
    assert serve(timed, clock) == [with_ie]
    assert timed.sefaz.seen[-1].document == parse_document("109876547", DocumentKind.IE)
    assert timed.consult(timed.add(5, "GO")).finding.verdict is Verdict.ENABLED  # a CNPJ as ever
