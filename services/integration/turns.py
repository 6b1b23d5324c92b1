"""Serves together those who came while the last ones were served: one turn at the database for all that wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Turns(Generic[Q, A]):
    """Used by the event loop's thread. `serve` is called by one worker at a time, with at most `most` questions, and
    returns an answer for each; what it raises is raised to everyone of that turn.

    Nobody is made to wait for company: who comes alone is served at once.
    """

    def __init__(self, workers: Executor, serve: Callable[[Sequence[Q]], Sequence[A]], most: int) -> None:
        self._workers = workers
        self._serve = serve
        self._most = most
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._serving: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> A:
        """The answer, after those that came before."""
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve_waiting())
        return await answer

    async def _serve_waiting(self) -> None:
        try:
            while self._waiting:
                turn, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._serve_turn(turn)
        finally:
            self._serving = None

    async def _serve_turn(self, turn: list[tuple[Q, asyncio.Future[A]]]) -> None:
        questions = [question for question, _ in turn]
        try:
            said = await asyncio.get_running_loop().run_in_executor(self._workers, self._serve, questions)
        except Exception as error:  # noqa: BLE001  each is told, as if served alone
            for _, answer in turn:
                if not answer.done():  # it is when whoever asked has gone
                    answer.set_exception(error)
        else:
            for (_, answer), one in zip(turn, said, strict=True):
                if not answer.done():
                    answer.set_result(one)
