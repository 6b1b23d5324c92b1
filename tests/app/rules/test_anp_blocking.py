"""What ANP's answer does to a customer: every combination, against a table written from the settings' own words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import product
from typing import NamedTuple

import pytest

from app.anp_profile import AnpProfile
from app.brands import BrandReading, BrandSaid
from app.domain import ActiveBlock, AnpOutcome, BlockOrigin, Decision
from app.policies import AnpStatus, CustomerAction, MissingBrandAction
from app.rules.blocking import decide_anp

NOW = datetime(2026, 11, 21, 18, 40, tzinfo=UTC)
REASON = "A autorização foi revogada."
READINGS = (
    BrandReading(BrandSaid.KNOWN, "UM", "A ANP informa a bandeira “UM”, que é “Um”.", 1),
    BrandReading(BrandSaid.UNKNOWN, "DOIS", "A ANP informa a bandeira “DOIS”, que não está na tabela."),
    BrandReading(BrandSaid.EMPTY, "", "A ANP não informa bandeira."),
)
STATUS, BRAND = BlockOrigin.ANP_STATUS, BlockOrigin.ANP_BRAND
EXISTING: tuple[tuple[BlockOrigin, ...], ...] = (
    (),
    *((origin,) for origin in BlockOrigin),
    (STATUS, BRAND),
    (STATUS, STATUS, BlockOrigin.MANUAL),
    tuple(BlockOrigin),
)


class Case(NamedTuple):
    """One combination of answer, profiles and customer."""

    outcome: AnpOutcome
    action: CustomerAction
    missing: MissingBrandAction
    brand: BrandReading
    held: tuple[BlockOrigin, ...]
    exempt_as: str | None
    confirmed: bool
    apply: bool
    following: tuple[bool, int | None]
    """Whether the brand follows ANP's, and the brand that the customer has."""

    @property
    def update_brand(self) -> bool:
        return self.following[0]

    @property
    def current_brand(self) -> int | None:
        return self.following[1]


def cases(outcome: AnpOutcome) -> Iterator[Case]:
    flags = (True, False)
    brands = ((False, 2), (True, None), (True, 1), (True, 2))
    yield from (
        Case(outcome, *rest)
        for rest in product(
            CustomerAction, MissingBrandAction, READINGS, EXISTING, (None, "Filial 2"), flags, flags, brands
        )
    )


@cache
def blocks_of(held: tuple[BlockOrigin, ...]) -> tuple[ActiveBlock, ...]:
    return tuple(ActiveBlock(7 + i, origin, "motivo", NOW, "maria") for i, origin in enumerate(held))


@cache
def profile(outcome: AnpOutcome, action: CustomerAction, missing: MissingBrandAction, update_brand: bool) -> AnpProfile:
    """The action for the outcome's own status; the others have another one, so that the wrong one is noticed."""
    other = CustomerAction.UNBLOCK if action is CustomerAction.BLOCK else CustomerAction.BLOCK
    actions = {status: action if status is outcome.status else other for status in AnpStatus}
    return AnpProfile(actions, missing, update_brand)


def decide(case: Case) -> Decision:
    return decide_anp(
        case.outcome,
        REASON,
        case.brand,
        profile=profile(case.outcome, case.action, case.missing, case.update_brand),
        current_brand=case.current_brand,
        blocks=blocks_of(case.held),
        exempt_as=case.exempt_as,
        confirmed=case.confirmed,
        apply=case.apply,
    )


def wanted_origins(case: Case) -> set[BlockOrigin]:
    """For which origins the customer is blocked afterwards, as the screens say it."""
    after = set(case.held)
    if case.outcome is AnpOutcome.FAILURE or not case.apply or case.exempt_as:
        return after
    if case.outcome is not AnpOutcome.UNRECOGNISED:
        if case.action is CustomerAction.BLOCK and case.confirmed:
            after.add(STATUS)
        if case.action is CustomerAction.UNBLOCK:
            after.discard(STATUS)
    if case.outcome is not AnpOutcome.NOT_FOUND:
        missing = case.brand.said in (BrandSaid.EMPTY, BrandSaid.UNKNOWN)
        if case.missing is MissingBrandAction.BLOCK and missing:
            after.add(BRAND)
        if case.missing is MissingBrandAction.BLOCK and not missing:
            after.discard(BRAND)
        if case.missing is MissingBrandAction.NEVER_BLOCK:
            after.discard(BRAND)
    return after


def wanted_brand(case: Case) -> int | None:
    """The brand that the customer has afterwards."""
    acts = case.outcome is not AnpOutcome.FAILURE and case.apply and not case.exempt_as and case.update_brand
    return 1 if acts and case.brand.said is BrandSaid.KNOWN else case.current_brand


@pytest.mark.parametrize("outcome", AnpOutcome)
def test_every_combination(outcome: AnpOutcome) -> None:
    for case in cases(outcome):
        decision, held = decide(case), blocks_of(case.held)
        left = [block.origin for block in held if block.id not in decision.lift]
        added = [origin for origin, _ in decision.add]
        assert {*left, *added} == wanted_origins(case), case
        assert not set(added) & set(case.held), case  # nothing is raised twice
        assert {block.origin for block in held if block.id in decision.lift} <= {STATUS, BRAND}, case
        assert set(decision.lift) <= {block.id for block in held}, case
        assert (decision.brand_id or case.current_brand) == wanted_brand(case), case
        assert decision.brand_id != case.current_brand or decision.brand_id is None, case
        if case.outcome is AnpOutcome.FAILURE or not case.apply:
            assert not decision.changes, case
        check_words(case, decision)


def check_words(case: Case, decision: Decision) -> None:
    why = decision.why
    assert why, case
    assert why == " ".join(why.split()), case
    assert why.endswith("."), case
    assert why[0].isupper(), case
    assert ".." not in why, case
    assert all(reason for _, reason in decision.add), case
    acts = case.outcome is not AnpOutcome.FAILURE and case.apply and not case.exempt_as
    assert (REASON in why) == acts, case
    if case.exempt_as and case.apply and case.outcome is not AnpOutcome.FAILURE:
        assert case.exempt_as in why, case
    if decision.lift:
        remaining = {origin for origin in case.held if origin not in (STATUS, BRAND)}
        assert all(origin.label in why for origin in remaining), case


def test_whom_anp_does_not_list_has_no_brand_to_judge() -> None:
    held = (BRAND,)
    for missing, brand in product(MissingBrandAction, READINGS):
        case = Case(
            AnpOutcome.NOT_FOUND, CustomerAction.INDIFFERENT, missing, brand, held, None, True, True, (False, None)
        )
        assert not decide(case).changes


def test_what_stays_blocked_is_said_when_something_is_lifted() -> None:
    held = (STATUS, BlockOrigin.MANUAL)
    case = Case(
        AnpOutcome.UPDATED,
        CustomerAction.UNBLOCK,
        MissingBrandAction.INDIFFERENT,
        READINGS[0],
        held,
        None,
        True,
        True,
        (False, 1),
    )
    assert decide(case).why == f"Bloqueio pelo status na ANP retirado. {REASON} Continua bloqueado por: Manual."
