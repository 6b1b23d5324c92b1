"""What the order gate sees of orders before it decides: several of them in one turn at the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from app import credit_profile, order_profile, overdue_profile
from app.data import instalments, order_standing
from app.data.order_standing import OrderStanding
from app.domain import Document
from app.order_profile import OrderProfile
from app.overdue_profile import SWITCHES, OverdueProfile
from app.policies import OrderKind, OverdueCompanies
from app.rules.order_gate import AnpWord, OrderQuestion, Plan, plan
from app.rules.overdue import Credit, OverdueFinding, Release, judge, not_checked
from app.settings.catalog import CREDIT_ALLOWED
from app.settings.snapshot import Snapshot
from services.analyses_seen import AnalysisSeen, CompanyAnalyses
from services.consultation import NotAsked, not_configured

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True)
class OrderSeen:
    """Everything about an order that the profile and the database say, at one moment.

    `finding` is None when store credit has no say, `credit` also when it was not looked at. `analysis` is None when
    credit analyses have no say.
    """

    question: OrderQuestion
    of_company: Snapshot
    profile: OrderProfile
    standing: OrderStanding
    planned: Plan
    credit: Credit | None
    finding: OverdueFinding | None
    analysis: AnalysisSeen | None

    def inputs(self, word: AnpWord | None) -> dict[str, Any]:
        """All that was looked at, and ANP's word, as JSON: settings in their stored form, moments in ISO 8601 with
        their offset.

        "crediario" is None when store credit was not looked at; see Overdue.as_fields for what it says of what is
        overdue. "analise_credito" is None when no credit analysis was; see AnalysisSeen.inputs.
        """
        buyer, last = self.standing.buyer, self.standing.last
        settings = () if self.question.kind in SWITCHES else order_profile.SETTINGS
        if self.finding is not None:
            settings = (*settings, *overdue_profile.SETTINGS)
        if self.analysis is not None:
            settings = (*settings, *credit_profile.SETTINGS)
        return {
            "configuracoes": {setting.key: setting.kind.dump(self.of_company[setting]) for setting in settings},
            "cliente": {
                "ativo": buyer.active,
                "cadastro_anp": buyer.anp_kind.value,
                "entidade": buyer.exempt_as,
                "bloqueios": [
                    {"origem": block.origin.value, "motivo": block.reason, "desde": block.since.isoformat()}
                    for block in buyer.blocks
                ],
            },
            "resposta_anterior": None
            if last is None
            else {
                "status": last.outcome.value,
                "bandeira": last.brand,
                "quando": last.at.isoformat(),
                "consulta_id": last.consultation_id,
            },
            "anp": {"consulta": self.planned.step.value}
            | (
                {}
                if word is None
                else {
                    "status": word.outcome.value,
                    "motivo": word.reason,
                    "bandeira": word.brand.name,
                    "bandeira_na_tabela": word.brand.said.value,
                }
            ),
            "crediario": self._credit_inputs(),
            "analise_credito": None if self.analysis is None else self.analysis.inputs(),
        }

    def _credit_inputs(self) -> dict[str, Any] | None:
        credit, finding = self.credit, self.finding
        if credit is None or finding is None:
            return None
        return {
            "data": credit.today.isoformat(),
            "recebido_em": None if credit.known_at is None else credit.known_at.isoformat(),
            "liberado_na_avaliacao": None if credit.release is None else credit.release.check_id,
            "vencido": None if finding.overdue is None else finding.overdue.as_fields(),
        }


def look(
    connection: Connection, questions: Sequence[OrderQuestion], snapshot: Snapshot, now: datetime
) -> list[OrderSeen | NotAsked]:
    """Each order as it is seen now, or why it cannot be decided at all."""
    sight = _Sight(connection, questions, snapshot, now)
    return [sight.of(question) for question in questions]


class _Sight:
    """What several orders have in common is looked at once: a company's profile, and all its buyers."""

    def __init__(
        self, connection: Connection, questions: Sequence[OrderQuestion], snapshot: Snapshot, now: datetime
    ) -> None:
        self._connection = connection
        self._now = now
        self._buyers: defaultdict[int, set[Document]] = defaultdict(set)
        for question in questions:
            self._buyers[question.company_id].add(question.document)
        self._snapshots = {company_id: snapshot.for_company(company_id) for company_id in self._buyers}
        self._profiles = {company_id: OrderProfile.of(own) for company_id, own in self._snapshots.items()}
        self._standings = {
            company_id: order_standing.look(connection, company_id, documents, snapshot)
            for company_id, documents in self._buyers.items()
        }
        self._credits: dict[tuple[int, OverdueCompanies], dict[Document, Credit]] = {}
        self._analyses: dict[int, CompanyAnalyses] = {}

    def of(self, question: OrderQuestion) -> OrderSeen | NotAsked:
        """One of the orders."""
        try:
            return self._seen(question)
        except NotAsked as refused:
            return refused

    def _seen(self, question: OrderQuestion) -> OrderSeen:
        company_id = question.company_id
        of_company, profile = self._snapshots[company_id], self._profiles[company_id]
        standing = self._standing(question)
        planned = plan(question.kind, profile, standing.buyer, standing.last, self._now)
        analysis = self._analysis(question, standing) if of_company[CREDIT_ALLOWED] else None
        seen = OrderSeen(question, of_company, profile, standing, planned, None, None, analysis)
        kind, release = _credit_kind(self._connection, question)
        if kind is None:
            return seen
        by = OverdueProfile.of(of_company, kind)
        finding = not_checked(by, standing.buyer.exempt_as)
        if finding is not None:
            return replace(seen, finding=finding)
        today = self._now.astimezone(ZoneInfo(standing.seller.zone)).date()
        known = self._credit(question, by.companies, today)
        credit = replace(known, release=release, reference=question.reference)
        return replace(seen, credit=credit, finding=judge(by, credit, question.act, self._now))

    def _standing(self, question: OrderQuestion) -> OrderStanding:
        number = question.company_id
        found = self._standings[number]
        if found is None:
            raise not_configured(f"Não existe a empresa {number}.", "Confira o código em Tabelas › Empresas.")
        standing = found[question.document]
        if not standing.seller.active:
            raise not_configured(
                f"A empresa {number} · {standing.seller.name} está inativa: não inclui nem altera pedidos.",
                "Confira o código, ou reative a empresa em Tabelas › Empresas.",
            )
        return standing

    def _credit(self, question: OrderQuestion, companies: OverdueCompanies, today: date) -> Credit:
        company_id = question.company_id
        key = (company_id, companies)
        if key not in self._credits:
            buyers = self._buyers[company_id]
            self._credits[key] = instalments.credit(self._connection, buyers, company_id, companies, today)
        return self._credits[key][question.document]

    def _analysis(self, question: OrderQuestion, standing: OrderStanding) -> AnalysisSeen:
        company_id = question.company_id
        if company_id not in self._analyses:
            of_company, buyers = self._snapshots[company_id], self._buyers[company_id]
            zone = standing.seller.zone
            self._analyses[company_id] = CompanyAnalyses(self._connection, of_company, buyers, zone, self._now)
        return self._analyses[company_id].of(question, standing)


def _credit_kind(connection: Connection, question: OrderQuestion) -> tuple[OrderKind | None, Release | None]:
    """By the switch of which kind the buyer's store credit is checked, None when it has no say, and what was released
    of the sale that the order came from."""
    if question.previous_id is None:
        return (question.kind if question.kind in SWITCHES else None), None
    number = question.previous_id
    todo = "Confira o número da avaliação, ou avalie sem ela."
    if question.kind in SWITCHES:
        raise not_configured("Só um pedido ou uma nota fiscal vem de outra avaliação.", todo)
    previous = order_standing.previous(connection, number)
    if previous is None:
        raise not_configured(f"Não existe a avaliação {number}.", todo)
    if previous.kind not in SWITCHES:
        raise not_configured(f"A avaliação {number} não é de um orçamento (DAV) nem de uma pré-venda.", todo)
    if (previous.company_id, previous.document) != (question.company_id, question.document.key):
        raise not_configured(f"A avaliação {number} é de outro cliente ou de outra empresa.", todo)
    return previous.kind, previous.release
