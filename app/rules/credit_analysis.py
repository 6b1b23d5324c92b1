"""What an answer of a gerenciadora means: approved, refused or undecided, until when, and why; the clock is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from app.credit_analysis import AnalysisOutcome, CreditReport
from app.credit_profile import CreditProfile
from app.portuguese import counted, money
from app.settings.catalog import CREDIT_MAX_NEGATIVE, CREDIT_MIN_SCORE


@dataclass(frozen=True)
class Judgement:
    """What the profile makes of a report. `reasons` are sentences, those that decide first; `rules` keys of
    settings."""

    outcome: AnalysisOutcome
    reasons: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True)
class _Said:
    """What one rule says; APPROVED is that it has nothing against."""

    outcome: AnalysisOutcome
    reason: str
    rule: str = ""


_GRAVITY = (AnalysisOutcome.REFUSED, AnalysisOutcome.UNDECIDED, AnalysisOutcome.APPROVED)


def judge(profile: CreditProfile, report: CreditReport) -> Judgement:
    """Refused by any rule is refused; else undecided by any is undecided: what is not told is never taken for good."""
    said = [_by_score(profile, report), *_by_negatives(profile, report)]
    said.sort(key=lambda one: _GRAVITY.index(one.outcome))
    return Judgement(
        said[0].outcome,
        tuple(one.reason for one in said),
        tuple(dict.fromkeys(one.rule for one in said if one.rule)),
    )


def good_until(consulted_at: datetime, days: int, zone: str) -> date:
    """The last day on which an analysis is good: `days` after the one on which it was made, in `zone` (IANA)."""
    return consulted_at.astimezone(ZoneInfo(zone)).date() + timedelta(days=days)


def _by_score(profile: CreditProfile, report: CreditReport) -> _Said:
    least, score = profile.min_score, report.score
    rule = CREDIT_MIN_SCORE.key
    if not least:
        told = "A resposta não traz score" if score is None else f"O score é {score}"
        return _Said(AnalysisOutcome.APPROVED, f"{told}, e o perfil não o verifica.", rule)
    if score is None:
        why = f"A resposta não traz score, e o perfil exige ao menos {least}."
        return _Said(AnalysisOutcome.UNDECIDED, why, rule)
    if score < least:
        return _Said(AnalysisOutcome.REFUSED, f"O score é {score}, abaixo do mínimo de {least}.", rule)
    return _Said(AnalysisOutcome.APPROVED, f"O score é {score}, e o mínimo é {least}.", rule)


def _by_negatives(profile: CreditProfile, report: CreditReport) -> list[_Said]:
    rule = CREDIT_MAX_NEGATIVE.key
    outcome, why = _of_negatives(profile.max_negative, report)
    said = [_Said(outcome, why, rule)]
    if report.suppressed:
        why = "Parte dos registros não foi mostrada pela gerenciadora: não constar nada não quer dizer que nada haja."
        said.append(_Said(AnalysisOutcome.UNDECIDED, why, rule))
    return said


def _of_negatives(most: Decimal, report: CreditReport) -> tuple[AnalysisOutcome, str]:
    count, total = report.negative_count, report.negative_total
    if count is None:
        return AnalysisOutcome.UNDECIDED, "A resposta não diz se há registros negativos."
    if not count:
        return AnalysisOutcome.APPROVED, "Não há registros negativos."
    found = f"Há {counted(count, 'registro negativo', 'registros negativos')}"
    if total is not None:
        found += f", {money(total)} ao todo"
    if not most:
        return AnalysisOutcome.REFUSED, f"{found}: o perfil não aceita nenhum."
    if total is None:
        return AnalysisOutcome.UNDECIDED, f"{found}, e a resposta não diz o valor de todos."
    if total > most:
        return AnalysisOutcome.REFUSED, f"{found}: o máximo é {money(most)}."
    return AnalysisOutcome.APPROVED, f"{found}, dentro do máximo de {money(most)}."
