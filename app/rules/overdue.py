"""Store credit (crediário): which instalments of a customer are overdue, and what that does to a sale.

Only principal and days are computed: fine and interest are of the system that collects.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.overdue_profile import OverdueProfile
from app.policies import InstalmentSituation, OverdueAction, UncheckedAction
from app.portuguese import calendar_day, counted, exact, money
from app.settings.catalog import OVERDUE_ACTION, OVERDUE_DATA_AGE, OVERDUE_MINIMUM, OVERDUE_UNCHECKED, SEFAZ_ENTITY

RELEASED = "crediario.liberado"
"""The pseudo-rule of what a person released."""

_TO_MONDAY = {6: 2, 7: 1}  # days from a Saturday and from a Sunday


@dataclass(frozen=True)
class Instalment:
    """One parcela; `external_id` is its number in the system that collects it."""

    id: int
    company_id: int
    external_id: str
    contract: str
    due_on: date
    amount: Decimal
    paid: Decimal
    situation: InstalmentSituation

    @property
    def balance(self) -> Decimal:
        """What is still to be paid; nothing, or less, when all of it was."""
        return self.amount - self.paid

    def days_overdue(self, today: date, grace_days: int) -> int:
        """How many days it is overdue, 0 while it is not.

        What falls due on a Saturday or Sunday may be paid on Monday (holidays are not known), and the days of grace
        must be over too; then all the days count, from the one on which it fell due.
        """
        if self.situation is not InstalmentSituation.OPEN or self.balance <= 0 or payable_until(self.due_on) >= today:
            return 0
        days = (today - self.due_on).days
        return days if days > grace_days else 0


@dataclass(frozen=True)
class Overdue:
    """What is overdue: how many instalments, the longest delay in days, the principal and the oldest due date (None
    when nothing is). `instalments` are their numbers, the oldest first."""

    count: int
    worst_days: int
    principal: Decimal
    first_due: date | None
    instalments: tuple[int, ...]

    def as_summary(self) -> dict[str, Any]:
        """What whoever asked is told of it, as JSON."""
        return {
            "vencidas": self.count,
            "maior_atraso": self.worst_days,
            "valor": f"{self.principal:.2f}",
            "primeira_vencida": None if self.first_due is None else self.first_due.isoformat(),
        }

    def as_fields(self) -> dict[str, Any]:
        """The form stored as JSON."""
        return {**self.as_summary(), "parcelas": list(self.instalments)}

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Overdue:
        """The inverse of `as_fields`."""
        first = fields["primeira_vencida"]
        return cls(
            fields["vencidas"],
            fields["maior_atraso"],
            Decimal(fields["valor"]),
            None if first is None else date.fromisoformat(first),
            tuple(fields["parcelas"]),
        )


@dataclass(frozen=True)
class Release:
    """What a person released for the check `check_id`: those instalments; with none, that nothing could be checked.

    `sold_as` is the reference of the one sale that it has served, "" of one that gave none, None while there is none.
    """

    check_id: int
    instalments: frozenset[int]
    sold_as: str | None = None

    def serves(self, reference: str) -> bool:
        """Whether the sale of that reference may go on by it: it serves one sale, however often that one is asked.

        Of a sale without a reference nothing tells whether it is the same: it may go on if it is the first.
        """
        return self.sold_as is None or self.sold_as == reference != ""


@dataclass(frozen=True)
class Credit:
    """What is known of the buyer's store credit on `today`, the calendar date of the company that sells.

    `known_at` is when the instalments were last received, None when they never were. `release` is of the sale that
    this one, known at the counter by `reference` ("" for one that gave none), came from.
    """

    today: date
    known_at: datetime | None
    instalments: tuple[Instalment, ...]
    release: Release | None = None
    reference: str = ""

    @property
    def usable(self) -> Release | None:
        """The release, unless it has served another sale."""
        return self.release if self.release is not None and self.release.serves(self.reference) else None


@dataclass(frozen=True)
class OverdueFinding:
    """What the credit does to the sale. `overdue` is None when nothing was checked; with `releasable` a person may let
    the sale go on. `rules` are keys of settings, or RELEASED."""

    refuses: bool
    releasable: bool
    reason: str
    rules: tuple[str, ...]
    overdue: Overdue | None = None


def payable_until(due_on: date) -> date:
    """The last day on which what falls due then is not late: the next Monday for a weekend."""
    return due_on + timedelta(days=_TO_MONDAY.get(due_on.isoweekday(), 0))


def overdue(instalments: Iterable[Instalment], today: date, grace_days: int) -> Overdue:
    """Those that are overdue, added up."""
    late = sorted(
        (found for found in instalments if found.days_overdue(today, grace_days)),
        key=lambda found: (found.due_on, found.id),
    )
    return Overdue(
        len(late),
        late[0].days_overdue(today, grace_days) if late else 0,
        sum((found.balance for found in late), Decimal("0.00")),
        late[0].due_on if late else None,
        tuple(found.id for found in late),
    )


def not_checked(profile: OverdueProfile, exempt_as: str | None) -> OverdueFinding | None:
    """Why the credit need not be looked at, None when it must.

    The check is off, or the buyer is the entity `exempt_as`, which stands for a branch or congênere.
    """
    if not profile.on:
        why = f"“{profile.switch.label}” está desligado: nada foi verificado."
        return OverdueFinding(False, False, why, (profile.switch.key,))
    if exempt_as is not None:
        why = f"O cliente é a entidade “{exempt_as}”, que representa filial ou congênere: o crediário não é verificado."
        return OverdueFinding(False, False, why, (SEFAZ_ENTITY.key,))
    return None


def judge(profile: OverdueProfile, credit: Credit, act: str, now: datetime) -> OverdueFinding:
    """What the buyer's credit does to the sale; `act` is what is being done ("inclusão da pré-venda")."""
    switch = profile.switch.key
    found = overdue(credit.instalments, credit.today, profile.grace_days)
    unknown = _why_unknown(profile, credit, now)
    if unknown:
        return _unchecked(profile, credit, found, unknown, act)
    if found.count == 0:
        assert credit.known_at is not None
        why = f"O cliente não tem crediário vencido, pelas parcelas recebidas em {exact(credit.known_at)}."
        return OverdueFinding(False, False, why, (switch,), found)
    if found.principal < profile.minimum:
        why = f"{_said(found)}: menos do que os {money(profile.minimum)} a partir dos quais a ação vale."
        return OverdueFinding(False, False, why, (switch, OVERDUE_MINIMUM.key), found)
    rules = (switch, OVERDUE_ACTION.key)
    if profile.action is OverdueAction.WARN:
        why = f"{_said(found)}. O perfil avisa e permite a {act}."
        return OverdueFinding(False, False, why, rules, found)
    release = credit.usable
    if release is not None and release.instalments.issuperset(found.instalments):
        why = f"{_said(found)}: tudo foi liberado na avaliação {release.check_id}."
        return OverdueFinding(False, False, why, (*rules, RELEASED), found)
    more = "" if release is None else f" A liberação da avaliação {release.check_id} não cobre todas."
    why = f"{_said(found)}. O perfil não permite a {act} neste caso.{more or _served_another(credit)}"
    return _refused(profile, why, rules, found)


def _why_unknown(profile: OverdueProfile, credit: Credit, now: datetime) -> str:
    """Why nothing can be checked, "" when it can."""
    if credit.known_at is None:
        return "As parcelas do crediário desta empresa nunca foram recebidas"
    if profile.data_age_h and now - credit.known_at > timedelta(hours=profile.data_age_h):
        hours = counted(profile.data_age_h, "hora", "horas")
        return f"As parcelas do crediário foram recebidas em {exact(credit.known_at)}, há mais de {hours}"
    return ""


def _unchecked(profile: OverdueProfile, credit: Credit, found: Overdue, unknown: str, act: str) -> OverdueFinding:
    why = f"{unknown}: não há como saber se o cliente deve."
    if found.count:
        why += f" Até então: {counted(found.count, 'parcela vencida', 'parcelas vencidas')}, {money(found.principal)}."
    rules = (profile.switch.key, OVERDUE_UNCHECKED.key, *((OVERDUE_DATA_AGE.key,) if credit.known_at else ()))
    if profile.unchecked is UncheckedAction.ALLOW:
        return OverdueFinding(False, False, f"{why} O perfil permite a {act} sem verificação.", rules)
    release = credit.usable
    if release is not None and not release.instalments:
        why += f" A {act} sem verificação foi liberada na avaliação {release.check_id}."
        return OverdueFinding(False, False, why, (*rules, RELEASED))
    why += f" O perfil não permite a {act} sem verificação.{_served_another(credit)}"
    return _refused(profile, why, rules, None)


def _served_another(credit: Credit) -> str:
    """That the release was for another sale, "" when that is not so."""
    if credit.release is None or credit.usable is not None:
        return ""
    served = f" A liberação da avaliação {credit.release.check_id} já serviu"
    if not credit.reference:
        return f"{served} a uma venda, e sem a referência desta não há como saber se é a mesma."
    return f"{served} à venda {credit.release.sold_as}." if credit.release.sold_as else f"{served} a outra venda."


def _refused(profile: OverdueProfile, why: str, rules: tuple[str, ...], found: Overdue | None) -> OverdueFinding:
    releasable = profile.action is OverdueAction.RELEASE
    if releasable:
        rules = tuple(dict.fromkeys((*rules, OVERDUE_ACTION.key)))
    return OverdueFinding(True, releasable, why, rules, found)


def _said(found: Overdue) -> str:
    assert found.first_due is not None
    instalments = counted(found.count, "parcela de crediário vencida", "parcelas de crediário vencidas")
    days = counted(found.worst_days, "dia", "dias")
    return (
        f"O cliente tem {instalments}, {money(found.principal)} sem multa nem juros; "
        f"a mais antiga venceu em {calendar_day(found.first_due)}, há {days}"
    )
