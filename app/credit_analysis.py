"""The words of a credit analysis: where it is in its life, what it says of the customer, and the answer it rests on.

An analysis (of the customer, by a gerenciadora) is not the store credit (crediário) of `rules.overdue`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

TEST_WARNING = "Homologação: dados de teste da gerenciadora. Este resultado nunca aprova um pedido."
"""What is said beside every result of the environment of tests."""


class AnalysisState(Enum):
    """Where an analysis is. The first two are in flight: a document has one of them at a time at each provider."""

    QUEUED = "na_fila"
    ASKING = "consultando"
    ANSWERED = "respondida"
    FAILED = "falhou"
    CANCELLED = "cancelada"

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        return {
            AnalysisState.QUEUED: "Na fila",
            AnalysisState.ASKING: "Consultando",
            AnalysisState.ANSWERED: "Respondida",
            AnalysisState.FAILED: "Falhou",
            AnalysisState.CANCELLED: "Cancelada",
        }[self]

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self not in IN_FLIGHT


IN_FLIGHT = frozenset({AnalysisState.QUEUED, AnalysisState.ASKING})
"""The states of an analysis that was asked for and not yet made."""


class AnalysisOutcome(Enum):
    """What the rules make of an answer. FAILURE is the absence of one, never a refusal."""

    APPROVED = "aprovada"
    REFUSED = "reprovada"
    UNDECIDED = "indefinida"
    FAILURE = "falha"

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        return {
            AnalysisOutcome.APPROVED: "Aprovada",
            AnalysisOutcome.REFUSED: "Reprovada",
            AnalysisOutcome.UNDECIDED: "Indefinida",
            AnalysisOutcome.FAILURE: "Falha na consulta",
        }[self]

    @property
    def is_answer(self) -> bool:
        """Whether the provider said something of the customer."""
        return self is not AnalysisOutcome.FAILURE


@dataclass(frozen=True)
class NegativeRecord:
    """One debt, protest or lawsuit. What the provider does not tell is "" or None; the amount is in reais."""

    on: date | None = None
    creditor: str = ""
    nature: str = ""
    contract: str = ""
    amount: Decimal | None = None


@dataclass(frozen=True)
class NegativeGroup:
    """Negative records of one kind ("PEFIN", "Protestos"): how many and how much, and those that the provider lists.

    It may list fewer than it counts. `total` is None when it tells no amount.
    """

    kind: str
    count: int
    total: Decimal | None
    first: date | None = None
    last: date | None = None
    records: tuple[NegativeRecord, ...] = ()


@dataclass(frozen=True)
class CreditReport:
    """What a provider said of one document, whatever its own form.

    `score` is None when it gives none. `negatives` is None when it says nothing of negative records, and empty when it
    says that there are none. With `suppressed` part of them was kept from us (by a court, for one): nothing found does
    not mean that there is nothing. `facts` are other things worth reading, as label and text; `notices` what the
    provider wants read first.
    """

    document: str
    name: str = ""
    situation: str = ""
    score: int | None = None
    score_model: str = ""
    score_range: str = ""
    default_rate: str = ""
    negatives: tuple[NegativeGroup, ...] | None = None
    suppressed: bool = False
    facts: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def negative_count(self) -> int | None:
        """How many negative records there are, None when it is not told."""
        return None if self.negatives is None else sum(group.count for group in self.negatives)

    @property
    def negative_total(self) -> Decimal | None:
        """The sum of the negative records, None when not every group that has any tells its own."""
        if self.negatives is None:
            return None
        totals = [group.total for group in self.negatives if group.count]
        known = [total for total in totals if total is not None]
        return sum(known, Decimal("0.00")) if len(known) == len(totals) else None

    def as_fields(self) -> dict[str, Any]:
        """The form stored as JSON: amounts as text with a point, dates in ISO 8601."""
        groups = None if self.negatives is None else [_group_fields(group) for group in self.negatives]
        return {**vars(self), "negatives": groups, "facts": [list(fact) for fact in self.facts]}

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> CreditReport:
        """The inverse of `as_fields`."""
        groups = fields["negatives"]
        return cls(
            **{
                **fields,
                "negatives": None if groups is None else tuple(_group(group) for group in groups),
                "facts": tuple((label, text) for label, text in fields["facts"]),
                "notices": tuple(fields["notices"]),
            }
        )


def _group_fields(group: NegativeGroup) -> dict[str, Any]:
    return {
        "kind": group.kind,
        "count": group.count,
        "total": _text(group.total),
        "first": _text(group.first),
        "last": _text(group.last),
        "records": [
            {**vars(record), "on": _text(record.on), "amount": _text(record.amount)} for record in group.records
        ],
    }


def _group(fields: dict[str, Any]) -> NegativeGroup:
    records = tuple(
        NegativeRecord(**{**record, "on": _date(record["on"]), "amount": _amount(record["amount"])})
        for record in fields["records"]
    )
    dates = {name: _date(fields[name]) for name in ("first", "last")}
    return NegativeGroup(fields["kind"], fields["count"], _amount(fields["total"]), **dates, records=records)


def _text(value: date | Decimal | None) -> str | None:
    return None if value is None else str(value)


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
