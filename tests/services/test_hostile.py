"""What the world does to a consultation: killed processes, cut networks, false servers, absurd answers."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app import secrets
from app.data import certificates, lease
from app.domain import Authority, BlockOrigin, FailureKind, Phase, Verdict
from app.settings.catalog import SEFAZ_AUTOMATIC, SEFAZ_INTERVAL
from services.demo.ca import DemoAuthority
from services.demo.scenarios import Scenario
from services.demo.sefaz import DemoSefaz
from services.sefaz.automatic import AutomaticSefaz
from services.sefaz.endpoints import save_override
from tests.services.conftest import Clock, Place, cnpj, sefaz_finding
from tests.services.tls_server import Connection, TlsServer

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def child(place: Place, mode: str, wanted: int = 1) -> Iterator[subprocess.Popen[str]]:
    """Another process of the program, on the same database and with the same certificate."""
    with place.database.reading() as connection:
        certificate = certificates.for_branch(connection, place.branch)
    assert certificate is not None
    password = secrets.read(certificate.secret_name)
    (place.folders.data / "segredo.txt").write_text(f"{certificate.secret_name}\n{password}", encoding="utf-8")
    url = place.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.services.hostile_child", mode, str(place.folders.data), url, str(wanted)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until_asked(place: Place, process: subprocess.Popen[str]) -> None:
    give_up = time.monotonic() + 60
    while not place.sefaz.seen:
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < give_up
        time.sleep(0.005)


def intact(place: Place) -> None:
    if place.database.is_sqlite:
        with place.database.reading() as connection:
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"


# --- killed ---


def test_killed_while_sefaz_thinks(automatic_place: Place) -> None:
    place, customer = automatic_place, automatic_place.add()
    place.sefaz.scenarios[cnpj(1).value] = Scenario.TIMEOUT
    before = place.row(customer)
    with child(place, "servico") as process:
        wait_until_asked(place, process)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    intact(place)
    assert place.row(customer) == before
    assert place.history() == []
    place.sefaz.scenarios.clear()
    clock = Clock()
    mine = AutomaticSefaz(place.database, place.backoffice.sefaz, clock=clock, owner="PC-01/1")
    step = mine.step(place.snapshot)
    assert (step.phase, step.sentence) == (Phase.ELSEWHERE, "Serviço ativo em PC-02.")
    clock.now = datetime.now(UTC) + lease.DURATION
    if not place.database.is_sqlite:  # there the server's own clock decides
        with place.database.writing() as connection:
            connection.execute(text("UPDATE lease SET until = now()"))
    step = mine.step(place.snapshot)
    assert step.request is not None
    assert place.backoffice.sefaz.run(step.request, place.snapshot).finding.verdict is Verdict.ENABLED


def test_killed_while_recording(place: Place) -> None:
    customer = place.add()
    place.sefaz.scenarios[cnpj(1).value] = Scenario.DISABLED
    before = place.row(customer)
    with child(place, "gravar") as process:
        assert process.wait(30) == -signal.SIGKILL
    assert len(place.sefaz.seen) == 1
    intact(place)
    assert place.row(customer) == before
    assert place.history() == []
    assert place.blocks(customer) == ()
    assert place.consult(customer).finding.verdict is Verdict.DISABLED
    assert [block.origin for block in place.blocks(customer)] == [BlockOrigin.SEFAZ]


def test_killed_at_any_moment_of_many(file_place: Place) -> None:
    """What was told as kept is kept, whole: history, customer and block agree."""
    wanted = 300
    for number in range(1, wanted + 1):
        file_place.add(number)
        file_place.sefaz.scenarios[cnpj(number).value] = Scenario.DISABLED
    with child(file_place, "consultar", wanted) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(40)]
        process.send_signal(signal.SIGKILL)
        process.wait()
        told += [int(line) for line in process.stdout.read().splitlines()]
    intact(file_place)
    kept = file_place.history()
    assert {row.id for row in kept} >= set(told)
    assert len(told) <= len(kept) <= len(told) + 1
    for row in kept:
        assert row.customer_id is not None
        assert file_place.row(row.customer_id).blocked
        assert [block.consultation_id for block in file_place.blocks(row.customer_id)] == [row.id]
    with file_place.database.reading() as connection:
        blocked = connection.execute(text("SELECT count(*) FROM customer WHERE blocked")).scalar()
    assert blocked == len(kept)


def test_two_processes_at_once_on_the_same_data(place: Place) -> None:
    wanted = 40
    for number in range(1, wanted + 1):
        place.add(number)
    with child(place, "consultar", wanted) as one, child(place, "consultar", wanted) as other:
        outputs = [process.communicate(timeout=60) for process in (one, other)]
    assert [errors for _, errors in outputs] == ["", ""]
    told = [int(line) for output, _ in outputs for line in output.split()]
    assert len(set(told)) == 2 * wanted
    intact(place)
    kept = place.history()
    assert sorted(told) == sorted(row.id for row in kept)
    assert Counter(row.customer_id for row in kept) == dict.fromkeys(range(1, wanted + 1), 2)


# --- the network and false servers ---


@pytest.mark.parametrize(
    ("scenario", "kind"),
    [
        (Scenario.CUT, FailureKind.NETWORK),
        (Scenario.RESET, FailureKind.CERTIFICATE),
        (Scenario.HTML_PAGE, FailureKind.HTTP),
        (Scenario.DTD_BOMB, FailureKind.INVALID_RESPONSE),
        (Scenario.GARBAGE, FailureKind.INVALID_RESPONSE),
        (Scenario.WRONG_ECHO, FailureKind.INVALID_RESPONSE),
    ],
)
def test_the_consultation_after_a_bad_answer_is_good(file_place: Place, scenario: Scenario, kind: FailureKind) -> None:
    bad, good = file_place.add(1), file_place.add(2)
    file_place.sefaz.scenarios[cnpj(1).value] = scenario
    started = time.monotonic()
    result = file_place.consult(bad)
    assert time.monotonic() - started < 10
    assert result.finding.failure is not None
    assert result.finding.failure.kind is kind
    assert file_place.row(bad).verdict is None
    assert file_place.consult(good).finding.verdict is Verdict.ENABLED
    if scenario is not Scenario.CUT and scenario is not Scenario.RESET:
        assert file_place.kept(result.consultation_id).response != b""


def test_a_server_of_an_unknown_authority_gets_nothing(place: Place) -> None:
    customer = place.add()
    with DemoSefaz(DemoAuthority.create()) as false:
        place.folders.endpoints_file.write_text(false.endpoints_override(), encoding="utf-8")
        failure = place.consult(customer).finding.failure
        assert (false.requests, false.handshakes) == (0, 0)
    assert failure is not None
    assert failure.kind is FailureKind.TRUST
    assert "ac_adicionais.pem" in failure.todo


def test_a_server_with_another_name_gets_nothing(file_place: Place, authority: DemoAuthority) -> None:
    customer = file_place.add()

    def script(connection: Connection, _number: int) -> None:
        raise AssertionError("the client sent something to a server it should not trust")

    with TlsServer(authority.server_context(("sefaz.example",)), script) as server:
        save_override(file_place.folders.endpoints_file, "SP", {"producao": server.url})
        failure = file_place.consult(customer).finding.failure
    assert failure is not None
    assert failure.kind is FailureKind.TRUST
    assert "outro nome" in failure.cause


def test_a_name_of_twenty_thousand_characters_is_kept_whole(place: Place) -> None:
    customer = place.add()
    place.sefaz.scenarios[cnpj(1).value] = Scenario.LONG_NAME
    result = place.consult(customer)
    assert result.finding.verdict is Verdict.ENABLED
    (inscription,) = place.kept(result.consultation_id).inscriptions
    assert len(inscription.xNome) == 20_000
    assert inscription.xNome.endswith("LTDA.")
    assert inscription == sefaz_finding(result).inscriptions[0]


def test_nul_and_other_odd_characters_do_not_stop_the_recording(place: Place, authority: DemoAuthority) -> None:
    """PostgreSQL keeps no NUL in a text; the raw message is kept as it came."""
    customer = place.add()
    body = (
        b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><retConsCad><infCons>'
        b"<cStat>999</cStat><xMotivo>\xf0\x9f\x9b\xa2 \xe2\x80\xae erro</xMotivo></infCons></retConsCad></e:Body>"
        b"</e:Envelope>"
    )

    def script(connection: Connection, number: int) -> None:
        connection.request()
        connection.answer(body if number == 1 else b"\0" + body, "500 Erro")

    with TlsServer(authority.server_context(), script) as server:
        save_override(place.folders.endpoints_file, "SP", {"producao": server.url})
        first = place.consult(customer)
        place.forget_paces()
        second = place.consult(customer)
        place.backoffice.sefaz.close()
    assert place.kept(first.consultation_id).x_motivo == "\N{OIL DRUM} \u202e erro"
    assert place.kept(second.consultation_id).response == b"\0" + body
    assert second.finding.verdict is Verdict.FAILURE


def test_a_service_that_meets_only_failures_neither_insists_nor_blocks(file_place: Place) -> None:
    """Fifty customers of one state that is down: three attempts, then silence for half an hour."""
    for number in range(1, 51):
        file_place.add(number)
        file_place.sefaz.scenarios[cnpj(number).value] = Scenario.HTTP_503
    file_place.save({SEFAZ_AUTOMATIC: True, SEFAZ_INTERVAL: 0})
    automatic = AutomaticSefaz(file_place.database, file_place.backoffice.sefaz)
    while (step := automatic.step(file_place.snapshot)).request is not None:
        file_place.backoffice.sefaz.run(step.request, file_place.snapshot)
    assert file_place.sefaz.requests == 3
    assert step.at - datetime.now(UTC) > timedelta(minutes=29)
    with file_place.database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM block_reason")).scalar() == 0
        holder = lease.holder(connection, Authority.SEFAZ.value)
    assert holder is not None
