"""“Enviar teste”: one message to a number that a person gives, at once, and what WhatsApp says to it.

Importing this module imports httpx.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from app.data import outbox
from app.data.database import Database
from app.data.outbox import NewMessage
from app.folders import Folders
from app.kinds import InvalidValue
from app.phone import InvalidPhone, mobile
from app.policies import ServiceOrderStage
from app.rules.outbox import MessageState
from app.settings.catalog import WHATSAPP_LANGUAGE, WHATSAPP_TEMPLATE
from app.settings.snapshot import Snapshot
from services.whatsapp.account import Account
from services.whatsapp.cloud_api import READ_TIMEOUT_S, CloudApi
from services.whatsapp.delivery import Outcome, settle

HELLO_WORLD = "hello_world"
"""The template that Meta gives to every account (Cloud API, get started); it has no fields, and only this language."""
_HELLO_WORLD_LANGUAGE = "en_US"
_NAME_OF_TEMPLATE = WHATSAPP_TEMPLATE[ServiceOrderStage.CREATED].kind


def send_test(
    database: Database,
    folders: Folders,
    profile: Snapshot,
    to: str,
    *,
    template: str = HELLO_WORLD,
    parameters: Sequence[str] = (),
    actor: str,
    read_timeout: float = READ_TIMEOUT_S,
) -> Outcome:
    """Send a template to that mobile by the number of the profile's company, whatever is paused and at any hour.

    It is kept among the messages, and never tried again. Takes as long as the API: not for the window's own thread.
    Raises InvalidValue when the number is no mobile, the template no name of one, the settings have no sender or this
    computer no token; SecretsUnavailable.
    """
    try:
        destination = mobile(to)
    except InvalidPhone as error:
        raise InvalidValue(str(error)) from error
    template = _NAME_OF_TEMPLATE.parse(template) or HELLO_WORLD
    account = Account.of(profile)
    if account is None:
        raise InvalidValue(
            "Informe antes a identificação do número (Phone Number ID), em Balcão › Integração › WhatsApp."
        )
    token = account.token()
    if token is None:
        raise InvalidValue(
            f"Falta o token do número {account.number_id} neste computador: informe-o em Balcão › Integração › "
            "WhatsApp."
        )
    message = NewMessage(
        destination=destination,
        template=template,
        language=_HELLO_WORLD_LANGUAGE if template == HELLO_WORLD else profile[WHATSAPP_LANGUAGE],
        parameters=tuple(parameters),
        unique_key=f"teste:{uuid.uuid4().hex}",
        customer_name=f"Teste de {actor}",
    )
    now = datetime.now(UTC)
    with database.writing() as connection:
        message_id = outbox.add(connection, message, MessageState.PENDING, "", now)
        outgoing = outbox.reserve(connection, message_id, actor[:120], now)
    assert outgoing is not None  # nobody else has seen it
    answer = CloudApi(folders, read_timeout=read_timeout).post(account, token, outgoing)
    with database.writing() as connection:
        return settle(connection, outgoing, account, answer, now=datetime.now(UTC), jitter=0, once=True)
