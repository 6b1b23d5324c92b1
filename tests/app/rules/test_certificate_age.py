"""How near its end a certificate is, to the second, and what is said of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.portuguese import exact
from app.rules.certificate_age import ENDED, MARKS, Age, age, mark, warning
from tests.certificates import certificate_until

ENDS = datetime(2027, 1, 23, 17, 5, tzinfo=UTC)
CERTIFICATE = certificate_until(ENDS)
INSTANT = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("days", "passed"),
    [
        *((61, None), (60.1, None), (60, 60), (59.9, 60), (30.5, 60), (30, 30), (15, 15), (14.99, 15), (7, 7), (2, 7)),
        *((1, 1), (0.5, 1), (0.0001, 1), (0, ENDED), (-1, ENDED), (-400, ENDED)),
    ],
)
def test_a_mark_is_passed_at_its_very_moment(days: float, passed: int | None) -> None:
    assert mark(CERTIFICATE, ENDS - timedelta(days=days)) == passed


def test_no_mark_is_passed_before_it_is_valid() -> None:
    brief = certificate_until(ENDS, not_before=ENDS - timedelta(days=20))
    assert mark(brief, ENDS - timedelta(days=21)) is None
    assert age(brief, ENDS - timedelta(days=21)) is Age.NOT_YET
    assert mark(brief, ENDS - timedelta(days=20)) == 30


@given(st.floats(-10, 100), st.floats(0, 30))
def test_as_time_goes_by_marks_only_come_nearer_the_end(days: float, later: float) -> None:
    first, second = (mark(CERTIFICATE, ENDS - timedelta(days=left)) for left in (days, days - later))
    assert (MARKS[0] + 1 if second is None else second) <= (MARKS[0] + 1 if first is None else first)


@pytest.mark.parametrize(
    ("left", "found"),
    [
        (timedelta(days=365), Age.GOOD),
        (timedelta(days=30), Age.GOOD),
        (timedelta(days=30) - INSTANT, Age.ENDING),
        (timedelta(days=7), Age.ENDING),
        (timedelta(days=7) - INSTANT, Age.LAST_DAYS),
        (INSTANT, Age.LAST_DAYS),
        (timedelta(), Age.ENDED),
        (-INSTANT, Age.ENDED),
        (timedelta(days=366), Age.NOT_YET),
    ],
)
def test_the_age_changes_at_thirty_days_at_seven_and_at_the_end(left: timedelta, found: Age) -> None:
    assert age(CERTIFICATE, ENDS - left) is found


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=59, hours=21), "59 dias"),
        (timedelta(days=2), "2 dias"),
        (timedelta(hours=47, minutes=59), "47 horas"),
        (timedelta(hours=2), "2 horas"),
        (timedelta(minutes=119), "119 minutos"),
        (timedelta(seconds=61), "1 minuto"),
        (timedelta(seconds=59), "menos de um minuto"),
    ],
)
def test_its_validity_says_the_moment_and_what_is_left(left: timedelta, words: str) -> None:
    now = ENDS - left
    assert CERTIFICATE.validity(now) == f"vence em {exact(ENDS)}, daqui a {words}"
    assert CERTIFICATE.brief_validity(now) == f"válido por {words}"


def test_outside_its_validity_the_moment_is_what_matters() -> None:
    assert CERTIFICATE.validity(ENDS) == CERTIFICATE.brief_validity(ENDS) == f"vencido em {exact(ENDS)}"
    before = CERTIFICATE.not_before - INSTANT
    assert CERTIFICATE.validity(before) == f"só vale a partir de {exact(CERTIFICATE.not_before)}"


@pytest.mark.parametrize("consults", [True, False])
@pytest.mark.parametrize("left", [59, 0.5, 0, -3])
def test_what_is_said_names_the_branch_the_holder_and_the_moment(left: float, consults: bool) -> None:
    said = warning(CERTIFICATE, "1 · Matriz", ENDS - timedelta(days=left), consults=consults)
    assert said.endswith(".")
    assert all(word in said for word in ("1 · Matriz", "POSTO MODELO LTDA", exact(ENDS)))
    assert ("SEFAZ" in said) is consults


@pytest.mark.parametrize(
    ("root", "version"),
    [
        ("Autoridade Certificadora Raiz Brasileira v12", "v12"),
        ("Autoridade Certificadora Raiz Brasileira v5", "v5"),
        ("AC Raiz Demonstração v1", ""),
        ("", ""),
    ],
)
def test_the_root_of_icp_brasil_is_known_by_its_name(root: str, version: str) -> None:
    assert certificate_until(ENDS, root=root).icp_version == version
