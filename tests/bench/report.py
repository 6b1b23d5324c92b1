"""What a measure is, how it is taken fairly, and how the results are shown and kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median


class MeasureFailed(Exception):
    """A measure could not be taken; the message is a sentence in Portuguese."""


@dataclass(frozen=True)
class Measured:
    """What a measure function returns: the value and, when there is one, the limit or peer of the same run."""

    value: float
    reference: float | None = None


@dataclass(frozen=True)
class Result:
    """One row of the report; the names of the fields are those of build/bench.json.

    `meta` is compared with `razao` when there is a reference, else with `valor`, which is None when the measure failed.
    """

    nome: str
    valor: float | None
    unidade: str
    referencia: float | None
    razao: float | None
    meta: float
    atende: bool


@dataclass(frozen=True)
class Bench:
    """A declared measure. `take` may raise MeasureFailed."""

    name: str
    what: str
    unit: str
    target: float
    higher_is_better: bool
    take: Callable[[], Measured]

    def run(self) -> Result:
        """Take the measure and compare it with its target."""
        measured = self.take()
        ratio = None if measured.reference is None else measured.value / measured.reference
        compared = measured.value if ratio is None else ratio
        holds = compared >= self.target if self.higher_is_better else compared <= self.target
        return Result(self.name, measured.value, self.unit, measured.reference, ratio, self.target, holds)

    def failed(self) -> Result:
        """The row of a measure that could not be taken."""
        return Result(self.name, None, self.unit, None, None, self.target, False)


ALL: dict[str, Bench] = {}


def bench(
    nome: str, *, unidade: str, meta: float, o_que: str, maior_melhor: bool = False
) -> Callable[[Callable[[], Measured]], Callable[[], Measured]]:
    """Declare the decorated function as the measure `nome`.

    `meta` limits value ÷ reference when the function returns a reference, else the value itself (in `unidade`);
    it is a maximum, or a minimum with `maior_melhor`. `o_que` says in one line what is measured against what.
    """

    def declare(take: Callable[[], Measured]) -> Callable[[], Measured]:
        if nome in ALL:
            raise ValueError(f"a medida {nome} foi declarada duas vezes")
        ALL[nome] = Bench(nome, o_que, unidade, meta, maior_melhor, take)
        return take

    return declare


def interleaved(rounds: int, *measures: Callable[[], float]) -> list[float]:
    """The median of each measure, taken in turns (A B A B …) so that a noisy moment hits all alike.

    One round more is taken first and thrown away: it fills the caches.
    """
    taken: list[list[float]] = [[] for _ in measures]
    for number in range(rounds + 1):
        for values, measure in zip(taken, measures, strict=True):
            value = measure()
            if number:
                values.append(value)
    return [median(values) for values in taken]


def table(results: list[Result]) -> str:
    """The results as aligned text."""
    rows = [("medida", "valor", "referência", "razão", "meta", "")]
    for result in results:
        kind = ALL[result.nome]
        sign = "≥" if kind.higher_is_better else "≤"
        unit = "×" if result.razao is not None else f" {result.unidade}" if result.valor is not None else ""
        rows.append(
            (
                result.nome,
                "falhou" if result.valor is None else f"{_number(result.valor)} {result.unidade}",
                "–" if result.referencia is None else f"{_number(result.referencia)} {result.unidade}",
                "–" if result.razao is None else f"{_number(result.razao)}×",
                f"{sign} {_number(result.meta)}{unit}",
                "atende" if result.atende else "NÃO ATENDE",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    notes = [f"{result.nome}: {ALL[result.nome].what}" for result in results]
    return "\n".join([*lines, "", *notes])


def keep(results: list[Result], file: Path) -> None:
    """Write the results as a JSON list, replacing the file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = [asdict(result) for result in results]
    file.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _number(value: float) -> str:
    digits = 0 if abs(value) >= 100 else 2
    return f"{value:,.{digits}f}".translate(str.maketrans(",.", ".,"))
