"""What a company does about credit analyses, read from its settings at once."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.policies import CreditCustomerAction, CreditOrderAction
from app.settings.catalog import (
    CREDIT_ALLOWED,
    CREDIT_CUSTOMER,
    CREDIT_DAYS,
    CREDIT_ENVIRONMENT,
    CREDIT_MANAGER,
    CREDIT_MAX_NEGATIVE,
    CREDIT_MIN_SCORE,
    CREDIT_ORDER,
)
from app.settings.setting import Setting
from app.settings.snapshot import Snapshot

SETTINGS: tuple[Setting[Any], ...] = (
    CREDIT_ALLOWED,
    CREDIT_MANAGER,
    CREDIT_ENVIRONMENT,
    CREDIT_DAYS,
    CREDIT_MIN_SCORE,
    CREDIT_MAX_NEGATIVE,
    CREDIT_ORDER,
)
"""Every setting by which an order is judged."""


@dataclass(frozen=True)
class CreditProfile:
    """For how many days an analysis is good for one company, what approves, and what is done without approval and to
    the customer. Who is asked is in `app.data.credit_managers`."""

    days: int
    min_score: int
    max_negative: Decimal
    order_action: CreditOrderAction
    customer_action: CreditCustomerAction

    @classmethod
    def of(cls, snapshot: Snapshot) -> CreditProfile:
        """The profile in force for the snapshot's company (see Snapshot.for_company)."""
        return cls(
            snapshot[CREDIT_DAYS],
            snapshot[CREDIT_MIN_SCORE],
            snapshot[CREDIT_MAX_NEGATIVE],
            snapshot[CREDIT_ORDER],
            snapshot[CREDIT_CUSTOMER],
        )
