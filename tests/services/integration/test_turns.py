"""Those who come while others are served are served together, and each is told its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.integration.turns import Turns


class Desk:
    """Answers a number with its square when told to go on; remembers who was served with whom."""

    def __init__(self) -> None:
        self.served: list[list[int]] = []
        self.busy = asyncio.Event()
        self.go_on = threading.Event()
        self._loop = asyncio.get_running_loop()

    def serve(self, questions: Sequence[int]) -> list[int]:
        self.served.append(list(questions))
        self._loop.call_soon_threadsafe(self.busy.set)
        self.go_on.wait()
        if any(question < 0 for question in questions):
            raise ValueError("negativo")
        return [question**2 for question in questions]


async def queue(turns: Turns[int, int], desk: Desk, *questions: int) -> list[asyncio.Task[int]]:
    """One that is being served, and those that came meanwhile."""
    first = asyncio.create_task(turns.ask(0))
    await desk.busy.wait()
    tasks = [asyncio.create_task(turns.ask(question)) for question in questions]
    await asyncio.sleep(0)  # each has asked
    return [first, *tasks]


def test_those_who_came_meanwhile_are_served_together_in_turns_of_so_many() -> None:
    async def scene() -> None:
        desk = Desk()
        turns = Turns(workers, desk.serve, 3)
        tasks = await queue(turns, desk, 1, 2, 3, 4)
        desk.go_on.set()
        assert await asyncio.gather(*tasks) == [0, 1, 4, 9, 16]
        assert desk.served == [[0], [1, 2, 3], [4]]
        assert await turns.ask(5) == 25

    with ThreadPoolExecutor(2) as workers:
        asyncio.run(scene())


def test_an_error_is_told_to_everyone_of_its_turn_and_to_nobody_else() -> None:
    async def scene() -> None:
        desk = Desk()
        turns = Turns(workers, desk.serve, 2)
        tasks = await queue(turns, desk, 1, -1, 2)
        desk.go_on.set()
        told = await asyncio.gather(*tasks, return_exceptions=True)
        assert [told[0], told[3]] == [0, 4]
        assert all(isinstance(one, ValueError) for one in told[1:3])

    with ThreadPoolExecutor(2) as workers:
        asyncio.run(scene())


@pytest.mark.parametrize("question", [1, -1])
def test_who_goes_away_takes_nobody_along(question: int) -> None:
    async def scene() -> None:
        desk = Desk()
        turns = Turns(workers, desk.serve, 2)
        first, gone, second = await queue(turns, desk, question, 2)
        first.cancel()
        gone.cancel()
        desk.go_on.set()
        if question < 0:
            with pytest.raises(ValueError, match="negativo"):
                await second
        else:
            assert await second == 4
        assert await turns.ask(3) == 9
        assert first.cancelled()
        assert gone.cancelled()

    with ThreadPoolExecutor(2) as workers:
        asyncio.run(scene())
