"""Downloads the lists that ANP publishes as open data: the whole file, or a failure explained."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from app.domain import ConsultationFailed
from app.folders import Folders
from services.anp.refusal import invalid, is_page, page_instead, refused
from services.interruption import Interruption

MAX_LIST = 60 * 1024 * 1024
"""The largest list read, in bytes. The longest real one has some 10 MB."""

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 60.0
"""How long the server may stay silent."""

WHOLE_S = 30 * 60.0
"""How long a whole list may take."""


def download_list(
    address: str,
    folders: Folders,
    *,
    progress: Callable[[int, int | None], None],
    cancelled: Callable[[], bool],
) -> bytes:
    """The file at that address, only when it came whole.

    `progress` gets the bytes that came and, when the server tells, how many there are. `cancelled` is asked five times
    a second, from another thread; while a name is resolved or a connection opened, it takes effect when that ends.
    Raises ConsultationFailed.
    """
    from services.anp.transport import AnpTransport

    interruption = Interruption()
    transport = AnpTransport(folders, CONNECT_TIMEOUT_S, READ_TIMEOUT_S, interruption)
    interruption.begin()
    try:
        with interruption.watched(cancelled):
            answer = transport.get(
                address, "text/csv, */*;q=0.5", limit=MAX_LIST, body_timeout=WHOLE_S, progress=progress
            )
    finally:
        interruption.end()
        transport.close()
    try:
        if answer.status != 200:
            raise refused(answer, address, datetime.now(UTC))
        if len(answer.body) > MAX_LIST:
            what = f"A lista passa de {MAX_LIST // 2**20} MB e foi recusada."
            raise invalid(what, "Nenhuma lista da ANP é tão grande.", answer, address)
        if not (answer.whole and answer.measured):
            what = "A lista da ANP não veio inteira, ou não há como saber se veio."
            raise invalid(what, "O servidor cortou o arquivo, ou não disse o tamanho dele.", answer, address)
        if is_page(answer.body) or answer.body.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
            raise page_instead(answer, address)
        if not answer.body.strip():
            raise invalid(
                "A lista da ANP veio vazia.", "O arquivo está sendo trocado ou foi retirado.", answer, address
            )
    except ConsultationFailed as failed:
        failed.request = transport.sent
        raise
    return answer.body
