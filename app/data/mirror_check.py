"""All customers checked at once against the mirror of ANP's lists, by the rules of a consultation."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, text, update

from app.anp_profile import AnpProfile
from app.brands import BrandReading, BrandTable
from app.data import audit, blocks, brands, decisions, history, mirror
from app.data.bulk import insert_rows
from app.data.customers import SUBJECT_COLUMNS, subject_of
from app.data.database import Database
from app.data.decisions import Decided
from app.data.exemption import exempt_documents
from app.data.mirror import ListTaken
from app.data.models import AnpList, AnpListed, Consultation, Customer
from app.domain import ActiveBlock, AnpFinding, AnpOutcome, AnpSource, Authority, Decision, Document, ListKind, Origin
from app.portuguese import counted, day, number
from app.rules.anp_mirror import judge_by_list, too_old
from app.rules.blocking import decide_anp
from app.settings.catalog import ANP_KEPT, ANP_MIRROR_AGE
from app.settings.snapshot import Snapshot

BATCH = 5_000
"""How many customers are done in one transaction."""


class ListNotUsable(ValueError):
    """A list that the check needs was never taken or is too old; the message is a sentence saying what to do."""


@dataclass(frozen=True)
class CustomerLeft:
    """A customer that was in a list and is not any more. `until` is the moment of the last list that had it;
    `confirmed` whether a second list lacks it too."""

    id: int
    name: str
    document: Document
    until: datetime | None
    confirmed: bool


@dataclass(frozen=True)
class CheckReport:
    """What the check found and did. `newer` counts the customers left as they were because ANP itself said something
    about them after the list; `recorded` the consultations kept. `cancelled`: only the first `checked` were done."""

    total: int
    checked: int
    newer: int
    recorded: int
    outcomes: Mapping[AnpOutcome, int]
    blocked: int
    released: int
    brands_changed: int
    left: tuple[CustomerLeft, ...]
    cancelled: bool = False

    @property
    def sentence(self) -> str:
        """The counts, in words."""
        parts = [
            f"{number(self.checked)} de {number(self.total)} clientes conferidos"
            if self.cancelled
            else counted(self.checked, "cliente conferido", "clientes conferidos"),
            *(f"{outcome.label}: {number(count)}" for outcome, count in self.outcomes.items()),
            counted(self.blocked, "bloqueado", "bloqueados"),
            counted(self.released, "desbloqueado", "desbloqueados"),
            counted(self.brands_changed, "bandeira trocada", "bandeiras trocadas"),
        ]
        if self.newer:
            parts.append(counted(self.newer, "já tinha", "já tinham") + " resposta da ANP mais nova do que a lista")
        return ("Interrompido: " if self.cancelled else "") + "; ".join(parts) + "."


def check_customers(
    database: Database,
    snapshot: Snapshot,
    *,
    apply: bool,
    actor: str,
    now: datetime,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> CheckReport:
    """Check every active customer that ANP can be asked about against the newest list of its kind.

    Who changes status, brand or blocks, or had no answer of ANP yet, gets a consultation in the history, and the
    profiles act on it when `apply`. The answer is of the moment at which ANP last published the list, not of now.
    Customers are done in batches, each whole in a transaction of its own, so that others can work in between:
    `cancelled`, asked before each, keeps those done and leaves none half done. 100,000 take some seconds: not for the
    window's own thread. Raises ListNotUsable; then nothing has changed.
    """
    with database.reading() as connection:
        total = _check_lists(connection, snapshot, now)
    check = _Check(snapshot, apply=apply, actor=actor, now=now)
    progress(0, total)
    while not (stopped := cancelled()):
        with database.writing() as connection:
            more = check.take_batch(connection)
        progress(min(check.checked, total), total)
        if not more:
            break
    report = check.report(max(total, check.checked), stopped)
    with database.writing() as connection:
        audit.record(
            connection,
            actor=actor,
            subject="listas_anp/conferencia",
            what="Clientes conferidos com a lista da ANP" + (", aplicando os perfis" if apply else ""),
            old="",
            new=report.sentence,
            at=now,
        )
    return report


def _check_lists(connection: Connection, snapshot: Snapshot, now: datetime) -> int:
    """The number of customers to check. Raises ListNotUsable."""
    found = connection.execute(
        select(Customer.anp_kind, func.count())
        .where(Customer.active, Customer.anp_consulted)
        .group_by(Customer.anp_kind)
        .order_by(Customer.anp_kind)
    )
    counts = {ListKind(kind): count for kind, count in found}
    for kind in counts:
        current = mirror.current(connection, kind)
        if current is None:
            raise ListNotUsable(
                f"Nenhuma lista foi importada ainda: {kind.label}. Importe-a em Listas da ANP e confira de novo."
            )
        days = snapshot[ANP_MIRROR_AGE]
        if too_old(current.confirmed_at, days, now):
            limit = "a configuração não aceita a lista no lugar da consulta"
            if days:
                limit = f"a configuração aceita até {counted(days, 'dia', 'dias')}"
            raise ListNotUsable(
                f"A lista guardada é de {day(current.confirmed_at)} e {limit}: {kind.label}. "
                f"Importe uma lista mais nova, ou mude “{ANP_MIRROR_AGE.label}” nas configurações."
            )
    return sum(counts.values())


@dataclass(frozen=True)
class _Checked:
    """One customer judged by the list, of whom a consultation must be kept; `has_history` when it has others."""

    customer_id: int
    finding: AnpFinding
    decision: Decision
    has_history: bool


_Told = tuple[AnpOutcome, str, datetime]
"""What a customer is told: the outcome, the brand, and the moment of the list."""

_SUBJECT = slice(0, len(SUBJECT_COLUMNS))
_LISTED = slice(len(SUBJECT_COLUMNS), len(SUBJECT_COLUMNS) + len(mirror.LISTED_COLUMNS))
_NEXT = (
    select(
        *SUBJECT_COLUMNS,
        *mirror.LISTED_COLUMNS,
        Customer.anp_status,
        Customer.anp_brand,
        Customer.anp_outcome,
    )
    .outerjoin(AnpListed, (AnpListed.kind == Customer.anp_kind) & (AnpListed.cnpj == Customer.document))
    .outerjoin(AnpList, AnpList.id == AnpListed.vanished_list_id)
    .where(Customer.active, Customer.anp_consulted, Customer.id > bindparam("after"))
    .order_by(Customer.id)
    .limit(bindparam("batch"))
    # Held until the transaction ends: nobody changes between being judged and being noted.
    .with_for_update(of=Customer)
)


class _Check:
    """The check as it goes on: where it is, and what it has found so far."""

    def __init__(self, snapshot: Snapshot, *, apply: bool, actor: str, now: datetime) -> None:
        self.checked = 0
        self._snapshot = snapshot
        self._profile = AnpProfile.of(snapshot)
        self._apply = apply
        self._actor = actor
        self._now = now
        self._machine = platform.node()
        self._after = 0
        self._newer = self._recorded = self._blocked = self._released = self._brands_changed = 0
        self._outcomes: Counter[AnpOutcome] = Counter()
        self._left: list[CustomerLeft] = []

    def report(self, total: int, cancelled: bool) -> CheckReport:
        """What was done until now."""
        outcomes = {outcome: self._outcomes[outcome] for outcome in AnpOutcome if self._outcomes[outcome]}
        return CheckReport(
            total,
            self.checked,
            self._newer,
            self._recorded,
            outcomes,
            self._blocked,
            self._released,
            self._brands_changed,
            tuple(self._left),
            cancelled,
        )

    def take_batch(self, connection: Connection) -> bool:
        """Do the next customers; False when there are none left."""
        mirror.wait_turn(connection)  # the lists stay as they are while customers are judged by them
        current = {kind: mirror.current(connection, ListKind(kind)) for kind in ("automotivo", "glp")}
        found = connection.execute(_NEXT, {"after": self._after, "batch": BATCH}).all()
        if found:
            self._after = found[-1].id
            told, recorded = self._judge(connection, found, current)
            self._note(connection, told)
            self._keep(connection, recorded)
        self.checked += len(found)
        return len(found) == BATCH

    def _judge(
        self, connection: Connection, found: Sequence[Any], current: Mapping[str, ListTaken | None]
    ) -> tuple[dict[_Told, list[int]], list[_Checked]]:
        """What the customers are told, each with those to whom it is told; and of whom a consultation must be kept."""
        readings = _Readings(brands.table(connection))
        exempt = exempt_documents(connection, self._snapshot)
        blocked = blocks.active_between(connection, found[0].id, found[-1].id)
        told: dict[_Told, list[int]] = {}
        recorded: list[_Checked] = []
        # Most customers are told what they were told before, which changes nothing: of those that are alike in
        # everything that the rules look at, one is judged.
        settled: dict[tuple[Any, ...], AnpOutcome] = {}
        for row in found:
            list_ = current[row.anp_kind]
            assert list_ is not None  # `_check_lists` saw one, and lists never go
            if row.anp_at is not None and row.anp_at > list_.confirmed_at:
                self._newer += 1
                continue
            own = blocked.get(row.id, ())
            exempt_as = exempt.get(row.document)
            alike = (
                *(row.anp_kind, row.anp_status, row.anp_brand, row.brand_id),
                *(row.cnpj is None, row.vanished_list_id, not row.authorization, row.brand),
                *(exempt_as, tuple(block.origin for block in own)),
            )
            outcome = settled.get(alike)
            if outcome is None:
                one = self._checked(row, list_, readings, own, exempt_as)
                outcome = one.finding.verdict
                if one.decision.changes or (outcome.value, one.finding.brand) != (row.anp_status, row.anp_brand):
                    recorded.append(one)
                else:
                    settled[alike] = outcome
            self._outcomes[outcome] += 1
            brand = row.brand if outcome.is_listed else ""
            told.setdefault((outcome, brand, list_.confirmed_at), []).append(row.id)
            if row.vanished_list_id is not None:
                confirmed = list_.id > row.vanished_list_id
                subject = subject_of(row[_SUBJECT])
                self._left.append(CustomerLeft(subject.id, subject.name, subject.document, row.last_seen_at, confirmed))
        return told, recorded

    def _checked(
        self,
        row: Any,
        list_: ListTaken,
        readings: _Readings,
        held: tuple[ActiveBlock, ...],
        exempt_as: str | None,
    ) -> _Checked:
        subject = subject_of(row[_SUBJECT])
        said = judge_by_list(mirror.listed_of(row[_LISTED], list_.id), list_.confirmed_at)
        reading = readings.of(said.registration.brand if said.registration else "")
        finding = AnpFinding(
            document=subject.document,
            uf=subject.uf,
            verdict=said.outcome,
            reason=said.reason,
            asked_at=self._now,
            duration_ms=0,
            source=AnpSource.MIRROR,
            registration=said.registration,
            listed_at=said.listed_at,
            listed_until=said.listed_until,
            confirmed=said.confirmed,
            brand_known=None if said.registration is None else not reading.is_missing,
        )
        decision = decide_anp(
            said.outcome,
            said.reason,
            reading,
            profile=self._profile,
            current_brand=subject.brand_id,
            blocks=held,
            exempt_as=exempt_as,
            confirmed=said.confirmed,
            apply=self._apply,
        )
        return _Checked(subject.id, finding, decision, bool(row.anp_outcome))

    def _keep(self, connection: Connection, recorded: Sequence[_Checked]) -> None:
        numbers = self._record(connection, recorded)
        changed = [
            Decided(one.customer_id, one.decision, one.finding.reason, number)
            for one, number in zip(recorded, numbers, strict=True)
            if one.decision.changes
        ]
        decisions.carry_out(connection, changed, by=self._actor, at=self._now)
        with_others = [one.customer_id for one in recorded if one.has_history]
        if with_others:
            history.prune(connection, with_others, Authority.ANP, self._snapshot[ANP_KEPT])
        self._recorded += len(recorded)
        self._blocked += sum(bool(one.decision.add) for one in changed)
        self._released += sum(bool(one.decision.lift) for one in changed)
        self._brands_changed += sum(one.decision.brand_id is not None for one in changed)

    def _note(self, connection: Connection, told: Mapping[_Told, list[int]]) -> None:
        """Repeat the answers on the customers, those that are told the same in one statement."""
        for (outcome, brand, listed_at), ids in told.items():
            values = {
                "anp_at": listed_at,
                "anp_status": outcome.value,
                "anp_by_list": True,
                "anp_brand": brand,
                "anp_tried_at": self._now,
                "anp_outcome": outcome.value,
            }
            connection.execute(update(Customer).where(Customer.id.in_(ids)).values(values))

    def _record(self, connection: Connection, recorded: Sequence[_Checked]) -> list[int]:
        """Keep a consultation of each, and return their numbers."""
        if not recorded:
            return []
        rows = [
            history.columns_of(
                one.finding,
                one.decision,
                authority=Authority.ANP,
                customer_id=one.customer_id,
                origin=Origin.LIST_CHECK,
                user=self._actor,
                machine=self._machine,
                applied=one.decision.changes,
            )
            for one in recorded
        ]
        numbers = _free_numbers(connection, len(rows))
        insert_rows(
            connection,
            Consultation,
            ("id", *rows[0]),
            ((number, *row.values()) for number, row in zip(numbers, rows, strict=True)),
        )
        return numbers


@dataclass
class _Readings:
    """The Tabela de Bandeiras, asked once for each name."""

    table: BrandTable
    read: dict[str, BrandReading] = field(default_factory=dict)

    def of(self, name: str) -> BrandReading:
        """What `name` is."""
        reading = self.read.get(name)
        if reading is None:
            reading = self.read[name] = self.table.read(name)
        return reading


def _free_numbers(connection: Connection, count: int) -> list[int]:
    """Numbers for that many consultations, nobody else's."""
    if connection.dialect.name == "postgresql":
        statement = text("SELECT nextval(pg_get_serial_sequence('consultation', 'id')) FROM generate_series(1, :count)")
        return [int(number) for number in connection.execute(statement, {"count": count}).scalars()]
    last = connection.execute(select(func.max(Consultation.id))).scalar() or 0
    return list(range(last + 1, last + 1 + count))
