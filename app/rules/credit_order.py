"""What the buyer's credit analysis does to a sale, whether one must be asked for, and why; the clock is given.

It is not the store credit (crediário) of `rules.overdue`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

from app.credit_analysis import AnalysisOutcome, CreditReport
from app.credit_profile import CreditProfile
from app.policies import CreditOrderAction, Environment
from app.portuguese import calendar_day, counted, ended, exact
from app.rules.credit_analysis import good_until, judge
from app.settings.catalog import CREDIT_DAYS, CREDIT_ENVIRONMENT, CREDIT_MANAGER, CREDIT_ORDER, SEFAZ_ENTITY

AGAIN_AFTER = timedelta(hours=24)
"""How long after a failure an order asks again: it may have been charged, and what failed tends to fail again."""


class AnalysisSituation(Enum):
    """How a sale finds the analysis of its buyer. Only APPROVED is an approval."""

    APPROVED = "aprovada"
    REFUSED = "reprovada"
    UNDECIDED = "indefinida"
    TEST = "homologacao"
    PENDING = "pendente"
    EXPIRED = "vencida"
    FAILED = "falhou"
    NONE = "sem_analise"

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        return {
            AnalysisSituation.APPROVED: "Aprovada",
            AnalysisSituation.REFUSED: "Reprovada",
            AnalysisSituation.UNDECIDED: "Indefinida",
            AnalysisSituation.TEST: "De Homologação, nunca aprova",
            AnalysisSituation.PENDING: "Pendente",
            AnalysisSituation.EXPIRED: "Vencida",
            AnalysisSituation.FAILED: "Falhou",
            AnalysisSituation.NONE: "Sem análise",
        }[self]


_OF_OUTCOME = {
    AnalysisOutcome.APPROVED: AnalysisSituation.APPROVED,
    AnalysisOutcome.REFUSED: AnalysisSituation.REFUSED,
    AnalysisOutcome.UNDECIDED: AnalysisSituation.UNDECIDED,
}
_SAYS = {
    AnalysisOutcome.APPROVED: "aprova o cliente",
    AnalysisOutcome.REFUSED: "reprova o cliente",
    AnalysisOutcome.UNDECIDED: "não aprova nem reprova o cliente",
}


@dataclass(frozen=True)
class AnsweredAnalysis:
    """The newest answer about the buyer, and when it was given."""

    number: int
    at: datetime
    report: CreditReport


@dataclass(frozen=True)
class PendingAnalysis:
    """One in flight since then. `asking`: it is being made at this moment; `failed`: it will be tried again; `stuck`:
    nobody makes it where it waits, and it would be made if this company asked for it."""

    number: int
    since: datetime
    asking: bool = False
    failed: bool = False
    stuck: bool = False


@dataclass(frozen=True)
class FailedAnalysis:
    """One that came to nothing at that moment; `what` is a sentence."""

    number: int
    at: datetime
    what: str


@dataclass(frozen=True)
class KnownAnalysis:
    """What is known of the buyer at the gerenciadora and in the environment that the company asks.

    `newer` came after the answer, which there may not be. `today` is the calendar date in `zone` (IANA), of the company
    that sells. `manager` is "" when none was chosen. `cannot` is why no analysis can be asked for, and `held` why those
    asked for are not made now, as sentences, or "".
    """

    manager: str
    environment: Environment
    today: date
    zone: str
    answered: AnsweredAnalysis | None = None
    newer: PendingAnalysis | FailedAnalysis | None = None
    cannot: str = ""
    held: str = ""


@dataclass(frozen=True)
class AnalysisTold:
    """What whoever asked is told of the analysis. `outcome` and `good_until` are of an answer, None without one."""

    situation: AnalysisSituation
    number: int | None
    good_until: date | None
    outcome: AnalysisOutcome | None
    reasons: tuple[str, ...]

    def as_fields(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "situacao": self.situation.value,
            "numero": self.number,
            "validade": None if self.good_until is None else self.good_until.isoformat(),
            "resultado": None if self.outcome is None else self.outcome.value,
            "motivos": list(self.reasons),
        }

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> AnalysisTold:
        """The inverse of `as_fields`; what else is there is left alone."""
        until, outcome = fields["validade"], fields["resultado"]
        return cls(
            AnalysisSituation(fields["situacao"]),
            fields["numero"],
            None if until is None else date.fromisoformat(until),
            None if outcome is None else AnalysisOutcome(outcome),
            tuple(fields["motivos"]),
        )


@dataclass(frozen=True)
class AnalysisFinding:
    """What the analysis does to the sale. With `asks` a new one must be asked for. `told` is None when nothing was
    verified; `rules` are keys of settings."""

    refuses: bool
    reason: str
    rules: tuple[str, ...]
    told: AnalysisTold | None = None
    asks: bool = False


def not_verified(exempt_as: str) -> AnalysisFinding:
    """The buyer is that entity, which stands for a branch or congênere."""
    why = f"O cliente é a entidade “{exempt_as}”, que representa filial ou congênere: "
    return AnalysisFinding(False, f"{why}a análise de crédito não é verificada.", (SEFAZ_ENTITY.key,))


def weigh(profile: CreditProfile, known: KnownAnalysis, act: str, now: datetime, *, tentative: bool) -> AnalysisFinding:
    """What is known, judged by the rules of the company that sells; `act` is what is being done ("inclusão do pedido").

    A budget or pre-sale is `tentative`: it is told of the analysis, never refused by it and never asks for one.
    """
    answered = known.answered
    until = None if answered is None else good_until(answered.at, profile.days, known.zone)
    if answered is not None and until is not None and known.today <= until:
        return _by_answer(profile, known, answered, until, act, tentative)
    newer = known.newer
    if isinstance(newer, PendingAnalysis):
        asks, why = newer.stuck and not (tentative or known.cannot), _pending(known, newer)
        return _without(profile, act, tentative, AnalysisSituation.PENDING, newer.number, why, asks=asks)
    if isinstance(newer, FailedAnalysis) and now - newer.at < AGAIN_AFTER:
        return _without(profile, act, tentative, AnalysisSituation.FAILED, newer.number, _failed(newer))
    why = "O cliente não tem análise de crédito."
    rules: tuple[str, ...] = ()
    if answered is not None and until is not None:
        why = f"A análise de crédito nº {answered.number}, de {exact(answered.at)}, valeu até {calendar_day(until)}."
        rules = (CREDIT_DAYS.key,)
    if known.cannot:
        why, rules = f"{why} Ela não pode ser pedida: {ended(known.cannot)}", (*rules, CREDIT_MANAGER.key)
    situation = AnalysisSituation.NONE if answered is None else AnalysisSituation.EXPIRED
    number = None if answered is None else answered.number
    asks = not (tentative or known.cannot)
    return _without(profile, act, tentative, situation, number, why, until=until, rules=rules, asks=asks)


def _by_answer(
    profile: CreditProfile, known: KnownAnalysis, answered: AnsweredAnalysis, until: date, act: str, tentative: bool
) -> AnalysisFinding:
    judged = judge(profile, answered.report)
    why = " ".join(judged.reasons)
    which = f"A análise de crédito nº {answered.number}, de {exact(answered.at)}"
    if known.environment is Environment.TEST:
        said = f"{which}, é de Homologação, que nunca aprova um pedido; nela o resultado é “{judged.outcome.label}”. "
        told = AnalysisTold(AnalysisSituation.TEST, answered.number, until, judged.outcome, judged.reasons)
        rules: tuple[str, ...] = (CREDIT_ENVIRONMENT.key,)
    else:
        said = f"{which}, {_SAYS[judged.outcome]} e vale até {calendar_day(until)}. "
        told = AnalysisTold(_OF_OUTCOME[judged.outcome], answered.number, until, judged.outcome, judged.reasons)
        rules = judged.rules
    if told.situation is AnalysisSituation.APPROVED:
        return AnalysisFinding(False, said + why, rules, told)
    more = f" Outra, a nº {known.newer.number}, já foi pedida." if isinstance(known.newer, PendingAnalysis) else ""
    refuses, then = _consequence(profile, act, tentative)
    return AnalysisFinding(refuses, f"{said}{why}{more} {then}", (CREDIT_ORDER.key, *rules), told)


def _without(
    profile: CreditProfile,
    act: str,
    tentative: bool,
    situation: AnalysisSituation,
    number: int | None,
    why: str,
    *,
    until: date | None = None,
    rules: tuple[str, ...] = (),
    asks: bool = False,
) -> AnalysisFinding:
    """There is no answer that counts."""
    refuses, then = _consequence(profile, act, tentative)
    told = AnalysisTold(situation, number, until, None, (why,))
    return AnalysisFinding(refuses, f"{why} {then}", (CREDIT_ORDER.key, *rules), told, asks)


def _consequence(profile: CreditProfile, act: str, tentative: bool) -> tuple[bool, str]:
    refuses = profile.order_action is CreditOrderAction.REFUSE
    if tentative:
        return False, f"O pedido será {'recusado' if refuses else 'permitido, com aviso,'} sem análise aprovada."
    if refuses:
        return True, f"O perfil não permite a {act} sem análise aprovada."
    return False, f"O perfil avisa e permite a {act}."


def _pending(known: KnownAnalysis, pending: PendingAnalysis) -> str:
    doing = "está sendo consultada" if pending.asking else "está na fila"
    why = (
        f"Pendente de análise de crédito: a nº {pending.number}, pedida em {exact(pending.since)}, "
        f"{doing} na gerenciadora {known.manager}."
    )
    if pending.failed:
        why += " A última tentativa ficou sem resposta, e ela será tentada de novo."
    if known.held or known.cannot:
        why += f" Agora a gerenciadora não é consultada: {ended(known.held or known.cannot)}"
    if known.environment is Environment.TEST:
        why += " Ela é de Homologação, que nunca aprova um pedido."
    return why


def _failed(failed: FailedAnalysis) -> str:
    hours = counted(AGAIN_AFTER // timedelta(hours=1), "hora", "horas")
    return (
        f"A análise de crédito nº {failed.number} falhou em {exact(failed.at)}: {ended(failed.what)} Um pedido só a "
        f"pede de novo {hours} depois, a partir de {exact(failed.at + AGAIN_AFTER)}; uma pessoa pode pedi-la já."
    )
