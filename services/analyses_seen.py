"""What orders see of their buyers' credit analyses, several in one turn at the database, and the new ones they need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from app.credit_analysis import AnalysisState
from app.credit_profile import CreditProfile
from app.data import credit_analyses, credit_managers, credit_pauses
from app.data.credit_analyses import FullAnalysis, Standing
from app.data.credit_pauses import Pause
from app.data.order_standing import OrderStanding
from app.domain import Document, Origin
from app.policies import Environment
from app.rules.credit_order import (
    AnalysisFinding,
    AnsweredAnalysis,
    FailedAnalysis,
    KnownAnalysis,
    PendingAnalysis,
    not_verified,
    weigh,
)
from app.rules.order_gate import OrderQuestion
from app.settings.snapshot import Snapshot
from services.consultation import NotAsked
from services.credit.request import Wanted, ask_for, is_stuck, manager_for

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True)
class AnalysisSeen:
    """What one order sees at `now`: what is known of the buyer, and the rules of the company that sells.

    `source` is of the gerenciadora, "" when there is none; `exempt_as` is the entity, standing for a branch or
    congênere, that the buyer is.
    """

    question: OrderQuestion
    customer_id: int | None
    exempt_as: str | None
    profile: CreditProfile
    source: str
    known: KnownAnalysis
    now: datetime

    @cached_property
    def finding(self) -> AnalysisFinding:
        """What it does to the order."""
        if self.exempt_as is not None:
            return not_verified(self.exempt_as)
        tentative = self.question.is_tentative
        return weigh(self.profile, self.known, self.question.act, self.now, tentative=tentative)

    @property
    def key(self) -> tuple[Document, str, Environment]:
        """Of what one analysis is in flight at a time."""
        return self.question.document, self.source, self.known.environment

    @property
    def wanted(self) -> Wanted:
        """What the order asks for, which waits its turn in the queue."""
        asked = self.question
        return Wanted(asked.document, asked.company_id, self.customer_id, Origin.ORDER, asked.actor, manual=False)

    def inputs(self) -> dict[str, Any] | None:
        """All that was looked at, as JSON (see AnalysisTold.as_fields), None when nothing was verified."""
        told, known = self.finding.told, self.known
        if told is None:
            return None
        return {
            **told.as_fields(),
            "gerenciadora": known.manager,
            "ambiente": known.environment.value,
            "respondida_em": None if known.answered is None else known.answered.at.isoformat(),
        }


class CompanyAnalyses:
    """What is known of all the buyers of one company, looked at once; `zone` (IANA) is that of its days."""

    def __init__(
        self, connection: Connection, of_company: Snapshot, buyers: Iterable[Document], zone: str, now: datetime
    ) -> None:
        self._of_company, self._now = of_company, now
        self._profile = CreditProfile.of(of_company)
        self._choice = credit_managers.choice(connection, of_company)
        manager, environment = self._choice.manager, self._choice.environment
        self._standings: dict[Document, Standing] = {}
        self._pauses: list[Pause] = []
        held = ""
        if manager is not None:
            self._standings = credit_analyses.standings(connection, buyers, manager.source, environment)
            self._pauses = credit_pauses.in_force(connection, now)
            at = (manager.id, environment)
            held = next((pause.why for pause in self._pauses if (pause.manager_id, pause.environment) == at), "")
        today = now.astimezone(ZoneInfo(zone)).date()
        self._nothing = KnownAnalysis("" if manager is None else manager.name, environment, today, zone, held=held)

    def of(self, question: OrderQuestion, standing: OrderStanding) -> AnalysisSeen:
        """What one order sees."""
        manager = self._choice.manager
        known = self._known(self._standings.get(question.document, Standing(None, None)))
        seen = AnalysisSeen(
            question,
            standing.customer_id,
            standing.buyer.exempt_as,
            self._profile,
            "" if manager is None else manager.source,
            known,
            self._now,
        )
        try:
            manager_for(self._of_company, self._choice, seen.wanted)
        except NotAsked as refused:
            return replace(seen, known=replace(known, cannot=refused.failure.what))
        return seen

    def _known(self, standing: Standing) -> KnownAnalysis:
        answered, newer = standing.answered, standing.newer
        known = None if newer is None else _newer(newer)
        manager = self._choice.manager
        if isinstance(known, PendingAnalysis) and newer is not None and manager is not None:
            known = replace(known, stuck=is_stuck(newer.row, manager.id, self._pauses, self._of_company))
        return replace(self._nothing, answered=None if answered is None else _answered(answered), newer=known)


class NewAnalyses:
    """Asks for the analyses that the orders of one turn need: of one document once."""

    def __init__(self, connection: Connection, snapshot: Snapshot, now: datetime) -> None:
        self._connection = connection
        self._snapshot = snapshot
        self._now = now
        self._asked: dict[tuple[Document, str, Environment], PendingAnalysis] = {}

    def known_to(self, seen: AnalysisSeen) -> AnalysisSeen:
        """With what was asked for an order before this one."""
        asked = self._asked.get(seen.key)
        return seen if asked is None else replace(seen, known=replace(seen.known, newer=asked))

    def ask(self, seen: AnalysisSeen) -> AnalysisSeen:
        """With the analysis in the queue, or why it cannot be put there any more."""
        try:
            number, _ = ask_for(self._connection, seen.wanted, self._snapshot, self._now)
        except NotAsked as refused:
            return replace(seen, known=replace(seen.known, cannot=refused.failure.what))
        waited = seen.known.newer
        if isinstance(waited, PendingAnalysis) and waited.number == number:  # taken over from another company
            self._asked[seen.key] = replace(waited, stuck=False)
        else:
            self._asked[seen.key] = PendingAnalysis(number, self._now)
        return self.known_to(seen)


def _answered(analysis: FullAnalysis) -> AnsweredAnalysis:
    assert analysis.report is not None
    assert analysis.row.consulted_at is not None
    return AnsweredAnalysis(analysis.row.id, analysis.row.consulted_at, analysis.report)


def _newer(analysis: FullAnalysis) -> PendingAnalysis | FailedAnalysis:
    row = analysis.row
    if row.state.is_over:
        assert analysis.failure is not None
        assert row.consulted_at is not None
        return FailedAnalysis(row.id, row.consulted_at, analysis.failure.what)
    return PendingAnalysis(row.id, row.created_at, row.state is AnalysisState.ASKING, row.failed)
