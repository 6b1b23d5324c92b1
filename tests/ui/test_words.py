"""Moments and counts as people say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.domain import AnpOutcome, Outcome, Phase, ServiceState, Verdict
from ui import words
from ui.service_words import moments

NOW = datetime(2026, 11, 21, 18, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (timedelta(seconds=20), "agora mesmo"),
        (timedelta(minutes=1), "há 1 minuto"),
        (timedelta(minutes=59), "há 59 minutos"),
        (timedelta(hours=1, minutes=30), "há 1 hora"),
        (timedelta(days=3), "há 3 dias"),
        (timedelta(days=31), "há 1 mês"),
        (timedelta(days=800), "há 2 anos"),
        (timedelta(hours=-2), "em 2 horas"),
    ],
)
def test_a_moment_is_said_from_now(before: timedelta, said: str) -> None:
    assert words.relative(NOW - before, NOW) == said


def test_exact_moments_are_of_this_computers_zone() -> None:
    assert words.exact(NOW) == f"{NOW.astimezone():%d/%m/%Y %H:%M}"
    assert words.clock(NOW, NOW) == f"{NOW.astimezone():%H:%M}"
    assert words.clock(NOW - timedelta(days=2), NOW) == f"{(NOW - timedelta(days=2)).astimezone():%d/%m %H:%M}"


def test_thousands_have_a_point() -> None:
    assert words.counted(1, "cliente", "clientes") == "1 cliente"
    assert words.counted(1234567, "cliente", "clientes") == "1.234.567 clientes"


@pytest.mark.parametrize("outcome", [*Verdict, *AnpOutcome, None])
def test_every_outcome_has_word_icon_and_tone_and_fits_a_column(outcome: Outcome | None) -> None:
    look, short = words.verdict(outcome), words.brief(outcome)
    assert look.word
    assert look.icon
    assert (short.icon, short.tone) == (look.icon, look.tone)
    assert len(short.word) <= len("Falha na consulta")


def test_the_service_is_said_in_one_line() -> None:
    now = datetime.now(UTC)
    state = ServiceState(Phase.IDLE, "", last_at=now, next_at=now, waiting=3)
    assert moments(state) == f"ativo, última {words.clock(now)}, próxima {words.clock(now)}, 3 na fila"
    assert moments(ServiceState(Phase.STOPPED, "", next_at=now)) == "parado"
    paused = ServiceState(Phase.PAUSED, "", paused_until=now, next_at=now)
    assert moments(paused) == f"pausado, volta {words.clock(now)}"
