"""The mirror of the lists that ANP publishes: taking one in, what each one changed, and who is in them now."""

from __future__ import annotations

import hashlib
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import aliased

from app.anp_lists import Establishment, ListFile, read_list
from app.customers_import import RejectedLine
from app.data import audit
from app.data.bulk import insert_rows
from app.data.database import Database
from app.data.folding import folded_column
from app.data.models import AnpChange, AnpList, AnpListed, Customer
from app.data.search import every_word
from app.domain import AnpRegistration, ListKind
from app.portuguese import counted, day, exact, number
from app.rules.anp_difference import Change, ChangeKind, Difference, difference
from app.rules.anp_mirror import Listed

SMALLEST_SHARE = 0.9
"""A list with fewer rows than this share of the one before it is taken for incomplete."""

_SOURCE_LENGTH = 300
_AT_ONCE = 10_000  # names in one statement; both databases allow more


class IncompleteList(ValueError):
    """The list has many fewer establishments than the one before it; the message is a sentence saying what to do."""


class OlderList(ValueError):
    """The list is of a moment before the one in the mirror; the message is a sentence saying what to do."""


@dataclass(frozen=True)
class ListTaken:
    """One list taken whole. `taken_at` is the moment it represents, `confirmed_at` the last at which ANP still
    published the same; `rejected` counts the lines that could not be read."""

    id: int
    kind: ListKind
    taken_at: datetime
    confirmed_at: datetime
    source: str
    rows: int
    rejected: int


@dataclass(frozen=True)
class ListReport:
    """What taking a list in did. `same` when ANP published the very same file again; `previous` is the list that was in
    the mirror before, None for the first of its kind; `unreadable` counts establishments seen only in rejected lines.
    """

    list: ListTaken
    previous: ListTaken | None
    same: bool
    counts: Mapping[ChangeKind, int] = field(default_factory=dict)
    rejected: tuple[RejectedLine, ...] = ()
    unreadable: int = 0

    @property
    def sentence(self) -> str:
        """What happened, in words."""
        list_ = self.list
        rows = counted(list_.rows, "estabelecimento", "estabelecimentos")
        if self.same:
            return (
                f"A ANP publica ainda a mesma lista de {day(list_.taken_at)}: {list_.kind.label}, {rows}. Nada mudou."
            )
        if self.previous is None:
            said = f"Primeira lista guardada: {list_.kind.label}, {rows}."
        else:
            changed = (_COUNTED[kind](self.counts[kind]) for kind in ChangeKind if self.counts.get(kind))
            said = f"{list_.kind.label}: {rows}; {', '.join(changed) or 'nenhuma mudança'}."
        if self.rejected:
            said += f" {counted(len(self.rejected), 'linha recusada', 'linhas recusadas')}."
        return said


@dataclass(frozen=True)
class ChangeQuery:
    """Which changes to show: of one kind of list, of one list, of one kind of change, with these words in the name or
    CNPJ, of our active customers only; or all."""

    kind: ListKind | None = None
    list_id: int | None = None
    change: ChangeKind | None = None
    text: str = ""
    only_customers: bool = False


@dataclass(frozen=True)
class ChangeRow:
    """One change as lists show it. The customer is the active one with that CNPJ, None and "" when there is none."""

    id: int
    list_id: int
    list: ListKind
    taken_at: datetime
    change: Change
    customer_id: int | None
    customer: str


_LIST = (AnpList.id, AnpList.kind, AnpList.taken_at, AnpList.confirmed_at, AnpList.source, AnpList.rows)
_CURRENT = (
    select(*_LIST, AnpList.rejected).where(AnpList.kind == bindparam("kind")).order_by(AnpList.id.desc()).limit(1)
)
_REGISTRATION = (
    AnpListed.cnpj,
    AnpListed.name,
    AnpListed.situation,
    AnpListed.authorization,
    AnpListed.published,
    AnpListed.brand,
    AnpListed.brand_since,
    AnpListed.simp_code,
    AnpListed.street,
    AnpListed.complement,
    AnpListed.district,
    AnpListed.postal_code,
    AnpListed.city,
    AnpListed.uf,
    AnpListed.reseller_class,
)
LISTED_COLUMNS = (AnpListed.vanished_list_id, AnpList.taken_at, AnpListed.last_seen_at, *_REGISTRATION)
"""What `listed_of` reads; AnpList is the one that the establishment left with."""

_ONE = (
    select(select(func.max(AnpList.id)).where(AnpList.kind == bindparam("kind")).scalar_subquery(), *LISTED_COLUMNS)
    .outerjoin(AnpList, AnpList.id == AnpListed.vanished_list_id)
    .where(AnpListed.kind == bindparam("kind"), AnpListed.cnpj == bindparam("cnpj"))
)
_ours = aliased(Customer)
_same_cnpj = (_ours.document == AnpChange.cnpj, _ours.active)
_customer_id = select(func.min(_ours.id)).where(*_same_cnpj).correlate(AnpChange).scalar_subquery()
_CHANGES = (
    select(
        AnpChange.id,
        AnpChange.list_id,
        AnpList.kind,
        AnpList.taken_at,
        AnpChange.cnpj,
        AnpChange.name,
        AnpChange.uf,
        AnpChange.change,
        AnpChange.before,
        AnpChange.after,
        Customer.id,
        Customer.name,
    )
    .join(AnpList, AnpList.id == AnpChange.list_id)
    .outerjoin(Customer, Customer.id == _customer_id)
    .order_by(AnpChange.list_id.desc(), AnpChange.id)
)
_COUNTED = {
    ChangeKind.NEW: lambda n: counted(n, "entrou", "entraram"),
    ChangeKind.LEFT: lambda n: counted(n, "saiu", "saíram"),
    ChangeKind.BACK: lambda n: counted(n, "voltou", "voltaram"),
    ChangeKind.BRAND: lambda n: counted(n, "mudou de bandeira", "mudaram de bandeira"),
    ChangeKind.NAME: lambda n: counted(n, "mudou de razão social", "mudaram de razão social"),
    ChangeKind.ADDRESS: lambda n: counted(n, "mudou de endereço", "mudaram de endereço"),
    ChangeKind.AUTHORIZATION: lambda n: counted(n, "mudou de autorização", "mudaram de autorização"),
    ChangeKind.SITUATION: lambda n: counted(n, "mudou de situação", "mudaram de situação"),
}


def current(connection: Connection, kind: ListKind) -> ListTaken | None:
    """The newest list of that kind, or None when none was ever taken."""
    found = connection.execute(_CURRENT, {"kind": kind.value}).first()
    return None if found is None else _taken(found)


def find(connection: Connection, kind: ListKind, cnpj: str) -> Listed | None:
    """The establishment with this CNPJ, present or gone; None when no list ever had it."""
    found: Any = connection.execute(_ONE, {"kind": kind.value, "cnpj": cnpj}).first()
    if found is None:
        return None
    newest, *columns = found
    return listed_of(columns, newest)


def listed_of(columns: Sequence[Any], newest_list_id: int) -> Listed | None:
    """The establishment in a row of LISTED_COLUMNS, None when they are all null."""
    vanished_list_id, vanished_at, last_seen_at, cnpj, *fields = columns
    if cnpj is None:
        return None
    registration = AnpRegistration(cnpj, *fields)
    if vanished_list_id is None:
        return Listed(registration)
    return Listed(registration, vanished_at, last_seen_at, newest_list_id > vanished_list_id)


def lists(connection: Connection) -> list[ListTaken]:
    """Every list ever taken, the newest first."""
    return [_taken(found) for found in connection.execute(select(*_LIST, AnpList.rejected).order_by(AnpList.id.desc()))]


def rejected_lines(connection: Connection, list_id: int) -> tuple[RejectedLine, ...]:
    """The lines of that list that could not be read."""
    kept = connection.execute(select(AnpList.rejected).where(AnpList.id == list_id)).scalar()
    return tuple(RejectedLine(line["line"], (line["reason"],)) for line in kept or ())


def changes(connection: Connection, query: ChangeQuery, offset: int, limit: int) -> list[ChangeRow]:
    """The changes of the newest list first, from `offset` on, at most `limit`."""
    statement = _CHANGES.where(*_wanted(query)).offset(offset).limit(limit)
    return [_change_row(found) for found in connection.execute(statement)]


def count_changes(connection: Connection, query: ChangeQuery) -> int:
    """How many changes the list shows."""
    statement = select(func.count()).select_from(AnpChange).join(AnpList, AnpList.id == AnpChange.list_id)
    return int(connection.execute(statement.where(*_wanted(query))).scalar_one())


def alerts(connection: Connection) -> list[ChangeRow]:
    """What the newest list of each kind changed about our active customers."""
    every = aliased(AnpList)
    newest = select(func.max(every.id)).group_by(every.kind)
    statement = _CHANGES.where(AnpChange.list_id.in_(newest), _is_customer())
    return [_change_row(found) for found in connection.execute(statement)]


def wait_turn(connection: Connection) -> None:
    """Until the transaction ends no other takes a list in or checks by one.

    In SQLite a writing transaction is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("listas_anp"))))


def take_list(
    database: Database,
    data: bytes,
    kind: ListKind | None,
    *,
    source: str,
    taken_at: datetime,
    actor: str,
    accept_smaller: bool = False,
) -> ListReport:
    """Bring the mirror to the list in the file's bytes, as ANP published it at `taken_at`, in one transaction.

    The same file again only confirms the list in the mirror. `kind` is the list expected, None for whichever it is.
    Raises UnreadableList, OlderList, and IncompleteList unless `accept_smaller`; then nothing has changed.
    """
    file = read_list(data, kind)
    sha256 = _fingerprint(file)
    with database.writing() as connection:
        wait_turn(connection)
        previous = current(connection, file.kind)
        if previous is not None and _sha256(connection, previous) == sha256:
            report = _confirm(connection, previous, taken_at)
        else:
            _check(file, previous, taken_at, accept_smaller)
            list_id = _add_list(connection, file, sha256, source, taken_at, actor)
            found = _difference(connection, file)
            _apply(connection, file.kind, list_id, found, previous)
            recorded = found.changes if previous is not None else ()
            _record_changes(connection, list_id, recorded)
            taken = current(connection, file.kind)
            assert taken is not None
            counts = Counter(change.kind for change in recorded)
            report = ListReport(taken, previous, False, counts, file.rejected, len(file.unreadable))
        audit.record(
            connection,
            actor=actor,
            subject=f"listas_anp/{report.list.id}",
            what=f"Lista da ANP: {file.kind.label}",
            old="",
            new=f"{report.sentence} Origem: {source}",
            at=taken_at,
        )
    return report


def _fingerprint(file: ListFile) -> str:
    """SHA-256 of what the list says, not of its bytes: in another encoding it is not another list."""
    said = [*map(";".join, sorted(file.rows)), *sorted(file.unreadable)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _check(file: ListFile, previous: ListTaken | None, taken_at: datetime, accept_smaller: bool) -> None:
    if previous is None:
        return
    if taken_at < previous.confirmed_at:
        raise OlderList(
            f"A lista é de {exact(taken_at)}, anterior à que está guardada, de {exact(previous.confirmed_at)}. "
            "Importe uma lista mais nova."
        )
    if len(file.rows) < previous.rows * SMALLEST_SHARE and not accept_smaller:
        raise IncompleteList(
            f"A lista tem {counted(len(file.rows), 'estabelecimento', 'estabelecimentos')} e a anterior, de "
            f"{day(previous.taken_at)}, tinha {number(previous.rows)}: parece incompleta. Baixe o arquivo de novo; "
            "se a ANP realmente publicou uma lista menor, importe-a aceitando isso."
        )


def _sha256(connection: Connection, list_: ListTaken) -> str:
    return str(connection.execute(select(AnpList.sha256).where(AnpList.id == list_.id)).scalar_one())


def _confirm(connection: Connection, list_: ListTaken, at: datetime) -> ListReport:
    if at > list_.confirmed_at:
        connection.execute(update(AnpList).where(AnpList.id == list_.id).values(confirmed_at=at))
    confirmed = current(connection, list_.kind)
    assert confirmed is not None
    return ListReport(confirmed, list_, True)


def _add_list(connection: Connection, file: ListFile, sha256: str, source: str, taken_at: datetime, actor: str) -> int:
    values = {
        "kind": file.kind.value,
        "taken_at": taken_at,
        "confirmed_at": taken_at,
        "source": source[:_SOURCE_LENGTH],
        "sha256": sha256,
        "actor": actor,
        "machine": platform.node(),
        "rows": len(file.rows),
        "rejected": [{"line": line.line, "reason": " ".join(line.reasons)} for line in file.rejected],
    }
    return int(connection.execute(insert(AnpList).values(values).returning(AnpList.id)).scalar_one())


def _difference(connection: Connection, file: ListFile) -> Difference:
    present: dict[str, Establishment] = {}
    gone: dict[str, Establishment] = {}
    columns = [getattr(AnpListed, name) for name in Establishment._fields]
    found = connection.execute(select(AnpListed.vanished_list_id, *columns).where(AnpListed.kind == file.kind.value))
    for vanished_list_id, *fields in found:
        row = Establishment._make(fields)
        (present if vanished_list_id is None else gone)[row.cnpj] = row
    return difference(present, gone, file.rows, file.unreadable)


def _apply(connection: Connection, kind: ListKind, list_id: int, found: Difference, previous: ListTaken | None) -> None:
    t = AnpListed
    for cnpjs in _batches([row.cnpj for row in found.replaced]):
        connection.execute(delete(t).where(t.kind == kind.value, t.cnpj.in_(cnpjs)))
    insert_rows(
        connection,
        AnpListed,
        ("kind", *Establishment._fields),
        ((kind.value, *row) for row in (*found.added, *found.replaced)),
    )
    for cnpjs in _batches(found.left):
        assert previous is not None
        gone = {"vanished_list_id": list_id, "last_seen_at": previous.confirmed_at}
        connection.execute(update(t).where(t.kind == kind.value, t.cnpj.in_(cnpjs)).values(gone))
    for cnpjs in _batches(found.still_gone):
        # As if they left only now: a list that is broken about them does not confirm that they left.
        connection.execute(update(t).where(t.kind == kind.value, t.cnpj.in_(cnpjs)).values(vanished_list_id=list_id))


def _record_changes(connection: Connection, list_id: int, found: Iterable[Change]) -> None:
    insert_rows(
        connection,
        AnpChange,
        ("list_id", "cnpj", "name", "uf", "change", "before", "after"),
        ((list_id, c.cnpj, c.name, c.uf, c.kind.value, c.before, c.after) for c in found),
    )


def _batches(cnpjs: Iterable[str]) -> list[list[str]]:
    every = list(cnpjs)
    return [every[start : start + _AT_ONCE] for start in range(0, len(every), _AT_ONCE)]


def _wanted(query: ChangeQuery) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if query.kind is not None:
        wanted.append(AnpList.kind == query.kind.value)
    if query.list_id is not None:
        wanted.append(AnpChange.list_id == query.list_id)
    if query.change is not None:
        wanted.append(AnpChange.change == query.change.value)
    if query.only_customers:
        wanted.append(_is_customer())
    wanted += every_word(query.text, name=folded_column(AnpChange.name + ""), document=AnpChange.cnpj)
    return wanted


def _is_customer() -> ColumnElement[bool]:
    return exists(select(_ours.id).where(*_same_cnpj).correlate(AnpChange))


def _taken(found: Any) -> ListTaken:
    id_, kind, taken_at, confirmed_at, source, rows, rejected = found
    return ListTaken(id_, ListKind(kind), taken_at, confirmed_at, source, rows, len(rejected))


def _change_row(found: Any) -> ChangeRow:
    id_, list_id, list_kind, taken_at, cnpj, name, uf, kind, before, after, customer_id, customer = found
    change = Change(cnpj, name, uf, ChangeKind(kind), before, after)
    return ChangeRow(id_, list_id, ListKind(list_kind), taken_at, change, customer_id, customer or "")
