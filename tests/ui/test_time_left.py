"""What is said of the time that the consultations asked for still take."""

from __future__ import annotations

import pytest

from ui.consultation_progress import time_left


@pytest.mark.parametrize(
    ("elapsed", "done", "total", "said"),
    [
        (0.0, 0, 40, ""),
        (0.1, 1, 40, ""),
        (1.0, 29, 40, ""),
        (1.0, 30, 40, "quase no fim"),
        (30.0, 39, 40, "quase no fim"),
        (3.0, 1, 10, "faltam cerca de 25 s"),
        (60.0, 10, 40, "faltam cerca de 3 min"),
    ],
)
def test_the_time_left_is_said_once_it_can_be_known(elapsed: float, done: int, total: int, said: str) -> None:
    assert time_left(elapsed, done, total) == said
