"""Everything the panel of one customer shows, read at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.domain import ActiveBlock, Authority

if TYPE_CHECKING:
    from app.brands import BrandReading
    from app.data.answer_changes import AnswerChange
    from app.data.blocks import PastBlock
    from app.data.customer_credit import CustomerCredit
    from app.data.customers import CustomerRow
    from app.data.database import Database
    from app.data.history import FullConsultation, HistoryRow
    from app.data.registration_update import Comparison
    from app.settings.snapshot import Snapshot

_HISTORY_LIMIT = 200


@dataclass(frozen=True)
class CustomerFacts:
    """The line of the list, the registration in words, the blocks, and the consultations of every authority.

    `anp` is the last answer of ANP, whole, and `anp_brand` what its brand is in the Tabela de Bandeiras; both None
    before there is one. `changed` has what each answer of SEFAZ changed from the one before, by consultation, and
    `comparison` the registration beside the last of them. `credit` is what the document owes of store credit.
    """

    row: CustomerRow
    fields: dict[str, str]
    active: tuple[ActiveBlock, ...]
    past: list[PastBlock]
    history: list[HistoryRow]
    anp: FullConsultation | None
    anp_brand: BrandReading | None
    changed: Mapping[int, AnswerChange]
    comparison: Comparison
    credit: CustomerCredit

    def last(self, authority: Authority) -> HistoryRow | None:
        """The newest consultation of an authority, answered or failed."""
        return next((row for row in self.history if row.authority is authority), None)

    def answer(self, authority: Authority) -> HistoryRow | None:
        """The newest consultation that an authority answered."""
        return next((row for row in self.history if row.authority is authority and not row.failed), None)


def read_customer(database: Database, snapshot: Snapshot, customer_id: int) -> CustomerFacts | None:
    """Read it; None for a customer that no longer exists. Not for the GUI thread."""
    from app.data import (
        answer_changes,
        blocks,
        brands,
        customer_credit,
        customers,
        history,
        records,
        registration_update,
    )
    from app.tables import CUSTOMERS

    with database.reading() as connection:
        row = customers.row(connection, customer_id)
        if row is None:
            return None
        record = records.get(connection, CUSTOMERS, customer_id)
        consultations = history.latest(connection, customer_id=customer_id, limit=_HISTORY_LIMIT)
        answered = next((one for one in consultations if one.authority is Authority.ANP and not one.failed), None)
        anp = history.get(connection, answered.id) if answered is not None else None
        registration = anp.registration if anp is not None else None
        return CustomerFacts(
            row,
            {f.name: f.kind.show(record.values[f.name]) for f in CUSTOMERS.fields},
            blocks.active(connection, customer_id),
            [block for block in blocks.history(connection, customer_id) if block.lifted_at is not None],
            consultations,
            anp,
            brands.table(connection).read(registration.brand) if registration is not None else None,
            answer_changes.of_customer(connection, customer_id, _HISTORY_LIMIT),
            registration_update.compare(connection, customer_id),
            customer_credit.look(connection, row.document, snapshot, datetime.now(UTC)),
        )
