"""What asking for a credit analysis would do, company by company, before anybody asks: each one may be charged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app.credit_profile import CreditProfile
from app.data import credit_analyses, credit_lists, credit_managers, records
from app.data.credit_analyses import FullAnalysis, Standing
from app.data.credit_managers import CreditChoice
from app.domain import Failure, Origin
from app.rules import credit_analysis
from app.rules.credit_analysis import Judgement
from app.settings.catalog import CREDIT_DAYS
from app.tables import COMPANIES
from services.consultation import NotAsked, not_configured
from services.credit.request import Wanted, ask_for, manager_for

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.domain import Document
    from app.policies import Environment
    from app.settings.snapshot import Snapshot


@dataclass(frozen=True)
class Valid:
    """An answered analysis that is still good for a company, and what its rules make of it today."""

    analysis: FullAnalysis
    good_until: date
    judgement: Judgement


@dataclass(frozen=True)
class Prospect:
    """Whom a company (`title` is its number and name) would ask, and why it cannot when `refusal` is there.

    `valid` is what it would ask for again, and `waiting` the one in flight that it would join.
    """

    company_id: int
    title: str
    choice: CreditChoice
    refusal: Failure | None
    valid: Valid | None = None
    waiting: FullAnalysis | None = None


def prospects(connection: Connection, document: Document, snapshot: Snapshot, now: datetime) -> list[Prospect]:
    """One for each active company, were a person to ask about that document in the customer's registration."""
    companies = records.every(connection, COMPANIES, only_active=True)
    zones = credit_lists.zones_of(connection, [row.id for row in companies])
    found = []
    for row in companies:
        of_company = snapshot.for_company(row.id)
        choice = credit_managers.choice(connection, of_company)
        wanted = Wanted(document, row.id, None, Origin.OPERATOR, "", manual=True)
        try:
            manager = manager_for(of_company, choice, wanted)
        except NotAsked as refused:
            found.append(Prospect(row.id, row.title, choice, refused.failure))
            continue
        standing = credit_analyses.standings(connection, [document], manager.source, choice.environment).get(document)
        valid = None if standing is None else _valid(standing, of_company, zones[row.id], now)
        waiting = None if standing is None else _waiting(standing)
        found.append(Prospect(row.id, row.title, choice, None, valid, waiting))
    return found


def ask_as_told(
    connection: Connection, told: Prospect, wanted: Wanted, snapshot: Snapshot, now: datetime
) -> tuple[int, bool]:
    """`ask_for`, where that still means what the person was told.

    Raises NotAsked, after which the transaction must not be kept, when settings were changed since, or when an answer
    has come that the person does not know of: another one may be charged.
    """
    of_company = snapshot.for_company(wanted.company_id)
    choice = credit_managers.choice(connection, of_company)
    if _whom(choice) != _whom(told.choice):
        raise not_configured(
            "A gerenciadora ou o ambiente desta empresa mudou enquanto esta janela estava aberta.",
            "Feche-a e peça de novo, depois de conferir a quem a análise é pedida.",
        )
    number, is_new = ask_for(connection, wanted, snapshot, now)
    if is_new and choice.manager is not None:
        # Only now: one in flight until this moment would have been joined, and is an answer by now.
        found = credit_analyses.standings(connection, [wanted.document], choice.manager.source, choice.environment)
        place = credit_lists.zones_of(connection, [wanted.company_id])[wanted.company_id]
        valid = _valid(found[wanted.document], of_company, place, now)
        if valid is not None and (told.valid is None or valid.analysis.row.id != told.valid.analysis.row.id):
            raise not_configured(
                f"A análise nº {valid.analysis.row.id} deste documento foi respondida há pouco e ainda vale: nenhuma "
                "outra foi pedida.",
                "Veja o resultado dela antes de pedir outra.",
            )
    return number, is_new


def _whom(choice: CreditChoice) -> tuple[int | None, Environment]:
    return None if choice.manager is None else choice.manager.id, choice.environment


def _valid(standing: Standing, of_company: Snapshot, zone: str, now: datetime) -> Valid | None:
    answered = standing.answered
    if answered is None or answered.report is None or answered.row.consulted_at is None:
        return None
    last = credit_analysis.good_until(answered.row.consulted_at, of_company[CREDIT_DAYS], zone)
    if now.astimezone(ZoneInfo(zone)).date() > last:
        return None
    return Valid(answered, last, credit_analysis.judge(CreditProfile.of(of_company), answered.report))


def _waiting(standing: Standing) -> FullAnalysis | None:
    newer = standing.newer
    return newer if newer is not None and not newer.row.state.is_over else None
