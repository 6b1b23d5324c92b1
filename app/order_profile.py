"""The profiles that say whether an order or invoice may go on, read from the settings of a company at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.policies import AnpStatus, CompanyConsultation, OrderAction
from app.settings.catalog import (
    ANP_COMPANY_ORDER,
    ANP_NO_ANSWER,
    ANP_ORDER,
    ANP_ORDER_CONSULT,
    ANP_ORDER_NO_BRAND,
    ANP_VALIDITY,
)
from app.settings.setting import Setting
from app.settings.snapshot import Snapshot

SETTINGS: tuple[Setting[Any], ...] = (
    ANP_COMPANY_ORDER,
    ANP_ORDER_CONSULT,
    ANP_VALIDITY,
    ANP_NO_ANSWER,
    *ANP_ORDER.values(),
    ANP_ORDER_NO_BRAND,
)
"""Every setting that the profile is made of."""


@dataclass(frozen=True)
class OrderProfile:
    """What one company does with its orders: whether ANP is consulted, for how many hours an answer is still good,
    and the action without an answer, for each status and for a brand that is missing."""

    company: CompanyConsultation
    consult: bool
    validity_h: int
    no_answer: OrderAction
    actions: Mapping[AnpStatus, OrderAction]
    missing_brand: OrderAction

    @classmethod
    def of(cls, snapshot: Snapshot) -> OrderProfile:
        """The profile in force for the snapshot's company (see Snapshot.for_company)."""
        return cls(
            snapshot[ANP_COMPANY_ORDER],
            snapshot[ANP_ORDER_CONSULT],
            snapshot[ANP_VALIDITY],
            snapshot[ANP_NO_ANSWER],
            {status: snapshot[setting] for status, setting in ANP_ORDER.items()},
            snapshot[ANP_ORDER_NO_BRAND],
        )
