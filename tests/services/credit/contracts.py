"""Contracts with gerenciadoras on loopback, and folders of somebody who trusts them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.credit_analysis import CreditReport
from app.data.credit_managers import Manager
from app.documents import parse_document
from app.domain import Failure, FailureKind
from app.policies import Environment
from app.tables import Provider
from services.credit.credentials import Credentials
from services.credit.provider import AnalysisFailed, Contract, CreditProvider
from services.demo.credit import PASSWORD, USER, CreditFault

COMPANY = parse_document("11.222.333/0001-81")
PERSON = parse_document("111.444.777-35")
CREDENTIALS = Credentials(USER, PASSWORD)
KIND = {
    CreditFault.UNKNOWN: FailureKind.REJECTION,
    CreditFault.PROTECTED: FailureKind.REJECTION,
    CreditFault.INVALID: FailureKind.REJECTION,
    CreditFault.DECLINED: FailureKind.REJECTION,
    CreditFault.DENIED: FailureKind.REQUESTER,
    CreditFault.SUSPENDED: FailureKind.REQUESTER,
    CreditFault.THROTTLED: FailureKind.THROTTLED,
    CreditFault.BROKEN: FailureKind.UNAVAILABLE,
    CreditFault.DOWN: FailureKind.UNAVAILABLE,
    CreditFault.PAGE: FailureKind.INVALID_RESPONSE,
    CreditFault.FORBIDDEN_PAGE: FailureKind.REQUESTER,
    CreditFault.MALFORMED: FailureKind.INVALID_RESPONSE,
    CreditFault.EMPTY: FailureKind.INVALID_RESPONSE,
    CreditFault.ANOTHER: FailureKind.INVALID_RESPONSE,
    CreditFault.MOVED: FailureKind.CONFIGURATION,
    CreditFault.CUT: FailureKind.UNCERTAIN,
    CreditFault.RESET: FailureKind.UNCERTAIN,
    CreditFault.HANG: FailureKind.UNCERTAIN,
}
"""What each failure is, whichever of them fails so."""


def manager(provider: Provider, **fields: Any) -> Manager:
    """A gerenciadora called “Nossa”, with the address that the provider publishes."""
    plain = Manager(
        id=1,
        name="Nossa",
        provider=provider,
        environment=None,
        addresses={Environment.PRODUCTION: "", Environment.TEST: ""},
        report="",
        person_report="",
        features=(),
        cost_center="",
        consulting_document="",
        mapping_file="",
        keyring_key="chave",
        active=True,
    )
    return replace(plain, **fields)


def failure_of(provider: CreditProvider, contract: Contract, document: Any = COMPANY) -> AnalysisFailed:
    """What asking fails with."""
    with pytest.raises(AnalysisFailed) as caught:
        provider.ask(document, contract)
    return caught.value


def report_of(provider: CreditProvider, contract: Contract, document: Any = COMPANY) -> CreditReport:
    """What asking gives."""
    return provider.ask(document, contract).report


def without_secrets(failed: AnalysisFailed, *more: str) -> bool:
    """Whether the failure tells neither the password nor whom it is about."""
    told = repr(failed) + str(failed) + repr(failed.failure)
    return not any(word in told for word in (PASSWORD, COMPANY.value, PERSON.value, str(COMPANY), "Bearer", *more))


def is_explained(failure: Failure, kind: FailureKind) -> bool:
    """Whether it is of that kind and says what happened and what to do."""
    return failure.kind is kind and bool(failure.what and failure.todo)
