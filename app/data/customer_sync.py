"""The customers as counters know them: those that changed since a cursor, one whole, and what a counter writes.

Who changes a row says nothing here: `customer.revision` is set by triggers (see migration 0004).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, literal_column, select, tuple_

from app.data import records
from app.data.identity import identity
from app.data.models import Customer
from app.data.records import InvalidRecord
from app.domain import Document
from app.kinds import InvalidValue
from app.settings.snapshot import Snapshot
from app.tables import CUSTOMERS

COUNTERS_FIELDS = (
    "documento",
    "ie",
    "nome",
    "fantasia",
    "uf",
    "cidade",
    "logradouro",
    "complemento",
    "bairro",
    "cep",
    "telefone",
    "celular",
    "aceita_whatsapp",
    "aceite",
)
"""The fields of a customer that a counter may fill in. Every other is the back office's."""

_OFFICES_FIELDS = ("id", "ativo", "bloqueado")  # beside those of the form
_WRITTEN = re.compile(r"([0-9a-f]{32}):([0-9]{1,18}):([0-9]{1,9})", re.ASCII)


class InvalidCursor(ValueError):
    """It is no cursor, or it is of another database; the message is a sentence for whoever writes a counter."""


class StaleVersion(Exception):
    """The customer changed since the version that the counter saw; `customer` is as it is now."""

    def __init__(self, customer: TakenCustomer) -> None:
        super().__init__(f"O cliente {customer.id} mudou depois da versão informada: confira como ele está e repita.")
        self.customer = customer


class AlreadyRegistered(Exception):
    """There is a customer with that document, UF and inscription: `customer`."""

    def __init__(self, customer: TakenCustomer) -> None:
        super().__init__(f"Já existe: código {customer.id}, com o mesmo documento, UF e inscrição estadual.")
        self.customer = customer


@dataclass(frozen=True)
class Cursor:
    """How far a counter has read: everything up to that customer, in the order of revision and number."""

    identity: str
    revision: int
    customer_id: int

    def __str__(self) -> str:
        return f"{self.identity}:{self.revision}:{self.customer_id}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """The inverse of `str`. Raises InvalidCursor."""
        match = _WRITTEN.fullmatch(text)
        if match is None:
            raise InvalidCursor("Isto não é um cursor deste serviço: use o “cursor” da última resposta, sem mudá-lo.")
        return cls(match[1], int(match[2]), int(match[3]))


@dataclass(frozen=True, slots=True)
class TakenCustomer:
    """A customer as it is told to counters. Documents and numbers are bare; `revision` is its version.

    A plain tuple of columns would be as quick; this one names them.
    """

    id: int
    revision: int
    document: str
    ie: str
    name: str
    trade_name: str
    uf: str
    city: str
    street: str
    complement: str
    district: str
    postal_code: str
    phone: str
    mobile: str
    whatsapp_consent: bool
    brand_id: int | None
    region_id: int | None
    active: bool
    blocked: bool


@dataclass(frozen=True)
class Changes:
    """Customers in the order in which they changed; `cursor` is where to go on, `more` whether there are more now."""

    customers: Sequence[TakenCustomer]
    cursor: Cursor
    more: bool


_c = Customer
_ROW = tuple(getattr(_c, name) for name in TakenCustomer.__dataclass_fields__)
# Built once: counters come often, and building a statement costs ten times as much as running it.
_ONE = select(*_ROW).where(_c.id == bindparam("customer_id"))
_LOCKED = _ONE.with_for_update()
_BY_DOCUMENT = select(*_ROW).where(_c.document == bindparam("document")).order_by(_c.active.desc(), _c.id)
# PostgreSQL: every transaction before the oldest one still running has ended, so nothing can appear behind the cursor.
_SETTLED: ColumnElement[int] = literal_column("txid_snapshot_xmin(txid_current_snapshot())")
_LATEST: ColumnElement[int] = literal_column("txid_snapshot_xmax(txid_current_snapshot()) - 1")


def changed_since(connection: Connection, cursor: str, limit: int) -> Changes:
    """At most `limit` customers that changed after the cursor; from the first one when it is "".

    Raises InvalidCursor.
    """
    own = identity(connection)
    after = Cursor.parse(cursor) if cursor else Cursor(own, 0, 0)
    if after.identity != own:
        raise InvalidCursor("O cursor é de outro banco de dados: peça os clientes desde o início, sem cursor.")
    values = {"revision": after.revision, "customer_id": after.customer_id, "limit": limit + 1}
    sqlite = connection.dialect.name == "sqlite"
    found = [TakenCustomer(*row) for row in connection.execute(_changed(sqlite), values)]
    if not found:
        newest = connection.execute(select(func.max(_c.revision) if sqlite else _LATEST)).scalar_one() or 0
        if after.revision > newest:
            raise InvalidCursor("O cursor é mais novo que o banco, que voltou de uma cópia: peça desde o início.")
    taken = found[:limit]
    last = Cursor(own, taken[-1].revision, taken[-1].id) if taken else after
    return Changes(taken, last, len(found) > limit)


def one(connection: Connection, customer_id: int) -> TakenCustomer | None:
    """One customer, or None."""
    found = connection.execute(_ONE, {"customer_id": customer_id}).first()
    return None if found is None else TakenCustomer(*found)


def with_document(connection: Connection, document: Document) -> list[TakenCustomer]:
    """The customers with that document, in any UF, the active ones first."""
    return [TakenCustomer(*row) for row in connection.execute(_BY_DOCUMENT, {"document": document.key})]


def add(connection: Connection, given: Mapping[str, str | bool], snapshot: Snapshot, actor: str) -> TakenCustomer:
    """Add a customer as a counter tells it. Raises InvalidRecord or AlreadyRegistered."""
    values = _parsed(given)
    records.wait_turn(connection, CUSTOMERS)
    if isinstance(document := values.get("documento"), str):
        identity = (document, values.get("uf", ""), values.get("ie", ""))
        for row in connection.execute(_BY_DOCUMENT, {"document": document}):
            twin = TakenCustomer(*row)
            if (twin.document, twin.uf, twin.ie) == identity:
                raise AlreadyRegistered(twin)
    return _taken(connection, records.add(connection, CUSTOMERS, values, snapshot, actor))


def change(
    connection: Connection, customer_id: int, version: int, given: Mapping[str, str | bool], actor: str
) -> TakenCustomer:
    """Change what a counter tells of a customer whose version it saw; fields left out stay as they are.

    The document is whose history and blocks these are: only the back office gives a customer another.
    Raises InvalidRecord, RecordNotFound or StaleVersion.
    """
    values = _parsed(given)
    records.wait_turn(connection, CUSTOMERS)
    found = connection.execute(_LOCKED, {"customer_id": customer_id}).first()
    if found is None:
        raise records.RecordNotFound(f"Não existe o cliente {customer_id}.")
    kept = TakenCustomer(*found)
    if kept.revision != version:
        raise StaleVersion(kept)
    if values.get("documento", kept.document) != kept.document:
        sentence = "O documento de um cliente só é trocado na retaguarda: inclua outro cliente, ou peça a troca."
        raise InvalidRecord(CUSTOMERS, {"documento": sentence})
    records.change(connection, CUSTOMERS, customer_id, values, actor)
    return _taken(connection, customer_id)


def _taken(connection: Connection, customer_id: int) -> TakenCustomer:
    return TakenCustomer(*connection.execute(_ONE, {"customer_id": customer_id}).one())


@cache
def _changed(sqlite: bool) -> Select[*tuple[Any, ...]]:
    read_on = tuple_(_c.revision, _c.id) > tuple_(bindparam("revision"), bindparam("customer_id"))
    statement = select(*_ROW).where(read_on).order_by(_c.revision, _c.id).limit(bindparam("limit"))
    return statement if sqlite else statement.where(_c.revision < _SETTLED)


def _parsed(given: Mapping[str, str | bool]) -> dict[str, Any]:
    """The values of a counter's fields. Raises InvalidRecord with a sentence for each bad or foreign field."""
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, value in given.items():
        field = CUSTOMERS.field(name)
        if name not in COUNTERS_FIELDS or field is None:
            known = field is not None or name in _OFFICES_FIELDS
            errors[name] = "Este campo é da retaguarda: o balcão não o altera." if known else "Este campo não existe."
        elif isinstance(value, bool):
            values[name] = value
        else:
            try:
                values[name] = field.kind.parse(value)
            except InvalidValue as error:
                errors[name] = str(error)
    if errors:
        raise InvalidRecord(CUSTOMERS, errors)
    return values
