"""A customer's registration beside SEFAZ's last answer about it, and the fields that somebody takes over from there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from app.data import history, records
from app.data.models import Customer
from app.data.records import Record
from app.documents import from_key
from app.domain import Inscription
from app.portuguese import counted, exact, listed
from app.rules.registration_difference import Difference, differences
from app.rules.sefaz_verdict import judge
from app.tables import CUSTOMERS


@dataclass(frozen=True)
class Comparison:
    """The registration compared with the last answer of SEFAZ about it, given in `consultation_id` at `asked_at`.

    Without an inscription that is the customer's there is nothing to compare, and `why_not` says why; both numbers are
    then None when there is no answer either.
    """

    consultation_id: int | None = None
    asked_at: datetime | None = None
    own: Inscription | None = None
    found: tuple[Difference, ...] = ()
    why_not: str = ""

    @property
    def applicable(self) -> tuple[Difference, ...]:
        """Those that may be taken over."""
        return tuple(difference for difference in self.found if not difference.hindrance)


class RegistrationMoved(Exception):
    """What was compared is not as it was: nothing was changed. The message is for the operator."""


def compare(connection: Connection, customer_id: int) -> Comparison:
    """Compare the registration as it is now. Raises RecordNotFound.

    Only the newest answer about this document and this UF counts; a failure after it takes nothing
    away from it.
    """
    return _compare(connection, records.get(connection, CUSTOMERS, customer_id))


def take_over(
    connection: Connection, customer_id: int, consultation_id: int, chosen: Collection[Difference], actor: str
) -> str:
    """Put SEFAZ's value into the chosen fields, as the form would, and say what changed, in a sentence.

    Raises RegistrationMoved when the registration or the last answer is no longer the one that was compared, and
    InvalidRecord when the registration cannot be kept so. The answer stays the customer's where the inscription
    filled in is the very one that it judged; with any other, the customer is consulted again.
    """
    records.wait_turn(connection, CUSTOMERS)
    resettable = sorted({name for reset in CUSTOMERS.resets if "ie" in reset.fields for name in reset.columns})
    known = connection.execute(
        select(*(getattr(Customer, name) for name in resettable)).where(Customer.id == customer_id).with_for_update()
    ).first()
    before = records.get(connection, CUSTOMERS, customer_id)
    present = _compare(connection, before)
    if present.consultation_id != consultation_id:
        raise RegistrationMoved(
            "Há uma resposta mais nova da SEFAZ, ou o documento ou a UF do cadastro mudou: nada foi alterado. "
            "Confira de novo as divergências."
        )
    moved = [difference.label for difference in chosen if difference not in present.applicable]
    if moved:
        raise RegistrationMoved(
            f"O cadastro mudou desde que foi comparado ({listed(moved)}): nada foi alterado. "
            "Confira de novo as divergências."
        )
    values = {d.field: records.parse(CUSTOMERS, {d.field: d.there})[d.field] for d in chosen}
    records.change(connection, CUSTOMERS, customer_id, values, actor)
    said = f"{counted(len(chosen), 'campo atualizado', 'campos atualizados')}: {listed([d.label for d in chosen])}."
    if "ie" not in values or known is None:
        return said
    if _judges_alike(connection, consultation_id, before, str(values["ie"])):
        connection.execute(update(Customer).where(Customer.id == customer_id).values(known._asdict()))
        return said
    return f"{said} A inscrição estadual é outra: o cliente precisa ser consultado de novo."


def _compare(connection: Connection, record: Record) -> Comparison:
    uf: str = record.values["uf"]
    answer = history.newest_sefaz_answer(connection, record.id, from_key(record.values["documento"]), uf)
    if answer is None:
        return Comparison(why_not="A SEFAZ ainda não respondeu sobre o documento e a UF deste cadastro.")
    row = answer.row
    if not answer.inscriptions:
        why_not = f"Na resposta de {exact(row.asked_at)} não há inscrição com que comparar: {row.reason}"
        return Comparison(row.id, row.asked_at, why_not=why_not)
    judgement = judge(answer.inscriptions, uf, record.values["ie"])
    if judgement.own is None:
        todo = "confira" if record.values["ie"] else "preencha"
        why_not = (
            f"Não se sabe qual inscrição da resposta de {exact(row.asked_at)} é a deste cliente: {todo} a inscrição "
            f"estadual no cadastro. {judgement.reason}"
        )
        return Comparison(row.id, row.asked_at, why_not=why_not)
    return Comparison(row.id, row.asked_at, judgement.own, differences(record.values, judgement.own))


def _judges_alike(connection: Connection, consultation_id: int, before: Record, ie: str) -> bool:
    """Whether the answer says the same of the same inscription with this IE on file as with the one before."""
    answer = history.get(connection, consultation_id)
    if answer is None:
        return False
    old, new = (judge(answer.inscriptions, before.values["uf"], one) for one in (before.values["ie"], ie))
    return (old.verdict, old.own) == (new.verdict, new.own) and answer.row.verdict is new.verdict
