"""How moments, verdicts and origins are said and drawn, the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.credit_analysis import AnalysisOutcome
from app.domain import AnpOutcome, Origin, Outcome, Verdict
from app.portuguese import capital as capital
from app.portuguese import counted as counted
from app.portuguese import exact as exact
from app.portuguese import number as number
from ui.theme import Tone


def clock(moment: datetime, now: datetime | None = None) -> str:
    """ "15:40" when it is today, else "22/11 15:40"; in this computer's zone."""
    local, today = moment.astimezone(), (now or datetime.now(UTC)).astimezone()
    return f"{local:%H:%M}" if local.date() == today.date() else f"{local:%d/%m %H:%M}"


def relative(moment: datetime, now: datetime | None = None) -> str:
    """ "há 3 dias", "agora mesmo", "em 2 horas"; shown with the exact moment as its tooltip."""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    distance = abs(seconds)
    if distance < 60:
        return "agora mesmo"
    for size, one, many in _UNITS:
        if distance >= size:
            number = int(distance // size)
            words = f"{number} {one if number == 1 else many}"
            break
    return f"há {words}" if seconds > 0 else f"em {words}"


_UNITS = (
    (365 * 86400, "ano", "anos"),
    (30 * 86400, "mês", "meses"),
    (86400, "dia", "dias"),
    (3600, "hora", "horas"),
    (60, "minuto", "minutos"),
)


@dataclass(frozen=True)
class Look:
    """How a verdict is shown: never colour alone."""

    word: str
    icon: str
    tone: Tone


NEVER = Look("Sem consulta", "clock", Tone.NEUTRAL)

_VERDICTS: dict[Outcome, tuple[str, Tone]] = {
    Verdict.ENABLED: ("check", Tone.OK),
    Verdict.DISABLED: ("block", Tone.BLOCK),
    Verdict.NOT_TAXPAYER: ("user", Tone.NEUTRAL),
    Verdict.AMBIGUOUS: ("help", Tone.WARN),
    Verdict.DATA_ERROR: ("warning", Tone.WARN),
    Verdict.FAILURE: ("error", Tone.FAIL),
    AnpOutcome.UPDATED: ("check", Tone.OK),
    AnpOutcome.REVOKED: ("block", Tone.BLOCK),
    AnpOutcome.REVOCATION: ("warning", Tone.WARN),
    AnpOutcome.CANDIDATE: ("info", Tone.NEUTRAL),
    AnpOutcome.NOT_FOUND: ("search", Tone.WARN),
    AnpOutcome.UNRECOGNISED: ("help", Tone.WARN),
    AnpOutcome.FAILURE: ("error", Tone.FAIL),
    AnalysisOutcome.APPROVED: ("check", Tone.OK),
    AnalysisOutcome.REFUSED: ("block", Tone.BLOCK),
    AnalysisOutcome.UNDECIDED: ("help", Tone.WARN),
    AnalysisOutcome.FAILURE: ("error", Tone.FAIL),
}


def verdict(value: Outcome | None) -> Look:
    """The look of what an authority said; None is a customer never consulted."""
    if value is None:
        return NEVER
    name, tone = _VERDICTS[value]
    return Look(value.label, name, tone)


_BRIEF: dict[Outcome, str] = {
    AnpOutcome.UPDATED: "Atualizado",
    AnpOutcome.REVOKED: "Revogada",
    AnpOutcome.REVOCATION: "Em revogação",
    AnpOutcome.CANDIDATE: "Candidato",
    AnpOutcome.NOT_FOUND: "Não localizado",
    AnpOutcome.UNRECOGNISED: "Não reconhecida",
}


def brief(value: Outcome | None) -> Look:
    """The same look in as much room as a column has, where the authority is told beside it."""
    whole = verdict(value)
    return whole if value is None else replace(whole, word=_BRIEF.get(value, whole.word))


ORIGINS = {
    Origin.OPERATOR: "pelo operador",
    Origin.SERVICE: "pelo serviço",
    Origin.COMMAND: "pela linha de comando",
    Origin.ORDER: "ao avaliar um pedido",
    Origin.LIST_CHECK: "ao conferir com a lista da ANP",
    Origin.DIAGNOSIS: "no diagnóstico da SEFAZ",
}
"""Who made a consultation happen, as it ends a sentence."""
