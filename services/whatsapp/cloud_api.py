"""Posts one message to the Cloud API and tells what came of it: no message is ever posted twice by itself.

Importing this module imports httpx, so only the first message does it.
"""

from __future__ import annotations

import json

import httpx

from app.data.outbox import Outgoing
from app.folders import Folders
from app.version import VERSION
from services.certificate import CertificateUnusable, anonymous_context
from services.http_channel import HttpChannel
from services.interruption import Interruption
from services.network import Network
from services.network_failure import Called, network_failure
from services.whatsapp.account import Account, is_token
from services.whatsapp.answer import Answer, Lost, NotSent, read_answer

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 15.0
_BODY_TIMEOUT_S = 15.0
_LIMIT = 256 * 1024

_META = Called(
    "Meta", "o endereço da API do WhatsApp nas configurações", with_certificate=False, domain="*.facebook.com"
)


class CloudApi:
    """To be used by one thread; another may `interrupt` the call in progress, whose message is then lost."""

    def __init__(
        self, folders: Folders, *, connect_timeout: float = CONNECT_TIMEOUT_S, read_timeout: float = READ_TIMEOUT_S
    ) -> None:
        self._network = Network(folders)
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._interruption = Interruption()

    def interrupt(self) -> None:
        """Give up the call in progress."""
        self._interruption.interrupt()

    def post(self, account: Account, token: str, message: Outgoing) -> Answer:
        """Post the message by that sender."""
        if not is_token(token):
            return NotSent("O token do WhatsApp tem espaços ou caracteres que não pode ter: copie-o de novo da Meta.")
        try:
            trust = self._network.trust()
            context = anonymous_context(trust.additional_ca, trust.system)
        except CertificateUnusable as error:
            return NotSent(str(error))
        self._interruption.begin()
        # A connection of its own for each message: one kept from before may have been closed by the server, and then
        # nobody knows whether what was written on it was read.
        channel = HttpChannel(
            context,
            self._connect_timeout,
            self._read_timeout,
            self._interruption,
            self._network.proxy_to,
            {"User-Agent": f"Retaguarda/{VERSION}", "Accept-Encoding": "identity", "Connection": "close"},
        )
        try:
            return self._post(channel, account, token, message)
        finally:
            channel.close()
            self._interruption.end()

    def _post(self, channel: HttpChannel, account: Account, token: str, message: Outgoing) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            request = channel.request("POST", account.address, content=body(message), headers=headers)
        except httpx.InvalidURL:
            return NotSent("O endereço da API do WhatsApp não pode ser usado: confira-o nas configurações.")
        try:
            answer = channel.send(request, limit=_LIMIT, body_timeout=_BODY_TIMEOUT_S)
        except (httpx.HTTPError, OSError) as error:
            if self._interruption.interrupted:
                ended = "O programa foi encerrado durante o envio."
                return Lost(ended) if channel.sent else NotSent(ended)
            failure = network_failure(error, account.address, _META, sent="POST", answered=channel.answered)
            if channel.sent:
                return Lost(failure.what, failure.details)
            return NotSent(failure.sentence, failure.details)
        return read_answer(answer.status, answer.body, whole=answer.whole)


def body(message: Outgoing) -> bytes:
    """The message as the API takes it: a template with the texts of its fields (Cloud API, template messages)."""
    fields = [{"type": "text", "text": text} for text in message.parameters]
    template = {
        "name": message.template,
        "language": {"code": message.language},
        "components": [{"type": "body", "parameters": fields}] if fields else [],
    }
    return json.dumps(
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": message.destination,
            "type": "template",
            "biz_opaque_callback_data": message.unique_key,
            "template": template,
        },
        ensure_ascii=False,
    ).encode()
