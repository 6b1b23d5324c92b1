"""The steps of a diagnosis that its one consultation tells of: HTTP, the clocks, SOAP and cStat."""

from __future__ import annotations

from collections.abc import Iterator

from app.clock_difference import ClockDifference
from app.data.uf_gaps import Gap
from app.domain import Failure, FailureKind, SefazFinding, Verdict
from app.portuguese import counted, exact
from services.check_list import Outcome, StepReport, failed, ok
from services.sefaz.diagnosis_report import Step
from services.sefaz.endpoints import Endpoint
from services.sefaz.status_codes import status_code


def answer_steps(finding: SefazFinding, clock: ClockDifference | None) -> Iterator[StepReport]:
    """What the one consultation of the branch's own CNPJ tells: HTTP, the clocks, SOAP and cStat, as far as it came."""
    failure = finding.failure
    if failure is not None and failure.kind is FailureKind.CANCELLED:
        return
    well_formed = (FailureKind.INVALID_RESPONSE, FailureKind.SOAP_FAULT)
    if failure is not None and not finding.c_stat and failure.kind not in well_formed:
        yield StepReport(Step.HTTP, Outcome.FAILED, failure.what, finding.duration_ms, failure)
        if clock is not None:
            yield _clock(clock)
        return
    size = counted(len(finding.response), "byte", "bytes")
    yield StepReport(Step.HTTP, Outcome.OK, f"O servidor respondeu à consulta: {size}.", finding.duration_ms)
    yield _clock(clock)
    if failure is not None and not finding.c_stat:
        yield failed(Step.SOAP, failure)
        return
    yield ok(Step.SOAP, "A mensagem é uma resposta da Consulta Cadastro.")
    yield _judged(finding)


def unserved(gap: Gap, endpoint: Endpoint) -> StepReport:
    """The step that was not made, because the UF said before that it does not serve."""
    return StepReport(
        Step.ANSWER,
        Outcome.WARNING,
        f"Não foi consultada: em {exact(gap.learnt_at)} respondeu {gap.c_stat} ({gap.x_motivo}), e por isso não é "
        f"consultada antes de {exact(gap.until)}. Consulte à mão em {endpoint.public_page}",
    )


def _clock(clock: ClockDifference | None) -> StepReport:
    if clock is None:
        return StepReport(Step.CLOCK, Outcome.NOT_DONE, "O servidor não disse a hora dele.")
    if clock.warning:
        return StepReport(Step.CLOCK, Outcome.WARNING, clock.warning)
    seconds = counted(round(abs(clock.ahead.total_seconds())), "segundo", "segundos")
    return ok(Step.CLOCK, f"Confere com o {clock.of}: {seconds} de diferença.")


def _judged(finding: SefazFinding) -> StepReport:
    said = f"{finding.c_stat} {finding.x_motivo}".strip().rstrip(".")
    failure = finding.failure
    if failure is not None:
        if status_code(finding.c_stat).missing is None:
            return failed(Step.ANSWER, failure)
        return StepReport(Step.ANSWER, Outcome.WARNING, failure.sentence)
    match finding.verdict:
        case Verdict.NOT_TAXPAYER:
            found = (
                f"{said}. A SEFAZ de {finding.uf} respondeu que a filial não é contribuinte ali: o serviço funciona."
            )
            return ok(Step.ANSWER, found)
        case Verdict.DATA_ERROR:
            failure = Failure(
                FailureKind.CONFIGURATION,
                f"A SEFAZ de {finding.uf} diz que o CNPJ da filial, {finding.document}, não é válido.",
                f"Ela respondeu {said}.",
                "Confira o CNPJ no cadastro da filial, em Tabelas.",
            )
            return failed(Step.ANSWER, failure)
        case Verdict.DISABLED:
            return StepReport(Step.ANSWER, Outcome.WARNING, f"{said}. Sobre a própria filial: {finding.reason}")
        case _:
            return ok(Step.ANSWER, f"{said}. {finding.reason}")
