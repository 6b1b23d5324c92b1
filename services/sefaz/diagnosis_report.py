"""What a diagnosis of a SEFAZ found, step by step, and how it is written for a person and for a program.

Nothing here is a secret: a report may be copied and sent to the support.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.portuguese import exact
from app.uf import UFS
from app.version import VERSION
from services.check_list import (
    CheckStep,
    Outcome,
    StepReport,
    first_failed,
    step_document,
    step_lines,
    told_once,
    worst,
)


class Step(CheckStep):
    """What is looked at, in this order."""

    CERTIFICATE = "certificado_da_filial", "Certificado da filial"
    NAME = "dns", "Nome (DNS)"
    CONNECTION = "tcp", "Conexão (TCP)"
    TLS = "tls", "TLS"
    REQUEST = "certificado_pedido", "Certificado pedido"
    HTTP = "http", "HTTP"
    CLOCK = "relogio", "Relógio"
    SOAP = "soap", "SOAP"
    ANSWER = "cstat", "Resposta (cStat)"


@dataclass(frozen=True)
class UfReport:
    """One UF: the steps made so far, all of them when it is `finished`.

    `last_answer_at` is when its authorizer last answered this program, None when it never did. `c_stat` and
    `consultation_id` are those of the one consultation, when it was made. `by_hand` tells that the UF was not consulted
    because it has no service; with `unserved`, because it said so itself before: it may be asked to try again.
    """

    uf: str
    authorizer: str
    address: str
    at: datetime
    steps: tuple[StepReport, ...] = ()
    finished: bool = False
    last_answer_at: datetime | None = None
    c_stat: str = ""
    consultation_id: int | None = None
    by_hand: bool = False
    unserved: bool = False

    @property
    def outcome(self) -> Outcome:
        """The worst of the steps; NOT_DONE when none reached the authority."""
        found = {step.outcome for step in self.steps if step.step is not Step.CERTIFICATE or step.failure is not None}
        return worst(found)

    @property
    def failed(self) -> StepReport | None:
        """The step that failed, if one did."""
        return first_failed(self.steps)

    @property
    def sentence(self) -> str:
        """What came of it, as the step says that decides it."""
        if not self.steps:
            return ""
        last = self.steps[-1]
        if self.outcome is Outcome.OK:
            return last.found if last.outcome is Outcome.OK else f"A conexão funciona. {last.found}"
        return next((step.found for step in self.steps if step.outcome is self.outcome), "")

    @property
    def asked_where(self) -> str:
        """Who answers for the UF and at which address, as far as there is one."""
        return " · ".join(part for part in (self.authorizer, self.address) if part)

    def where_and_since(self, failed: StepReport) -> str:
        """At which step it stops, and since when its authorizer does not answer, in sentences."""
        since = (
            f"O autorizador {self.authorizer} ainda não respondeu a nenhuma consulta deste programa."
            if self.last_answer_at is None
            else f"A última resposta do autorizador {self.authorizer} a este programa foi em "
            f"{exact(self.last_answer_at)}."
        )
        return f"No passo “{failed.step.label}”. {since}"


def as_text(reports: Sequence[UfReport]) -> str:
    """The report to copy, save and send."""
    if not reports:
        return ""
    lines = [f"Diagnóstico da SEFAZ · {exact(min(one.at for one in reports))} · Retaguarda {VERSION}"]
    certificate = None
    for report in reports:
        own = report.steps[0] if report.steps else None
        lines += ["", *_uf_lines(report, without=own if own == certificate else None)]
        certificate = own
    return "\n".join(lines) + "\n"


def _uf_lines(report: UfReport, *, without: StepReport | None = None) -> list[str]:
    """One UF, a line for each thing; `without` is a step that was told before."""
    lines = [f"{report.uf} · {UFS[report.uf].name} · {report.outcome.label}", f"  {report.asked_where}"]
    steps = [step for step in report.steps if step is not without]
    for name, step in told_once(steps):
        lines += step_lines(name, step, [("Onde e desde quando", report.where_and_since(step))])
    return lines


def as_document(report: UfReport) -> dict[str, Any]:
    """The JSON form of one UF: always the same keys."""
    return {
        "uf": report.uf,
        "autorizador": report.authorizer,
        "endereco": report.address,
        "em": report.at.isoformat(),
        "resultado": report.outcome.value,
        "cStat": report.c_stat,
        "consulta_id": report.consultation_id,
        "ultima_resposta": report.last_answer_at.isoformat() if report.last_answer_at else None,
        "passos": [step_document(step) for step in report.steps],
    }
