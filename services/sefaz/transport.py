"""SOAP as the SEFAZs take it: zeep builds the message from our own WSDLs and one httpx.Client carries it.

Importing this module imports zeep, httpx and lxml, so only `client` does it, at the first query.
"""

from __future__ import annotations

import functools
import logging
import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import zeep
import zeep.wsdl
from lxml import etree
from zeep.transports import Transport

from app.domain import Document
from services.sefaz import RESOURCES
from services.sefaz.answer import MAX_BODY
from services.sefaz.interruption import Interruption
from services.sefaz.tls_socket import TlsSocket

NFE = "http://www.portalfiscal.inf.br/nfe"
SERVICE = f"{NFE}/wsdl/CadConsultaCadastro4"
BINDING = f"{{{SERVICE}}}CadConsultaCadastro4Soap12"
VERSION = "2.00"
KEEP_ALIVE_S = 60.0
"""How long an idle connection is kept; servers that close it earlier cost only a new handshake."""

_WSDL = {"padrao": "cadconsultacadastro4.wsdl", "mt": "cadconsultacadastro4_mt.wsdl"}
_ZEEP_CLIENT: Any = zeep.Client  # its methods carry no types
_SETTINGS = zeep.Settings(raw_response=True)
_DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>'


@dataclass(frozen=True)
class HttpAnswer:
    """An HTTP response read whole; `body` stops one chunk after `MAX_BODY`."""

    status: int
    content_type: str
    body: bytes


class SefazTransport(Transport):
    """zeep's transport over one httpx.Client: HTTP/1.1, connections kept, no redirects, one certificate.

    `sent` is the last message put on the wire, `answered` whether its answer began. To be used by one thread;
    `interruption` tells it to give up.
    """

    def __init__(
        self, context: ssl.SSLContext, connect_timeout: float, read_timeout: float, interruption: Interruption
    ) -> None:
        # Not super().__init__(), which opens a requests.Session.
        self.cache = None
        self.session = None
        self._close_session = False
        self.load_timeout = None
        self.operation_timeout = None
        self.logger = logging.getLogger(__name__)
        self.sent = b""
        self._read_timeout = read_timeout
        self._interruption = interruption
        self._services: dict[tuple[str, str], Any] = {}
        self._sockets: dict[str, socket.socket] = {}
        self._handshaking: socket.socket | None = None
        self._reused = False
        self.answered = False
        self._origin = ""
        context.sslsocket_class = TlsSocket
        self._http = httpx.Client(
            verify=context,
            http2=False,
            follow_redirects=False,
            timeout=httpx.Timeout(read_timeout, connect=connect_timeout),
            limits=httpx.Limits(keepalive_expiry=KEEP_ALIVE_S),
            headers={"User-Agent": "Retaguarda", "Accept": "application/soap+xml", "Accept-Encoding": "identity"},
        )

    def ask(self, document: Document, uf: str, address: str, envelope: str) -> HttpAnswer:
        """One CONS-CAD query. Raises httpx.HTTPError."""
        service = self._services.get((address, envelope))
        if service is None:
            client: Any = _ZEEP_CLIENT(wsdl=_wsdl(envelope), transport=self, settings=_SETTINGS)
            service = self._services[address, envelope] = client.create_service(BINDING, address)
        message = {"_value_1": cons_cad(document, uf)}
        answer = service.consultaCadastro(**({"nfeDadosMsg": message} if envelope == "mt" else message))
        assert isinstance(answer, HttpAnswer)
        return answer

    def post_xml(self, address: str, envelope: etree._Element, headers: dict[str, str]) -> HttpAnswer:
        """Called by zeep with the envelope it built."""
        _use_default_namespace(envelope[0])
        self.sent = _DECLARATION + etree.tostring(envelope)
        return self.post(address, self.sent, headers)

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> HttpAnswer:
        """Send a message and read the whole answer.

        A query changes nothing at the SEFAZ, so it is sent once more, on a new connection, when a connection kept
        from before turns out to have been closed by the server and nothing was answered on it.
        """
        try:
            return self._exchange(address, message, headers)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
            if not self._reused or self.answered or self._interruption.interrupted or _tls_alert(error):
                raise
        return self._exchange(address, message, headers)

    def close(self) -> None:
        """Close every connection."""
        self._http.close()
        self._sockets.clear()
        self._services.clear()

    def _exchange(self, address: str, message: bytes, headers: dict[str, str]) -> HttpAnswer:
        request = self._http.build_request(
            "POST", address, content=message, headers=headers, extensions={"trace": self._trace}
        )
        self._origin = str(request.url.netloc)
        self._reused = True
        self.answered = False
        if self._interruption.interrupted:
            # Interrupted while the message was built; opening a connection could take as long as its timeout.
            raise httpx.ConnectError("Interrupted before the connection", request=request)
        self._interruption.use(self._sockets.get(self._origin))
        try:
            response = self._http.send(request, stream=True)
            try:
                body = self._read(response)
            finally:
                response.close()
        finally:
            self._interruption.use(None)
            self._end_handshake()
        return HttpAnswer(response.status_code, response.headers.get("Content-Type", ""), body)

    def _read(self, response: httpx.Response) -> bytes:
        deadline = time.monotonic() + self._read_timeout
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_BODY:
                break
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("The body did not end in time", request=response.request)
        return bytes(body)

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        """httpcore's account of what it does: the only public way to the socket while a call waits on it."""
        match event:
            case "connection.connect_tcp.started" | "socks.connect_tcp.started":
                self._reused = False
            case "connection.connect_tcp.complete" | "socks.connect_tcp.complete":
                # TLS takes the descriptor out of this socket; the duplicate stays good for a shutdown meanwhile.
                self._handshaking = info["return_value"].get_extra_info("socket").dup()
                self._interruption.use(self._handshaking)
            case "connection.start_tls.complete" | "proxy.start_tls.complete" | "socks.start_tls.complete":
                connection = info["return_value"].get_extra_info("socket")
                self._sockets[self._origin] = connection
                self._interruption.use(connection)
                self._end_handshake()
            case "http11.receive_response_headers.complete":
                self.answered = True

    def _end_handshake(self) -> None:
        if self._handshaking is not None:
            self._handshaking.close()
            self._handshaking = None


def cons_cad(document: Document, uf: str) -> etree._Element:
    """The ConsCad message (leiauteConsultaCadastro v2.00): no prefix (rejections 404 and 587), no blanks (588)."""
    root = etree.Element(f"{{{NFE}}}ConsCad", versao=VERSION, nsmap=_namespace(NFE))
    information = etree.SubElement(root, f"{{{NFE}}}infCons")
    etree.SubElement(information, f"{{{NFE}}}xServ").text = "CONS-CAD"
    etree.SubElement(information, f"{{{NFE}}}UF").text = uf
    etree.SubElement(information, f"{{{NFE}}}{document.kind.value}").text = document.value
    return root


def _namespace(uri: str) -> Any:
    # lxml-stubs does not know that None names the default namespace.
    return {None: uri}


def _use_default_namespace(body: etree._Element) -> None:
    """Replace the ns0: that zeep gives to the elements of the service; MS answers 404 to prefixes."""
    prefixed = body[0]
    plain = etree.SubElement(body, prefixed.tag, nsmap=_namespace(SERVICE))
    plain.extend(prefixed)
    body.remove(prefixed)


def _tls_alert(error: BaseException) -> bool:
    """Whether the server did answer, with a TLS alert."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


class _ShippedFiles:
    """What zeep loads a WSDL with: our own files and nothing of the network."""

    def load(self, path: str) -> bytes:
        """The content of a file."""
        return Path(path).read_bytes()


@functools.cache
def _wsdl(envelope: str) -> zeep.wsdl.Document:
    loader: Any = _ShippedFiles()  # zeep asks only for `load`
    return zeep.wsdl.Document(str(RESOURCES / "wsdl" / _WSDL[envelope]), loader, settings=_SETTINGS)
