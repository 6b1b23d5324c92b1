"""Rows of the auxiliary tables: list, add, change, deactivate, each checked whole and audited in its transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from app.data import audit, credit_pauses, models, setting_values
from app.kinds import InvalidValue, Reference, Text, folded
from app.settings.catalog import ALL, BY_KEY
from app.settings.snapshot import GENERAL_COMPANY, Snapshot
from app.tables import CREDIT_MANAGERS, TABLES, Field, Table


@dataclass(frozen=True)
class Record:
    """One row; `values` by field name."""

    table: Table
    id: int
    active: bool
    values: Mapping[str, Any]

    @property
    def title(self) -> str:
        """How the row is named in lists and sentences."""
        return f"{self.id} · {self.values[self.table.title_field]}"


class InvalidRecord(Exception):
    """The row cannot be kept; nothing was. `errors` has a sentence by field name ("" for the row as a whole)."""

    def __init__(self, table: Table, errors: dict[str, str]) -> None:
        self.errors = errors
        labels = {f.name: f.label for f in table.fields}
        super().__init__(
            " ".join(f"{labels[name]}: {error}" if name in labels else error for name, error in errors.items())
        )


class RecordNotFound(LookupError):
    """There is no such row; the message is for the operator."""


def find(connection: Connection, table: Table, row_id: int) -> Record | None:
    """The row, or None."""
    model = _model(table)
    row = connection.execute(select(model.id, model.active, *_columns(table)).where(model.id == row_id)).first()
    return None if row is None else _record(table, row)


def get(connection: Connection, table: Table, row_id: int) -> Record:
    """The row. Raises RecordNotFound."""
    record = find(connection, table, row_id)
    if record is None:
        raise RecordNotFound(f"Não existe o código {row_id} em {table.label}.")
    return record


def every(connection: Connection, table: Table, *, only_active: bool = False) -> list[Record]:
    """All rows, by number."""
    model = _model(table)
    query = select(model.id, model.active, *_columns(table)).order_by(model.id)
    if only_active:
        query = query.where(model.active)
    return [_record(table, row) for row in connection.execute(query)]


def counts(connection: Connection, table: Table) -> tuple[int, int]:
    """How many rows are active and how many inactive."""
    model = _model(table)
    rows = connection.execute(select(model.active, func.count()).group_by(model.active))
    found: dict[bool, int] = {row[0]: row[1] for row in rows}
    return found.get(True, 0), found.get(False, 0)


def parse(table: Table, texts: Mapping[str, str]) -> dict[str, Any]:
    """The values written as texts. Raises InvalidRecord with a sentence for each bad or unknown field."""
    errors, values = {}, {}
    for name, text in texts.items():
        field = table.field(name)
        if field is None:
            known = ", ".join(f.name for f in table.fields)
            errors[""] = f"{table.label} não tem o campo “{name}”. Os campos são: {known}."
            continue
        try:
            values[name] = field.kind.parse(text)
        except InvalidValue as error:
            errors[name] = str(error)
    if errors:
        raise InvalidRecord(table, errors)
    return values


def add(connection: Connection, table: Table, given: Mapping[str, Any], snapshot: Snapshot, actor: str) -> int:
    """Add a row and return its number. Fields left out get their defaults. Raises InvalidRecord."""
    wait_turn(connection, table)
    values = dict(given)
    for field in table.fields:
        if field.name not in values:
            values[field.name] = field.initial(values, snapshot.__getitem__)
    _check(connection, table, values, row_id=None)
    _check_distinct(connection, table, values, row_id=None)
    model = _model(table)
    result = connection.execute(insert(model).values(stored_row(table, values)).returning(model.id))
    row_id = int(result.scalar_one())
    _audit(connection, table, row_id, actor, "incluído", "", _summary(table, values))
    return row_id


def change(connection: Connection, table: Table, row_id: int, given: Mapping[str, Any], actor: str) -> None:
    """Change some fields of a row. Raises InvalidRecord or RecordNotFound."""
    wait_turn(connection, table)
    record = get(connection, table, row_id)
    values = {**record.values, **given}
    changed = {name for name in given if given[name] != record.values[name]}
    if not changed:
        return
    _check(connection, table, values, row_id=row_id)
    if record.active:
        _check_distinct(connection, table, values, row_id=row_id)
    stored = stored_row(table, values)
    for reset in table.resets:
        if changed & set(reset.fields):
            stored.update({column: to() if callable(to) else to for column, to in reset.columns.items()})
    model = _model(table)
    connection.execute(update(model).where(model.id == row_id).values(stored))
    _mended(connection, table, row_id)
    for field in table.fields:
        if field.name in changed:
            old, new = field.kind.show(record.values[field.name]), field.kind.show(values[field.name])
            _audit(connection, table, row_id, actor, field.label, old, new)


def set_active(connection: Connection, table: Table, row_id: int, active: bool, actor: str) -> None:
    """Deactivate a row, or bring it back.

    InvalidRecord says which setting uses the row to deactivate, or which row took a name of the one to bring back.
    """
    wait_turn(connection, table)
    record = get(connection, table, row_id)
    if record.active == active:
        return
    if not active and (user := _used_by(connection, table, row_id)):
        raise InvalidRecord(
            table, {"": f"{record.title} está em uso na configuração “{user}”. Escolha outro lá antes."}
        )
    if active:
        _check_distinct(connection, table, record.values, row_id=row_id)
    model = _model(table)
    connection.execute(update(model).where(model.id == row_id).values(active=active))
    _mended(connection, table, row_id)
    _audit(connection, table, row_id, actor, "situação", _activity(record.active), _activity(active))


def wait_turn(connection: Connection, table: Table) -> None:
    """Until the transaction ends no other adds to or changes this table: the twin of a row could pass the check too.

    In SQLite a writing transaction is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"cadastros/{table.key}"))))


def titles(connection: Connection, table: Table) -> dict[int, str]:
    """The title of every row by its number."""
    return {record.id: record.title for record in every(connection, table)}


def stored_row(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a row with these values, derived ones included."""
    row: dict[str, Any] = {}
    for field in table.fields:
        value = values[field.name]
        row[field.column] = value if value is None or isinstance(value, bool | int) else field.kind.dump(value)
    return {**row, **table.derived(values)}


def _mended(connection: Connection, table: Table, row_id: int) -> None:
    if table is CREDIT_MANAGERS:  # what was wrong with its row may be right now: it is asked again
        credit_pauses.mended(connection, row_id)


def _activity(active: bool) -> str:
    return "ativo" if active else "inativo"


def _model(table: Table) -> Any:
    return getattr(models, table.model)


def _columns(table: Table) -> list[Any]:
    return [getattr(_model(table), field.column) for field in table.fields]


def _record(table: Table, row: Any) -> Record:
    values = {f.name: _read(f, value) for f, value in zip(table.fields, row[2:], strict=True)}
    return Record(table, row[0], row[1], values)


def _read(field: Field, stored: Any) -> Any:
    # Numbers, flags and references are kept as such; every other kind as its text.
    return field.kind.parse(stored) if isinstance(stored, str) else stored


def _check(connection: Connection, table: Table, values: Mapping[str, Any], row_id: int | None) -> None:
    errors: dict[str, str] = {}
    for field in table.fields:
        value = values[field.name]
        if value is None and field.required:
            errors[field.name] = f"Informe este campo ({field.kind.hint})."
        elif isinstance(field.kind, Reference) and value is not None:
            other = find(connection, TABLES[field.kind.table], value)
            if other is None:
                errors[field.name] = f"Não existe o código {value} em {TABLES[field.kind.table].label}."
    if errors:
        raise InvalidRecord(table, errors)
    model = _model(table)
    stored = stored_row(table, values)
    for names in table.unique:
        fields = [f for f in table.fields if f.name in names]
        written = [f.column for f in fields if isinstance(f.kind, Text)]
        exact = [getattr(model, f.column) == stored[f.column] for f in fields if f.column not in written]
        query = select(model.id, *(getattr(model, column) for column in written)).where(
            model.id != (row_id or 0), *exact
        )
        # Texts are compared here: SQLite knows the cases of ASCII letters only.
        wanted = [stored[column].casefold() for column in written]
        twin = next((i for i, *texts in connection.execute(query) if [t.casefold() for t in texts] == wanted), None)
        if twin is not None:
            labels = ", ".join(f.label for f in fields)
            raise InvalidRecord(table, {names[0]: f"Já existe: código {twin}, com o mesmo valor em {labels}."})


def _check_distinct(connection: Connection, table: Table, values: Mapping[str, Any], row_id: int | None) -> None:
    if not any(values[name] for name in table.distinct):
        return
    others = [record for record in every(connection, table, only_active=True) if record.id != row_id]
    for field_name in table.distinct:
        owners = {folded(name): record for record in others for name in record.values[field_name]}
        for name in values[field_name]:
            if owner := owners.get(folded(name)):
                sentence = f"“{name}” já é de {owner.title}. Cada nome é de um só: tire-o de lá antes."
                raise InvalidRecord(table, {field_name: sentence})


def _used_by(connection: Connection, table: Table, row_id: int) -> str | None:
    users = {s.key for s in ALL if isinstance(s.kind, Reference) and s.kind.table == table.key}
    kept = setting_values.load(connection)
    for stored in kept:
        if stored.key in users and stored.value == str(row_id):
            return BY_KEY[stored.key].label
    general = {stored.key for stored in kept if stored.company_id == GENERAL_COMPANY}
    return next((BY_KEY[key].label for key in sorted(users - general) if BY_KEY[key].default == row_id), None)


def _summary(table: Table, values: Mapping[str, Any]) -> str:
    return "; ".join(f"{f.label}: {f.kind.show(values[f.name])}" for f in table.fields if values[f.name])


def _audit(connection: Connection, table: Table, row_id: int, actor: str, what: str, old: str, new: str) -> None:
    audit.record(
        connection,
        actor=actor,
        subject=f"{table.key}/{row_id}",
        what=f"{table.singular} {row_id}: {what}",
        old=old,
        new=new,
        at=datetime.now(UTC),
    )
