"""What a company does about overdue store credit (crediário), read from its settings at once."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.policies import OrderKind, OverdueAction, OverdueCompanies, UncheckedAction
from app.settings.catalog import (
    OVERDUE_ACTION,
    OVERDUE_BUDGET,
    OVERDUE_COMPANIES,
    OVERDUE_DATA_AGE,
    OVERDUE_GRACE,
    OVERDUE_MINIMUM,
    OVERDUE_PRE_SALE,
    OVERDUE_UNCHECKED,
)
from app.settings.setting import Setting
from app.settings.snapshot import Snapshot

SWITCHES: dict[OrderKind, Setting[bool]] = {
    OrderKind.BUDGET: OVERDUE_BUDGET,
    OrderKind.PRE_SALE: OVERDUE_PRE_SALE,
}
"""What turns the check on, of each kind that has one; orders and invoices follow what they came from."""

SETTINGS: tuple[Setting[Any], ...] = (
    *SWITCHES.values(),
    OVERDUE_GRACE,
    OVERDUE_MINIMUM,
    OVERDUE_COMPANIES,
    OVERDUE_ACTION,
    OVERDUE_DATA_AGE,
    OVERDUE_UNCHECKED,
)
"""Every setting that the profile is made of."""


@dataclass(frozen=True)
class OverdueProfile:
    """How one company checks one kind of sale: whether at all, after how many days and from what amount an instalment
    counts, of which companies, what is done then, and what when nothing can be checked.

    Data older than `data_age_h` hours do not count as known; with 0 they always do.
    """

    switch: Setting[bool]
    on: bool
    grace_days: int
    minimum: Decimal
    companies: OverdueCompanies
    action: OverdueAction
    data_age_h: int
    unchecked: UncheckedAction

    @classmethod
    def of(cls, snapshot: Snapshot, kind: OrderKind) -> OverdueProfile:
        """The profile in force for the snapshot's company (see Snapshot.for_company); `kind` is one of SWITCHES."""
        switch = SWITCHES[kind]
        return cls(
            switch,
            snapshot[switch],
            snapshot[OVERDUE_GRACE],
            snapshot[OVERDUE_MINIMUM],
            snapshot[OVERDUE_COMPANIES],
            snapshot[OVERDUE_ACTION],
            snapshot[OVERDUE_DATA_AGE],
            snapshot[OVERDUE_UNCHECKED],
        )
