"""A list of things looked at one after the other: how each went, what was found, and what to do about it.

Nothing here is a secret: a report may be copied and sent to the support.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from itertools import groupby
from typing import Any

from app.domain import Failure
from app.portuguese import exact
from app.settings.setting import Setting
from app.version import VERSION
from services.waited_socket import GivenUp


class CheckStep(Enum):
    """One thing to look at. A check list is an enum of them, in order: the name in JSON and the words shown."""

    label: str

    def __new__(cls, value: str, label: str) -> CheckStep:
        made = object.__new__(cls)
        made._value_ = value
        made.label = label
        return made


class Outcome(Enum):
    """How a step went."""

    OK = "ok"
    WARNING = "atencao"
    FAILED = "falha"
    NOT_DONE = "nao_feito"

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        return {
            Outcome.OK: "OK",
            Outcome.WARNING: "Atenção",
            Outcome.FAILED: "Falha",
            Outcome.NOT_DONE: "Não feito",
        }[self]


@dataclass(frozen=True)
class ToCopy:
    """A way out that is a text to take elsewhere: a line of a file, a command. `name` is what it is."""

    name: str
    text: str

    @property
    def label(self) -> str:
        """The button's words."""
        return f"Copiar {self.name}"


@dataclass(frozen=True)
class ToSet:
    """A way out that is another value of a setting, to be tried at once."""

    label: str
    setting: Setting[Any]
    value: Any


@dataclass(frozen=True)
class ToRetry:
    """A way out that is time: the same again, a little later."""

    label: str = "Tentar de novo"


Remedy = ToCopy | ToSet | ToRetry


@dataclass(frozen=True)
class StepReport:
    """One step: what was found, in a sentence, and how long it took (None when nothing was measured).

    `failure` explains a step that failed, and no other. `facts` are details by name. `remedies` are the ways out.
    """

    step: CheckStep
    outcome: Outcome
    found: str
    duration_ms: int | None = None
    failure: Failure | None = None
    facts: tuple[tuple[str, str], ...] = ()
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True)
class CheckReport:
    """The steps made so far of those of the `plan`; all of them when it is `finished`.

    `title` says what is tested and `target` where. `summary` is what came of it when no step failed.
    """

    title: str
    target: str
    at: datetime
    plan: tuple[CheckStep, ...]
    steps: tuple[StepReport, ...] = ()
    finished: bool = False
    cancelled: bool = False
    summary: str = ""

    @property
    def outcome(self) -> Outcome:
        """The worst of the steps; NOT_DONE when none was made, or when the person gave up."""
        found = set() if self.cancelled else {step.outcome for step in self.steps}
        return worst(found)

    @property
    def failed(self) -> StepReport | None:
        """The step that failed, if one did."""
        return first_failed(self.steps)

    @property
    def sentence(self) -> str:
        """What came of it."""
        return self.summary if self.failed is None else self.failed.found

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """The ways out of the step that failed; without one, those of every step."""
        steps = self.steps if self.failed is None else (self.failed,)
        return tuple(remedy for step in steps for remedy in step.remedies)


def worst(outcomes: Collection[Outcome]) -> Outcome:
    """The outcome of several steps together; NOT_DONE when none was done."""
    return next((one for one in (Outcome.FAILED, Outcome.WARNING, Outcome.OK) if one in outcomes), Outcome.NOT_DONE)


def first_failed(steps: Iterable[StepReport]) -> StepReport | None:
    """The step that failed, if one did."""
    return next((step for step in steps if step.outcome is Outcome.FAILED), None)


def ok(step: CheckStep, found: str, started: float | None = None) -> StepReport:
    """The step that went well, measured since `started` of time.perf_counter()."""
    return StepReport(step, Outcome.OK, found, None if started is None else elapsed_ms(started))


def failed(
    step: CheckStep, failure: Failure, started: float | None = None, remedies: tuple[Remedy, ...] = ()
) -> StepReport:
    """The step that failed, measured likewise."""
    took = None if started is None else elapsed_ms(started)
    return StepReport(step, Outcome.FAILED, failure.what, took, failure, remedies=remedies)


def elapsed_ms(started: float) -> int:
    """Milliseconds since `started` of time.perf_counter()."""
    return round((time.perf_counter() - started) * 1000)


def told(report: CheckReport, steps: Generator[StepReport, None, str]) -> Iterator[CheckReport]:
    """The report at every step as it is made, until the first that fails; the last one is `finished`.

    `steps` returns the summary. Steps that it leaves out, and those left when it raises GivenUp, are not done.
    """
    summary, why, cancelled = "", "Não se aplica.", False

    def made() -> Generator[StepReport, None, None]:
        nonlocal summary
        summary = yield from steps

    yield report
    every_step = made()
    try:
        for step in every_step:
            report = replace(report, steps=(*report.steps, step))
            yield report
            if step.outcome is Outcome.FAILED:
                why = f"Depende do passo “{step.step.label}”."
                break
    except GivenUp:
        summary, why, cancelled = "O teste foi cancelado.", "O teste foi cancelado antes.", True
    finally:
        every_step.close()  # between two steps it may hold a connection
    done = {step.step: step for step in report.steps}
    every = tuple(done.get(step) or StepReport(step, Outcome.NOT_DONE, why) for step in report.plan)
    yield replace(report, steps=every, finished=True, cancelled=cancelled, summary=summary)


def as_text(report: CheckReport) -> str:
    """The report to copy and send."""
    lines = [f"{report.title} · {exact(report.at)} · Retaguarda {VERSION}", report.target, report.sentence, ""]
    for name, step in told_once(report.steps):
        lines += step_lines(name, step)
    for remedy in report.remedies:
        if isinstance(remedy, ToCopy):
            lines += ["", f"Para copiar, {remedy.name}:", remedy.text]
    return "\n".join(lines) + "\n"


def told_once(steps: Iterable[StepReport]) -> list[tuple[str, StepReport]]:
    """The steps with their names; those in a row that were not done for one reason are told as one, by their ends."""
    found = []
    for (outcome, _), same in groupby(steps, key=lambda step: (step.outcome, step.found)):
        group = list(same)
        if outcome is Outcome.NOT_DONE:
            ends = dict.fromkeys((group[0].step.label, group[-1].step.label))
            found.append((" a ".join(ends), group[0]))
        else:
            found += [(step.step.label, step) for step in group]
    return found


def step_lines(name: str, step: StepReport, more: Sequence[tuple[str, str]] = ()) -> list[str]:
    """One step in lines of text; `more` are parts of the explanation of its failure, by name."""
    took = f" ({step.duration_ms} ms)" if step.duration_ms is not None else ""
    lines = [f"  {name}: {step.outcome.label}{took}. {step.found}"]
    lines += [f"    {fact}: {value}" for fact, value in step.facts]
    failure = step.failure
    if failure is not None:
        # The first of the parts, what happened, is what the step found.
        parts = (
            ("Causa provável", failure.cause),
            ("O que fazer", failure.todo),
            *more,
            ("Detalhes", failure.details.replace("\n", "\n      ")),
        )
        lines += [f"    {part}: {value}" for part, value in parts if value]
    return lines


def as_document(report: CheckReport) -> dict[str, Any]:
    """The JSON form of a report: always the same keys."""
    return {
        "teste": report.title,
        "alvo": report.target,
        "em": report.at.isoformat(),
        "resultado": report.outcome.value,
        "resumo": report.sentence,
        "passos": [step_document(step) for step in report.steps],
        "para_copiar": [
            {"nome": remedy.name, "texto": remedy.text} for remedy in report.remedies if isinstance(remedy, ToCopy)
        ],
    }


def step_document(step: StepReport) -> dict[str, Any]:
    """The JSON form of a step: always the same keys."""
    failure = step.failure
    return {
        "passo": step.step.value,
        "resultado": step.outcome.value,
        "encontrado": step.found,
        "duracao_ms": step.duration_ms,
        "dados": [{"nome": name, "valor": value} for name, value in step.facts],
        "falha": None
        if failure is None
        else {
            "classe": failure.kind.value,
            "o_que_aconteceu": failure.what,
            "causa_provavel": failure.cause,
            "o_que_fazer": failure.todo,
            "detalhes": failure.details,
        },
    }
