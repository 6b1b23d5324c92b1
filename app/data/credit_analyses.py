"""Credit analyses: the queue in which they wait, what was answered or failed, and what is known of a document.

An analysis changes its state here and nowhere else. Each costs money: of one document, source and environment one is
in flight at a time, and one whose sending was ended in the middle is never sent again by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
    union,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from app.credit_analysis import IN_FLIGHT, AnalysisOutcome, AnalysisState, CreditReport
from app.data.models import Company, CreditAnalysis, CreditManager, CreditPause, Customer
from app.data.search import every_word
from app.documents import from_key
from app.domain import CreditFinding, Document, Failure, FailureKind, Origin
from app.policies import Environment

RESERVATION = timedelta(minutes=5)
"""Longer than a query takes at most: whoever still has one after it was ended in the middle."""

_t = CreditAnalysis
_IN_FLIGHT = [state.value for state in AnalysisState if state in IN_FLIGHT]
_ENDED = Failure(
    FailureKind.UNCERTAIN,
    "O programa foi encerrado durante a consulta.",
    "Não se sabe se a gerenciadora respondeu, e ela pode ter cobrado.",
    "Consulte de novo, se ainda precisar desta análise.",
)


@dataclass(frozen=True)
class NewAnalysis:
    """What is asked, of whom and by whom; `source` is of the gerenciadora. `manual`: a person asked for it in the
    customer's registration, and not an order."""

    document: Document
    customer_id: int | None
    company_id: int
    manager_id: int
    source: str
    environment: Environment
    origin: Origin
    user: str
    machine: str
    manual: bool
    urgent: bool = False


@dataclass(frozen=True)
class QueuedAnalysis:
    """One of the queue, for whoever asks; `attempts` counts the tries before."""

    id: int
    document: Document
    customer_id: int | None
    customer: str
    company_id: int
    manager_id: int
    environment: Environment
    origin: Origin
    user: str
    attempts: int


@dataclass(frozen=True)
class QueueGroup:
    """How many wait in the queue of one company, gerenciadora and environment.

    `held` tells that the gerenciadora is not asked there now, and `held_until` until when; None with it is until a
    person mends what `held_why` says.
    """

    company_id: int
    manager_id: int
    manager: str
    environment: Environment
    waiting: int
    held: bool
    held_until: datetime | None
    held_why: str


@dataclass(frozen=True)
class AnalysisRow:
    """One analysis as lists show it. `customer` is "" for a document that is not a customer's; `source` is that of the
    gerenciadora when it was asked for; `outcome` is None until it was answered. `failed` tells whether the last try
    failed, also of one that will be tried again."""

    id: int
    created_at: datetime
    consulted_at: datetime | None
    document: Document
    customer_id: int | None
    customer: str
    company_id: int
    company: str
    manager_id: int
    manager: str
    source: str
    environment: Environment
    state: AnalysisState
    outcome: AnalysisOutcome | None
    origin: Origin
    manual: bool
    user: str
    urgent: bool
    next_at: datetime
    attempts: int
    failed: bool


@dataclass(frozen=True)
class FullAnalysis:
    """One analysis whole; `raw` is b"" once it was kept as long as the settings say, or when nothing came."""

    row: AnalysisRow
    reasons: tuple[str, ...]
    report: CreditReport | None
    failure: Failure | None
    http_status: int | None
    request_id: str
    duration_ms: int
    machine: str
    raw: bytes


@dataclass(frozen=True)
class Standing:
    """What is known of a document at one source and environment: the newest answer, and the newest of all when it came
    to no answer since then (in flight, failed)."""

    answered: FullAnalysis | None
    newer: FullAnalysis | None


@dataclass(frozen=True)
class AnalysisQuery:
    """What a list shows: words of the customer or document, or all; one state, outcome, company or environment; only
    one customer's, which includes what was asked of its document before it was registered."""

    text: str = ""
    state: AnalysisState | None = None
    outcome: AnalysisOutcome | None = None
    company_id: int | None = None
    environment: Environment | None = None
    customer_id: int | None = None
    document: Document | None = None


_ROW = (
    _t.id,
    _t.created_at,
    _t.consulted_at,
    _t.document,
    _t.customer_id,
    Customer.name,
    _t.company_id,
    Company.name,
    _t.manager_id,
    CreditManager.name,
    _t.source,
    _t.environment,
    _t.state,
    _t.outcome,
    _t.origin,
    _t.manual,
    _t.user_name,
    _t.urgent,
    _t.next_at,
    _t.attempts,
    _t.failure_kind,
)
_MORE = (_t.reasons, _t.report, _t.failure, _t.http_status, _t.request_id, _t.duration_ms, _t.machine, _t.raw)


def _joined(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        statement.select_from(_t)
        .join(Company, Company.id == _t.company_id)
        .join(CreditManager, CreditManager.id == _t.manager_id)
        .outerjoin(Customer, Customer.id == _t.customer_id)
    )


def _newest(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """The number of the newest analysis of each document asked about that meets these conditions too."""
    return (
        select(func.max(_t.id))
        .where(
            _t.document.in_(bindparam("documents", expanding=True)),
            _t.source == bindparam("source"),
            _t.environment == bindparam("environment"),
            *conditions,
        )
        .group_by(_t.document)
    )


# Built once: orders wait for it, and building a statement costs ten times as much as running it. Two conditions joined
# by OR would have PostgreSQL go through the whole table; of a union it finds each number in the index.
_STANDINGS = (
    _joined(select(*_ROW, *_MORE[:-1], literal(b"")))
    .where(
        _t.id.in_(
            union(
                _newest(_t.state != AnalysisState.CANCELLED.value),
                _newest(_t.state == AnalysisState.ANSWERED.value),
            )
        )
    )
    .order_by(_t.id)
)


# --- asking ---


def enqueue(connection: Connection, new: NewAnalysis, now: datetime) -> tuple[int, bool]:
    """Ask for an analysis: its number, and whether it is new. One in flight already is joined, and becomes urgent with
    whoever cannot wait."""
    values = {
        "created_at": now,
        "document": new.document.key,
        "customer_id": new.customer_id,
        "company_id": new.company_id,
        "manager_id": new.manager_id,
        "source": new.source,
        "environment": new.environment.value,
        "origin": new.origin.value,
        "user_name": new.user,
        "machine": new.machine,
        "manual": new.manual,
        "urgent": new.urgent,
        "state": AnalysisState.QUEUED.value,
        "next_at": now,
        "attempts": 0,
        "reserved_by": "",
        "duration_ms": 0,
        "outcome": "",
        "reasons": [],
        "failure_kind": "",
        "request_id": "",
        "raw": b"",
    }
    build: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    added = connection.execute(build(_t).values(values).on_conflict_do_nothing().returning(_t.id)).scalar()
    if added is not None:
        return int(added), True
    same = (
        _t.document == new.document.key,
        _t.source == new.source,
        _t.environment == new.environment.value,
        _t.state.in_(_IN_FLIGHT),
    )
    joined = connection.execute(select(_t.id).where(*same)).scalar()
    if joined is None:  # it has ended since
        return enqueue(connection, new, now)
    if new.urgent and new.manual:
        force(connection, joined, now)
    elif new.urgent:  # a try that failed still waits for its time: orders would ask again and again
        waits = (_t.id == joined, _t.state == AnalysisState.QUEUED.value)
        connection.execute(update(_t).where(*waits).values(urgent=True))
    return int(joined), False


def hand_over(connection: Connection, analysis_id: int, company_id: int, manager_id: int, now: datetime) -> None:
    """Have another company's contract with the same source make one that waits where nobody makes it."""
    waits = (_t.id == analysis_id, _t.state == AnalysisState.QUEUED.value)
    values = {"company_id": company_id, "manager_id": manager_id, "next_at": now}
    connection.execute(update(_t).where(*waits).values(values))


def force(connection: Connection, analysis_id: int | None, now: datetime) -> int:
    """A person wants what waits in the queue made now, one or all of it, without waiting for the service's next round,
    for the next try or for what was wrong to be mended; a gerenciadora that asked to be left alone is. How many."""
    which = [_t.state == AnalysisState.QUEUED.value]
    if analysis_id is not None:
        which.append(_t.id == analysis_id)
    of_them = select(_t.id).where(
        *which, _t.manager_id == CreditPause.manager_id, _t.environment == CreditPause.environment
    )
    connection.execute(delete(CreditPause).where(CreditPause.until.is_(None), of_them.exists()))
    return int(connection.execute(update(_t).where(*which).values(urgent=True, next_at=now)).rowcount)


def cancel(connection: Connection, analysis_id: int) -> bool:
    """Take one out of the queue. False when it is there no more."""
    waits = (_t.id == analysis_id, _t.state == AnalysisState.QUEUED.value)
    return bool(connection.execute(update(_t).where(*waits).values(state=AnalysisState.CANCELLED.value)).rowcount)


def cancel_all(connection: Connection) -> None:
    """Empty the queue: of a copy of these data, which another place has worked with since, all may have been made."""
    waits = _t.state == AnalysisState.QUEUED.value
    connection.execute(update(_t).where(waits).values(state=AnalysisState.CANCELLED.value))


# --- the queue ---


def groups(connection: Connection, now: datetime) -> list[QueueGroup]:
    """What waits in the queue, by company, gerenciadora and environment."""
    pause_of = and_(
        CreditPause.manager_id == _t.manager_id,
        CreditPause.environment == _t.environment,
        or_(CreditPause.until.is_(None), CreditPause.until > now),
    )
    of = (_t.company_id, _t.manager_id, CreditManager.name, _t.environment)
    held = (CreditPause.manager_id, CreditPause.until, CreditPause.why)
    statement = (
        select(*of, func.count(), *held)
        .select_from(_t)
        .join(CreditManager, CreditManager.id == _t.manager_id)
        .outerjoin(CreditPause, pause_of)
        .where(_t.state == AnalysisState.QUEUED.value)
        .group_by(*of, *held)
        .order_by(*of)
    )
    found = []
    for company_id, manager_id, manager, environment, number, pause, until, why in connection.execute(statement):
        place = (company_id, manager_id, manager, Environment(environment))
        found.append(QueueGroup(*place, number, pause is not None, until, why or ""))
    return found


def next_due(
    connection: Connection, now: datetime, among: Iterable[QueueGroup], *, only_urgent: bool
) -> QueuedAnalysis | None:
    """The next to be made of these groups: urgent ones first, else in the order in which they came.

    Those that were tried come after those that were not: a question that has its gerenciadora held each time it is
    asked does not keep the others from being asked.
    """
    places = [(group.company_id, group.manager_id, group.environment.value) for group in among]
    which = [
        _t.state == AnalysisState.QUEUED.value,
        _t.next_at <= now,
        tuple_(_t.company_id, _t.manager_id, _t.environment).in_(places),
    ]
    if only_urgent:
        which.append(_t.urgent.is_(True))
    columns = (
        _t.id,
        _t.document,
        _t.customer_id,
        Customer.name,
        _t.company_id,
        _t.manager_id,
        _t.environment,
        _t.origin,
        _t.user_name,
        _t.attempts,
    )
    statement = (
        select(*columns)
        .outerjoin(Customer, Customer.id == _t.customer_id)
        .where(*which)
        .order_by(_t.urgent.desc(), _t.consulted_at.asc().nulls_first(), _t.id)
        .limit(1)
    )
    found = connection.execute(statement).first()
    if found is None:
        return None
    id_, document, customer_id, name, company_id, manager_id, environment, origin, user, attempts = found
    return QueuedAnalysis(
        id_,
        from_key(document),
        customer_id,
        name or "",
        company_id,
        manager_id,
        Environment(environment),
        Origin(origin),
        user,
        attempts,
    )


def reserve(connection: Connection, analysis_id: int, owner: str, now: datetime) -> bool:
    """Take one out of the queue to ask; False when another has it or it is there no more."""
    values = {
        "state": AnalysisState.ASKING.value,
        "attempts": _t.attempts + 1,
        "reserved_by": owner,
        "reserved_until": now + RESERVATION,
    }
    waits = (_t.id == analysis_id, _t.state == AnalysisState.QUEUED.value)
    return bool(connection.execute(update(_t).where(*waits).values(values)).rowcount)


def settle(
    connection: Connection,
    analysis_id: int,
    finding: CreditFinding,
    retry_at: datetime | None = None,
    *,
    counts: bool = True,
) -> bool:
    """What came of asking: an answer, a failure to be tried again at `retry_at`, or one that is not. `counts` tells
    whether it was one of its tries. False when the analysis was not being asked any more; then what was answered is
    kept all the same."""
    failure = finding.failure
    values: dict[str, Any] = {
        "reserved_until": None,
        "consulted_at": finding.asked_at,
        "duration_ms": finding.duration_ms,
        "http_status": finding.http_status,
        "request_id": finding.request_id,
        "raw": finding.response,
        "failure_kind": "" if failure is None else failure.kind.value,
        "failure": None if failure is None else _stored(failure),
    }
    if not counts:
        values["attempts"] = _t.attempts - 1
    if failure is None:
        assert finding.report is not None
        values |= {
            "state": AnalysisState.ANSWERED.value,
            "outcome": finding.verdict.value,
            "reasons": list(finding.reasons),
            "report": finding.report.as_fields(),
        }
    elif retry_at is not None:
        values |= {"state": AnalysisState.QUEUED.value, "next_at": retry_at}
    else:
        values |= {"state": AnalysisState.FAILED.value}
    mine = and_(_t.id == analysis_id, _t.state == AnalysisState.ASKING.value)
    if connection.execute(update(_t).where(mine).values(values)).rowcount:
        return True
    if failure is None:
        connection.execute(update(_t).where(_t.id == analysis_id).values(values))
    return False


def give_back(connection: Connection, analysis_id: int) -> None:
    """Nothing was sent: it is in the queue again, as if it had not been tried."""
    mine = and_(_t.id == analysis_id, _t.state == AnalysisState.ASKING.value)
    values = {"state": AnalysisState.QUEUED.value, "attempts": _t.attempts - 1, "reserved_until": None}
    connection.execute(update(_t).where(mine).values(values))


def tidy(connection: Connection, now: datetime) -> None:
    """What was being asked by a program that ended in the middle has failed: it may have been charged."""
    lost = (_t.state == AnalysisState.ASKING.value, _t.reserved_until <= now)
    values = {
        "state": AnalysisState.FAILED.value,
        "reserved_until": None,
        "consulted_at": now,
        "failure_kind": _ENDED.kind.value,
        "failure": _stored(_ENDED),
    }
    connection.execute(update(_t).where(*lost).values(values))


def erase_raw(connection: Connection, before: datetime) -> None:
    """Erase the providers' own answers that came before that moment: they name creditors and debts."""
    connection.execute(update(_t).where(_t.consulted_at < before, _t.raw != b"").values(raw=b""))


# --- what is known ---


def standings(
    connection: Connection, documents: Iterable[Document], source: str, environment: Environment
) -> dict[Document, Standing]:
    """What is known of each document at one source, in one environment; those never asked about are left out.

    Orders wait for it: the analyses come without the providers' own answers, which are long (`raw` is b"").
    """
    wanted = sorted({document.key for document in documents})
    asked = {"documents": wanted, "source": source, "environment": environment.value}
    found: dict[Document, Standing] = {}
    for row in connection.execute(_STANDINGS, asked).all():
        analysis = _full(row)
        known = found.get(analysis.row.document, Standing(None, None))
        if analysis.row.state is AnalysisState.ANSWERED:
            found[analysis.row.document] = Standing(analysis, None)
        else:
            found[analysis.row.document] = Standing(known.answered, analysis)
    return found


def page(connection: Connection, query: AnalysisQuery, offset: int, limit: int) -> list[AnalysisRow]:
    """The newest first, from `offset` on, at most `limit`."""
    statement = _joined(select(*_ROW)).where(*_wanted(query)).order_by(_t.id.desc()).offset(offset).limit(limit)
    return [_row(found) for found in connection.execute(statement).all()]


def count(connection: Connection, query: AnalysisQuery) -> int:
    """How many a list shows."""
    statement = select(func.count()).select_from(_t)
    if query.text:
        statement = statement.outerjoin(Customer, Customer.id == _t.customer_id)
    return int(connection.execute(statement.where(*_wanted(query))).scalar_one())


def get(connection: Connection, analysis_id: int) -> FullAnalysis | None:
    """One analysis whole, or None."""
    found = connection.execute(_joined(select(*_ROW, *_MORE)).where(_t.id == analysis_id)).first()
    return None if found is None else _full(found)


def _wanted(query: AnalysisQuery) -> list[ColumnElement[bool]]:
    wanted = every_word(query.text, name=Customer.search_text, document=_t.document)
    if query.state is not None:
        wanted.append(_t.state == query.state.value)
    if query.outcome is AnalysisOutcome.FAILURE:
        wanted.append(_t.failure_kind != "")
    elif query.outcome is not None:
        wanted.append(_t.outcome == query.outcome.value)
    if query.company_id is not None:
        wanted.append(_t.company_id == query.company_id)
    if query.environment is not None:
        wanted.append(_t.environment == query.environment.value)
    of_whom = []
    if query.customer_id is not None:
        of_whom.append(_t.customer_id == query.customer_id)
    if query.document is not None:
        of_whom.append(_t.document == query.document.key)
    if of_whom:
        wanted.append(or_(*of_whom))
    return wanted


def _row(found: Any) -> AnalysisRow:
    id_, created_at, consulted_at, document, customer_id, customer, *more = found
    company_id, company, manager_id, manager, source, environment, state, outcome, *more = more
    origin, manual, user, urgent, next_at, attempts, failure_kind = more
    return AnalysisRow(
        id_,
        created_at,
        consulted_at,
        from_key(document),
        customer_id,
        customer or "",
        company_id,
        company,
        manager_id,
        manager,
        source,
        Environment(environment),
        AnalysisState(state),
        AnalysisOutcome(outcome) if outcome else None,
        Origin(origin),
        manual,
        user,
        urgent,
        next_at,
        attempts,
        bool(failure_kind),
    )


def _full(found: Any) -> FullAnalysis:
    reasons, report, failure, http_status, request_id, duration_ms, machine, raw = found[len(_ROW) :]
    return FullAnalysis(
        _row(found[: len(_ROW)]),
        tuple(reasons),
        None if report is None else CreditReport.from_fields(report),
        None if failure is None else Failure(**{**failure, "kind": FailureKind(failure["kind"])}),
        http_status,
        request_id,
        duration_ms,
        machine,
        raw,
    )


def _stored(failure: Failure) -> dict[str, str]:
    return {**vars(failure), "kind": failure.kind.value}
