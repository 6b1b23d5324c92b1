"""A diagnosis as a whole: what each answer comes to, what is never opened, and what becomes of the pace."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.data import audit, pace, uf_gaps
from app.domain import Certificate, FailureKind, Origin
from app.rules.pacing import Pace
from app.settings.catalog import SEFAZ_BRANCH
from app.uf import UFS, Missing
from services.check_list import CheckStep, Outcome
from services.demo.ca import DemoAuthority
from services.demo.scenarios import Scenario
from services.sefaz.diagnosis import Diagnosis
from services.sefaz.diagnosis_report import Step, UfReport, as_text
from services.sefaz.endpoints import load_endpoints
from tests.services.conftest import ACTOR, CNPJ, READ_TIMEOUT_S, Place

OK, WARNING, FAILED, NOT_DONE = Outcome.OK, Outcome.WARNING, Outcome.FAILED, Outcome.NOT_DONE
HOUR = timedelta(hours=1)


def diagnosis(place: Place, **options: Any) -> Diagnosis:
    patience = {"read_timeout": READ_TIMEOUT_S} | options
    return Diagnosis(place.database, place.folders, place.snapshot, ACTOR, **patience)


def patience(scenario: Scenario) -> float:
    """How long to wait for the answer of that scenario, in seconds: little for the one that never comes."""
    return 1.0 if scenario is Scenario.TIMEOUT else READ_TIMEOUT_S


def diagnosed(place: Place, *ufs: str, **options: Any) -> dict[str, UfReport]:
    """The finished report of each UF."""
    return {one.uf: one for one in diagnosis(place, **options).reports(ufs) if one.finished}


def of(place: Place, uf: str = "SP", **options: Any) -> UfReport:
    return diagnosed(place, uf, **options)[uf]


def outcomes(report: UfReport) -> dict[CheckStep, Outcome]:
    assert [step.step for step in report.steps] == list(Step)
    assert all(step.found and (step.failure is not None) is (step.outcome is FAILED) for step in report.steps)
    return {step.step: step.outcome for step in report.steps}


def at_rest(place: Place, authorizer: str = "SP") -> Pace:
    with place.database.reading() as connection:
        return pace.read(connection, CNPJ, authorizer)


def hold(place: Place, opened_pfx: tuple[Certificate, str], authorizer: str = "SP", **values: Any) -> Pace:
    """Put the authorizer in that state."""
    held = Pace(fingerprint=opened_pfx[0].fingerprint, **values)
    with place.database.writing() as connection:
        pace.held(connection, CNPJ, authorizer)
        pace.keep(connection, CNPJ, authorizer, held)
    return held


def test_every_step_goes_well_and_the_consultation_is_kept(place: Place) -> None:
    report = of(place)
    assert set(outcomes(report).values()) == {OK}
    assert (report.outcome, report.c_stat, report.authorizer) == (OK, "111", "SP")
    assert report.consultation_id is not None
    kept = place.kept(report.consultation_id)
    assert (kept.row.origin, kept.row.customer_id, kept.row.document.value) == (Origin.DIAGNOSIS, None, CNPJ)
    assert not kept.row.applied
    again = of(place, consult=False)
    assert again.last_answer_at == kept.row.asked_at
    assert outcomes(again)[Step.HTTP] is NOT_DONE
    assert len(place.sefaz.seen) == 1


@pytest.mark.parametrize(
    ("scenario", "step", "outcome", "kind"),
    [
        (Scenario.NOT_TAXPAYER, Step.ANSWER, OK, None),
        (Scenario.SEVERAL, Step.ANSWER, OK, None),
        (Scenario.DISABLED, Step.ANSWER, WARNING, None),
        (Scenario.OTHER_UF, Step.ANSWER, WARNING, None),
        (Scenario.UF_NOT_SERVED, Step.ANSWER, WARNING, None),
        (Scenario.INVALID_DOCUMENT, Step.ANSWER, FAILED, FailureKind.CONFIGURATION),
        (Scenario.REQUESTER_REFUSED, Step.ANSWER, FAILED, FailureKind.REQUESTER),
        (Scenario.CERTIFICATE_REVOKED, Step.ANSWER, FAILED, FailureKind.CERTIFICATE),
        (Scenario.PAUSED, Step.ANSWER, FAILED, FailureKind.UNAVAILABLE),
        (Scenario.LIMIT, Step.ANSWER, FAILED, FailureKind.LIMIT),
        (Scenario.SCHEMA, Step.ANSWER, FAILED, FailureKind.REJECTION),
        (Scenario.SOAP_12_FAULT, Step.SOAP, FAILED, FailureKind.SOAP_FAULT),
        (Scenario.GARBAGE, Step.SOAP, FAILED, FailureKind.INVALID_RESPONSE),
        (Scenario.HTTP_503, Step.HTTP, FAILED, FailureKind.HTTP),
        (Scenario.HTML_FORBIDDEN, Step.HTTP, FAILED, FailureKind.CERTIFICATE),
        (Scenario.TIMEOUT, Step.HTTP, FAILED, FailureKind.TIMEOUT),
    ],
    ids=lambda value: value.value if isinstance(value, Scenario) else "",
)
def test_what_an_answer_comes_to(
    file_place: Place, scenario: Scenario, step: Step, outcome: Outcome, kind: FailureKind | None
) -> None:
    file_place.sefaz.ufs["SP"] = scenario
    report = of(file_place, read_timeout=patience(scenario))
    found = outcomes(report)
    order = list(Step)
    before = order[order.index(Step.NAME) : order.index(step)]
    assert all(found[one] in (OK, NOT_DONE if one is Step.CLOCK else OK) for one in before)
    assert found[step] is outcome
    assert report.outcome is outcome
    if outcome is FAILED:
        assert all(
            found[one] in (NOT_DONE, OK if one is Step.CLOCK else NOT_DONE) for one in order[order.index(step) + 1 :]
        )
        assert report.failed is not None and report.failed.failure is not None
        assert report.failed.failure.kind is kind
        assert "O que fazer:" in as_text([report])


def test_a_taxpayer_of_no_other_uf_is_a_good_outcome(file_place: Place) -> None:
    file_place.sefaz.ufs["GO"] = Scenario.NOT_TAXPAYER
    report = of(file_place, "GO")
    assert report.c_stat == "259"
    assert "respondeu que a filial não é contribuinte ali: o serviço funciona" in report.sentence


def test_a_clock_that_differs_is_a_warning(file_place: Place) -> None:
    file_place.sefaz.clock_offset = -2 * HOUR
    step = next(one for one in of(file_place).steps if one.step is Step.CLOCK)
    assert step.outcome is WARNING
    assert "adiantado" in step.found


def test_in_a_freeze_nothing_at_all_is_opened(place: Place, opened_pfx: tuple[Certificate, str]) -> None:
    frozen = hold(place, opened_pfx, "SVRS", frozen_until=datetime.now(UTC) + HOUR)
    reports = diagnosed(place, "RS", "SC", retry_unserved=True)
    for report in reports.values():
        found = outcomes(report)
        assert found.pop(Step.CERTIFICATE) is OK
        assert set(found.values()) == {NOT_DONE}
        assert report.outcome is NOT_DONE
        assert "não abre nem uma conexão com SVRS" in report.sentence
    assert (place.sefaz.handshakes, place.sefaz.requests) == (0, 0)
    assert at_rest(place, "SVRS") == frozen


def test_a_diagnosis_without_faults_lets_the_authorizer_go(place: Place, opened_pfx: tuple[Certificate, str]) -> None:
    until = datetime.now(UTC) + HOUR
    hold(
        place, opened_pfx, streak_of="falha técnica", streak=3, held_until=until, held_why="3 falhas técnicas seguidas"
    )
    assert of(place).outcome is OK
    assert at_rest(place) == at_rest(place).released
    assert len(place.sefaz.seen) == 1
    with place.database.reading() as connection:
        (entry,) = audit.latest(connection, "ritmo/SP")
    assert entry.actor == ACTOR
    assert entry.old.startswith("3 falhas técnicas seguidas: nova consulta só depois de")


@pytest.mark.parametrize("scenario", [Scenario.HTTP_503, Scenario.SCHEMA, Scenario.TIMEOUT])
def test_a_diagnosis_that_fails_gives_the_hold_back(
    file_place: Place, opened_pfx: tuple[Certificate, str], scenario: Scenario
) -> None:
    until = datetime.now(UTC) + HOUR
    held = hold(file_place, opened_pfx, streak_of="falha técnica", streak=3, held_until=until, held_why="3 falhas")
    file_place.sefaz.ufs["SP"] = scenario
    assert of(file_place, read_timeout=patience(scenario)).outcome is FAILED
    after = at_rest(file_place)
    assert (after.held_until, after.held_why, after.streak) == (held.held_until, held.held_why, held.streak)
    asked = file_place.sefaz.requests
    again = of(file_place)
    assert outcomes(again)[Step.ANSWER] is NOT_DONE
    assert "ele só insiste depois de" in again.sentence
    assert file_place.sefaz.requests == asked
    with file_place.database.reading() as connection:
        assert len(audit.latest(connection, "ritmo/SP")) == 2


def test_a_656_met_by_the_diagnosis_freezes_it(place: Place, opened_pfx: tuple[Certificate, str]) -> None:
    until = datetime.now(UTC) + HOUR
    hold(place, opened_pfx, streak_of="falha técnica", streak=3, held_until=until, held_why="3 falhas")
    place.sefaz.ufs["SP"] = Scenario.LIMIT
    assert of(place).outcome is FAILED
    frozen = at_rest(place)
    assert frozen.frozen_until is not None and frozen.held_until is None
    handshakes = place.sefaz.handshakes
    assert of(place).outcome is NOT_DONE
    assert place.sefaz.handshakes == handshakes


def test_without_a_connection_a_hold_stays(file_place: Place, opened_pfx: tuple[Certificate, str]) -> None:
    held = hold(
        file_place, opened_pfx, streak=3, streak_of="x", held_until=datetime.now(UTC) + HOUR, held_why="3 falhas"
    )
    file_place.folders.additional_ca_file.write_bytes(DemoAuthority.create().ca_pem)
    report = of(file_place)
    assert report.failed is not None and report.failed.step is Step.TLS
    assert at_rest(file_place) == held


def test_a_uf_that_said_it_does_not_serve_is_asked_again_only_when_told(place: Place) -> None:
    place.sefaz.ufs["AL"] = Scenario.OTHER_UF
    assert of(place, "AL").c_stat == "265"
    later = of(place, "AL")
    assert (later.outcome, later.unserved, later.c_stat) == (WARNING, True, "")
    assert outcomes(later)[Step.TLS] is OK
    assert "265" in later.sentence
    assert len(place.sefaz.seen) == 1
    del place.sefaz.ufs["AL"]
    again = of(place, "AL", retry_unserved=True)
    assert (again.outcome, again.unserved, again.c_stat) == (OK, False, "111")
    with place.database.reading() as connection:
        assert [gap for gap in uf_gaps.known(connection, datetime.now(UTC)) if gap.missing is Missing.SERVICE] == []
        (entry,) = audit.latest(connection, "enderecos/AL")
    assert (entry.actor, entry.new) == (ACTOR, "tentar de novo")


def test_an_expired_certificate_is_refused_before_any_connection(
    file_place: Place, authority: DemoAuthority, opened_pfx: tuple[Certificate, str]
) -> None:
    certificate, password = opened_pfx
    past = datetime.now(UTC) - HOUR
    file_place.install(replace(certificate, not_before=past - 24 * HOUR, not_after=past), password)
    report = of(file_place)
    found = outcomes(report)
    assert found.pop(Step.CERTIFICATE) is FAILED
    assert set(found.values()) == {NOT_DONE}
    assert report.outcome is FAILED
    assert "venceu em" in report.sentence
    assert file_place.sefaz.handshakes == 0


def test_without_a_branch_it_says_so(file_place: Place) -> None:
    file_place.save({SEFAZ_BRANCH: None})
    report = of(file_place)
    assert report.failed is not None and report.failed.failure is not None
    assert report.failed.failure.kind is FailureKind.CONFIGURATION


def test_the_uf_without_a_service_names_the_manual_page(file_place: Place) -> None:
    report = of(file_place, "MA")
    assert report.outcome is NOT_DONE
    assert load_endpoints(None)["MA"].public_page in report.sentence
    assert file_place.sefaz.handshakes == 0


def test_all_ufs_share_connections_and_keep_the_pace(file_place: Place, turns_taken: list[datetime]) -> None:
    file = file_place.folders.endpoints_file
    slow = file.read_text("utf-8")
    for uf in ("RS", "SC"):
        begin = slow.index(f"[{uf}]")
        slow = slow[:begin] + slow[begin:].replace("intervalo_s = 0.0", "intervalo_s = 0.4", 1)
    file.write_text(slow, "utf-8")
    reports = diagnosed(file_place, *UFS)
    assert reports.keys() == UFS.keys()
    assert {uf for uf, report in reports.items() if report.outcome is not OK} == {"MA"}
    assert {query.uf for query in file_place.sefaz.seen} == UFS.keys() - {"MA"}
    of_rs, of_sc = turns_taken
    assert of_sc - of_rs >= timedelta(seconds=0.4)
    # One connection to look at the server, which all share; then each thread's own for its consultations.
    assert file_place.sefaz.handshakes <= 5
    shared = [report for report in reports.values() if ("Verificado",) in [fact[:1] for fact in report.steps[1].facts]]
    assert len(shared) == 25


def test_cancelling_ends_at_once_whatever_is_under_way(place: Place) -> None:
    ufs = ("SP", "GO", "MG", "BA", "PR")
    place.sefaz.ufs.update(dict.fromkeys(ufs, Scenario.TIMEOUT))
    slow = Diagnosis(place.database, place.folders, place.snapshot, ACTOR, read_timeout=60)
    started = time.monotonic()
    found = {one.uf: one for one in slow.reports(ufs, lambda: place.sefaz.requests >= 2) if one.finished}
    assert time.monotonic() - started < 20
    assert found.keys() == set(ufs)
    assert {report.outcome for report in found.values()} <= {OK, NOT_DONE}
    assert all(report.steps[-1].found == "O diagnóstico foi cancelado." for report in found.values())
    assert found["PR"].consultation_id is None


def test_abandoning_it_leaves_no_thread(file_place: Place) -> None:
    file_place.sefaz.ufs["SP"] = Scenario.TIMEOUT
    reports = Diagnosis(file_place.database, file_place.folders, file_place.snapshot, ACTOR, read_timeout=60).reports(
        ("SP",)
    )
    while len(next(reports).steps) < 5:
        pass
    deadline = time.monotonic() + 20
    while file_place.sefaz.requests == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    started = time.monotonic()
    reports.close()  # type: ignore[attr-defined]  # it is a generator
    assert time.monotonic() - started < 20
    assert not [one for one in threading.enumerate() if one.name.startswith("diagnostico-")]


def test_the_text_has_no_secret(file_place: Place, opened_pfx: tuple[Certificate, str]) -> None:
    certificate, password = opened_pfx
    text = as_text(list(diagnosed(file_place, "SP", "RS", "MA").values()))
    assert password not in text
    assert "PRIVATE" not in text and certificate.key_pem.decode()[40:80] not in text
    assert text.count("Certificado da filial: OK") == 1


def test_of_two_holds_the_longer_one_stays(file_place: Place, opened_pfx: tuple[Certificate, str]) -> None:
    held = hold(
        file_place,
        opened_pfx,
        streak_of="108",
        streak=3,
        held_until=datetime.now(UTC) + 5 * HOUR,
        held_why="A SEFAZ respondeu 108",
    )
    file_place.sefaz.ufs["SP"] = Scenario.PAUSED
    assert of(file_place).c_stat == "108"
    after = at_rest(file_place)
    assert (after.held_until, after.streak) == (held.held_until, 3)
