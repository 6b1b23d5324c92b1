"""Keeping the customers of a CSV file: the good lines in one transaction, checked as the form checks them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from app.customers_import import CustomerFile, CustomerLine, ImportReport, RejectedLine, in_lines, read_customers
from app.data import audit, records
from app.data.database import Database
from app.data.models import Customer
from app.kinds import folded
from app.settings.snapshot import Snapshot
from app.tables import BRANDS, CUSTOMERS, REGIONS, Table


def import_customers(database: Database, data: bytes, snapshot: Snapshot, actor: str) -> ImportReport:
    """Add the customers of the file's bytes that are not there yet, and say what became of every line.

    A customer is there when its document, UF and IE are; a line without IE is the customer with its document and UF,
    whatever the IE. Blank cells get the defaults of a new customer. 50,000 lines take some seconds: not for the
    window's own thread. Raises UnreadableFile; then nothing has changed.
    """
    file = read_customers(data)
    with database.writing() as connection:
        records.wait_turn(connection, CUSTOMERS)
        intake = _Intake(connection, snapshot)
        for line in file.lines:
            intake.take(line)
        if intake.rows:
            connection.execute(insert(Customer), intake.rows)
        report = intake.report(file)
        audit.record(
            connection,
            actor=actor,
            subject=f"{CUSTOMERS.key}/importacao",
            what="Importação de clientes",
            old="",
            new=report.sentence,
            at=datetime.now(UTC),
        )
    return report


class _Intake:
    """Takes the lines in order, knowing what is in the database and what the file brought before."""

    def __init__(self, connection: Connection, snapshot: Snapshot) -> None:
        self.rows: list[dict[str, Any]] = []
        self._snapshot = snapshot
        self._brands = _Names(connection, BRANDS, "nomes_anp")
        self._regions = _Names(connection, REGIONS)
        found = connection.execute(select(Customer.document, Customer.uf, Customer.ie))
        self._kept = {key for document, uf, ie in found for key in _keys(document, uf, ie)}
        self._brought: dict[tuple[str, ...], int] = {}
        self._rejected: list[RejectedLine] = []
        self._already = 0
        self._unknown_brands: dict[str, list[int]] = {}
        self._doubts: dict[str, list[int]] = {}

    def take(self, line: CustomerLine) -> None:
        """Prepare the line's row, or count it as there already or rejected."""
        values = self._values(line)
        if isinstance(values, RejectedLine):
            self._rejected.append(values)
            return
        keys = _keys(values["documento"], values["uf"], values["ie"])
        if keys[0] in self._kept:
            self._already += 1
        elif keys[0] in self._brought:
            reason = f"Repete a linha {self._brought[keys[0]]}: mesmo documento, UF e inscrição estadual."
            self._rejected.append(RejectedLine(line.line, (reason,)))
        else:
            for key in keys:
                self._brought.setdefault(key, line.line)
            self.rows.append(records.stored_row(CUSTOMERS, values))
            for sentence in CUSTOMERS.doubts(values).values():
                self._doubts.setdefault(sentence, []).append(line.line)
            if line.brand and values["bandeira"] is None:
                self._unknown_brands.setdefault(line.brand, []).append(line.line)

    def report(self, file: CustomerFile) -> ImportReport:
        """What became of every line of the file."""
        brands = tuple(
            f"A bandeira “{name}” não está na tabela de bandeiras e ficou em branco {in_lines(lines)}."
            for name, lines in self._unknown_brands.items()
        )
        doubts = tuple(f"{sentence.rstrip('.')} {in_lines(lines)}." for sentence, lines in self._doubts.items())
        rejected = sorted((*file.rejected, *self._rejected), key=lambda line: line.line)
        return ImportReport(len(self.rows), self._already, tuple(rejected), (*file.remarks, *brands, *doubts))

    def _values(self, line: CustomerLine) -> Mapping[str, Any] | RejectedLine:
        values = dict(line.values)
        reasons = []
        if line.brand:
            values["bandeira"] = self._brands.find(line.brand)
            if values["bandeira"] is None and line.brand.isdigit():
                reasons.append(f"Bandeira: Não existe o código {line.brand} em {BRANDS.label}.")
        if line.region:
            values["regiao"] = self._regions.find(line.region)
            if values["regiao"] is None:
                reasons.append(f"Região de vendas: Não existe “{line.region}” em {REGIONS.label}.")
        if reasons:
            return RejectedLine(line.line, tuple(reasons))
        for field in CUSTOMERS.fields:
            if field.name not in values:
                values[field.name] = field.initial(values, self._snapshot.__getitem__)
        return values


class _Names:
    """The rows of a table by number and, the active ones, by every name they have."""

    def __init__(self, connection: Connection, table: Table, more_names: str = "") -> None:
        self._ids: dict[str, int] = {}
        for record in records.every(connection, table):
            self._ids[str(record.id)] = record.id
            if record.active:
                for name in (record.values["nome"], *(record.values[more_names] if more_names else ())):
                    self._ids.setdefault(folded(name), record.id)

    def find(self, text: str) -> int | None:
        """The row with this number or name."""
        return self._ids.get(folded(text))


def _keys(document: str, uf: str, ie: str) -> tuple[tuple[str, ...], ...]:
    # The customer itself, and the customer as a line without IE names it.
    return ((document, uf, ie), (document, uf, "")) if ie else ((document, uf, ""),)
