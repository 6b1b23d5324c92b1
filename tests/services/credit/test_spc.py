"""SPC Brasil over real TLS: its answers, its errors that come as HTTP 200, and no question sent twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.domain import FailureKind
from app.folders import Folders
from app.policies import Environment
from app.tables import Provider
from services.credit.credentials import Credentials
from services.credit.provider import AnalysisFailed, Contract
from services.credit.spc import SpcProvider
from services.demo.ca import DemoAuthority
from services.demo.credit import (
    FEW_DEBTS,
    MANY_DEBTS,
    NO_SCORE,
    RETRY_AFTER_S,
    SUPPRESSED,
    USER,
    CreditFault,
    DemoSpc,
)
from tests.services.credit.contracts import (
    COMPANY,
    CREDENTIALS,
    KIND,
    PERSON,
    failure_of,
    is_explained,
    manager,
    report_of,
    without_secrets,
)


@pytest.fixture
def spc(authority: DemoAuthority) -> Iterator[DemoSpc]:
    with DemoSpc(authority) as server:
        yield server


def provider(folders: Folders, read: float = 30.0) -> SpcProvider:
    return SpcProvider(folders, connect_timeout=30.0, read_timeout=read)


def contract(address: str, environment: Environment = Environment.PRODUCTION, **fields: Any) -> Contract:
    fields = {"report": "695", "person_report": "325", **fields}
    return Contract(manager(Provider.SPC, **fields), environment, address, CREDENTIALS)


def test_a_company_without_debts(folders: Folders, spc: DemoSpc) -> None:
    answer = provider(folders).ask(COMPANY, contract(spc.address, features=("144", "318")))
    report = answer.report
    assert (report.document, report.score, report.score_model) == (COMPANY.value, 820, "SPC Score 12 meses")
    assert (report.negative_count, report.suppressed, report.situation) == (0, False, "ATIVA")
    assert answer.request_id == "1-1"
    (asked,) = spc.asked
    assert (asked.document, asked.report, asked.features) == (COMPANY.value, "695", ("144", "318"))


def test_a_person_is_asked_about_by_its_own_product(folders: Folders, spc: DemoSpc) -> None:
    report = report_of(provider(folders), contract(spc.address), PERSON)
    assert (report.document, report.situation) == (PERSON.value, "REGULAR")
    assert spc.asked[0].report == "325"


def test_debts_are_counted_and_listed(folders: Folders, spc: DemoSpc) -> None:
    spc.known[COMPANY.value] = FEW_DEBTS
    report = report_of(provider(folders), contract(spc.address))
    assert report.negatives is not None
    told = {group.kind: (group.count, group.total) for group in report.negatives if group.count}
    assert told == {"SPC": (1, Decimal("334.62")), "Protestos": (1, Decimal("1200.00"))}
    record = report.negatives[0].records[0]
    assert (record.creditor, record.amount, record.on) == (
        "CREDOR FICTICIO SA",
        Decimal("334.62"),
        report.negatives[0].last,
    )


def test_what_has_no_amount_is_not_owed_at_zero(folders: Folders, spc: DemoSpc) -> None:
    spc.known[COMPANY.value] = MANY_DEBTS
    report = report_of(provider(folders), contract(spc.address))
    assert (report.negative_count, report.negative_total) == (6, None)


def test_a_product_without_score_has_none(folders: Folders, spc: DemoSpc) -> None:
    spc.known[COMPANY.value] = NO_SCORE
    assert report_of(provider(folders), contract(spc.address)).score is None


def test_a_restriction_that_is_not_shown_is_not_nothing(folders: Folders, spc: DemoSpc) -> None:
    spc.known[COMPANY.value] = SUPPRESSED
    report = report_of(provider(folders), contract(spc.address))
    assert report.suppressed
    assert "não mostra qual" in report.notices[0]


@pytest.mark.parametrize("fault", CreditFault)
def test_each_failure_is_told_by_what_is_done_then(folders: Folders, spc: DemoSpc, fault: CreditFault) -> None:
    spc.faults[COMPANY.value] = fault
    failed = failure_of(provider(folders, read=1.0 if fault is CreditFault.HANG else 30.0), contract(spc.address))
    assert is_explained(failed.failure, KIND[fault]), failed.failure
    assert without_secrets(failed), failed.failure
    assert len(spc.asked) == 1
    if fault in (CreditFault.THROTTLED, CreditFault.DOWN):
        assert failed.retry_after_s == RETRY_AFTER_S
    if fault is CreditFault.SUSPENDED:
        assert "código 670" in failed.failure.what
        assert "Acesso suspenso" in failed.failure.cause


def test_wrong_credentials_are_told_as_such(folders: Folders, spc: DemoSpc) -> None:
    failed = failure_of(provider(folders), replace(contract(spc.address), credentials=Credentials(USER, "outra")))
    assert failed.failure.kind is FailureKind.REQUESTER


def test_trying_the_access_asks_about_nobody_and_shows_no_credentials(folders: Folders, spc: DemoSpc) -> None:
    assert "não foram apresentadas" in provider(folders).try_access(contract(spc.address))
    assert spc.asked == []
    address = spc.address
    spc.stop()
    with pytest.raises(AnalysisFailed) as caught:
        provider(folders).try_access(contract(address))
    assert caught.value.failure.kind is FailureKind.NETWORK


def test_a_question_that_never_left_may_be_asked_again(folders: Folders, data_folder: Path, spc: DemoSpc) -> None:
    distrustful = SpcProvider(Folders(data_folder / "outra", data_folder), connect_timeout=30.0)
    assert failure_of(distrustful, contract(spc.address)).failure.kind is FailureKind.TRUST
    address = spc.address
    spc.stop()
    assert failure_of(provider(folders), contract(address)).failure.kind is FailureKind.NETWORK
    assert spc.asked == []


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"report": "", "person_report": ""}, FailureKind.CONFIGURATION),
        ({"report": ""}, FailureKind.REJECTION),
        ({"features": ("SCORE",)}, FailureKind.CONFIGURATION),
    ],
    ids=["sem produto", "sem produto de CNPJ", "insumo que não é número"],
)
def test_what_cannot_be_asked_is_of_the_registration(
    folders: Folders, spc: DemoSpc, fields: dict[str, Any], kind: FailureKind
) -> None:
    failed = failure_of(provider(folders), contract(spc.address, **fields))
    assert is_explained(failed.failure, kind)
    assert spc.asked == []


def test_in_homologation_a_report_of_another_document_is_shown_as_made_up(folders: Folders, spc: DemoSpc) -> None:
    spc.faults[COMPANY.value] = CreditFault.ANOTHER
    report = report_of(provider(folders), contract(spc.address, Environment.TEST))
    assert any("dados inventados" in notice for notice in report.notices)


def test_giving_up_before_the_question_leaves_sends_nothing(folders: Folders, spc: DemoSpc) -> None:
    with pytest.raises(AnalysisFailed) as caught:
        provider(folders).ask(COMPANY, contract(spc.address), given_up=lambda: True)
    assert caught.value.failure.kind is FailureKind.CANCELLED
    assert spc.asked == []
