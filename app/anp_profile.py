"""The profiles that say what an ANP consultation does to a customer, read from the settings at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.policies import AnpStatus, CustomerAction, MissingBrandAction
from app.settings.catalog import ANP_CUSTOMER, ANP_CUSTOMER_NO_BRAND, ANP_UPDATE_BRAND
from app.settings.snapshot import Snapshot


@dataclass(frozen=True)
class AnpProfile:
    """The action for each status, the one for a brand that is missing, and whether the brand follows ANP."""

    actions: Mapping[AnpStatus, CustomerAction]
    missing_brand: MissingBrandAction
    update_brand: bool

    @classmethod
    def of(cls, snapshot: Snapshot) -> AnpProfile:
        """The profiles in force."""
        return cls(
            {status: snapshot[setting] for status, setting in ANP_CUSTOMER.items()},
            snapshot[ANP_CUSTOMER_NO_BRAND],
            snapshot[ANP_UPDATE_BRAND],
        )
