"""What a person does with messages: send one again, cancel it, or tell that it arrived. All is in the audit."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from app.data import audit, outbox, service_orders
from app.data.models import WhatsAppMessage
from app.kinds import InvalidValue
from app.rules.outbox import RESENDABLE, MessageState
from app.settings.catalog import WHATSAPP_TEMPLATE
from app.settings.snapshot import Snapshot


def send_again(connection: Connection, message_id: int, snapshot: Snapshot, *, actor: str, now: datetime) -> None:
    """Put a message back in the queue, written anew: by the customer's registration and the templates as they are now.

    Raises InvalidValue when it waits already, has gone, was a test, or nobody can receive it.
    """
    state, event_id = _look(connection, message_id)
    if event_id is None:
        raise InvalidValue("Esta mensagem é um teste: envie outro teste.")
    if state not in RESENDABLE:
        raise InvalidValue(f"Esta mensagem está “{state.label}” e não pode ser reenviada.")
    news = service_orders.event(connection, event_id)
    profile = snapshot.for_company(news.company_id)
    if not profile[WHATSAPP_TEMPLATE[news.stage]]:
        raise InvalidValue("Não há modelo de mensagem para esta situação da ordem: informe-o nas configurações.")
    message, why = service_orders.composed(connection, event_id, news, profile, valid_from=now)
    if why:
        raise InvalidValue(why)
    if not outbox.queue_again(connection, message_id, message, now):
        raise _changed_meanwhile()
    _audit(connection, message_id, actor, state, MessageState.PENDING, now)


def cancel(connection: Connection, message_id: int, *, actor: str, now: datetime) -> None:
    """Send it no more. Raises InvalidValue when it is neither waiting nor uncertain."""
    state, _ = _look(connection, message_id)
    if not outbox.advance(connection, message_id, MessageState.CANCELLED, f"Cancelada por {actor}.", now):
        raise InvalidValue(f"Esta mensagem está “{state.label}” e não pode ser cancelada.")
    _audit(connection, message_id, actor, state, MessageState.CANCELLED, now)


def confirm(connection: Connection, message_id: int, *, actor: str, now: datetime) -> None:
    """A person knows that an uncertain message reached the customer. Raises InvalidValue for any other."""
    state, _ = _look(connection, message_id)
    if state is not MessageState.UNCERTAIN:
        raise InvalidValue(f"Esta mensagem está “{state.label}”: só de uma incerta se informa que chegou.")
    why = f"{actor} conferiu que o cliente recebeu."
    if not outbox.advance(connection, message_id, MessageState.DELIVERED, why, now):
        raise _changed_meanwhile()
    _audit(connection, message_id, actor, state, MessageState.DELIVERED, now)


def _look(connection: Connection, message_id: int) -> tuple[MessageState, int | None]:
    m = WhatsAppMessage
    found = connection.execute(select(m.state, m.event_id).where(m.id == message_id)).first()
    if found is None:
        raise InvalidValue("Esta mensagem já não existe: foi apagada pelo prazo de guarda.")
    return MessageState(found.state), found.event_id


def _changed_meanwhile() -> InvalidValue:
    return InvalidValue("A mensagem mudou enquanto isso: veja como ela está agora.")


def _audit(
    connection: Connection, message_id: int, actor: str, before: MessageState, after: MessageState, now: datetime
) -> None:
    audit.record(
        connection,
        actor=actor,
        subject=f"mensagens/{message_id}",
        what="situação",
        old=before.label,
        new=after.label,
        at=now,
    )
