"""The CONS-CAD message, written by zeep from our own WSDLs: once for each kind of document, then only filled in.

Importing this module imports zeep and lxml, so only the transport does it, at the first query.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import zeep
import zeep.wsdl
from lxml import etree
from zeep.transports import Transport

from app.domain import Document, DocumentKind
from services import RESOURCES

NFE = "http://www.portalfiscal.inf.br/nfe"
SERVICE = f"{NFE}/wsdl/CadConsultaCadastro4"
BINDING = f"{{{SERVICE}}}CadConsultaCadastro4Soap12"
VERSION = "2.00"

_WSDL = {"padrao": "cadconsultacadastro4.wsdl", "mt": "cadconsultacadastro4_mt.wsdl"}
_ZEEP_CLIENT: Any = zeep.Client  # its methods carry no types
_SETTINGS = zeep.Settings(raw_response=True)
_DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>'
_UF, _VALUE = "{UF}", "{VALUE}"
"""Where the template is filled in; braces need no escape in XML and stand nowhere else in the message."""


@dataclass(frozen=True)
class Message:
    """What is posted to ask about one kind of document: the HTTP headers, and the XML around the UF and the value."""

    headers: dict[str, str]
    before_uf: bytes
    before_value: bytes
    end: bytes

    def about(self, value: str, uf: str) -> bytes:
        """The whole message about one document."""
        filled = (self.before_uf, escape(uf).encode(), self.before_value, escape(value).encode(), self.end)
        return b"".join(filled)


@functools.cache
def message(envelope: str, kind: DocumentKind) -> Message:
    """The message of one kind of document, in an envelope "padrao" or "mt"."""
    client: Any = _ZEEP_CLIENT(wsdl=_wsdl(envelope), transport=_Unsent(), settings=_SETTINGS)
    service = client.create_service(BINDING, "")
    content = {"_value_1": cons_cad(Document(kind, _VALUE), _UF)}
    written, headers = service.consultaCadastro(**({"nfeDadosMsg": content} if envelope == "mt" else content))
    before_uf, _, rest = written.partition(_UF.encode())
    before_value, _, end = rest.partition(_VALUE.encode())
    return Message(headers, before_uf, before_value, end)


def cons_cad(document: Document, uf: str) -> etree._Element:
    """The ConsCad message (leiauteConsultaCadastro v2.00): no prefix (rejections 404 and 587), no blanks (588)."""
    root = etree.Element(f"{{{NFE}}}ConsCad", versao=VERSION, nsmap=_namespace(NFE))
    information = etree.SubElement(root, f"{{{NFE}}}infCons")
    etree.SubElement(information, f"{{{NFE}}}xServ").text = "CONS-CAD"
    etree.SubElement(information, f"{{{NFE}}}UF").text = uf
    etree.SubElement(information, f"{{{NFE}}}{document.kind.value}").text = document.value
    return root


class _Unsent(Transport):
    """Gives back what zeep would send: its bytes and its headers."""

    def __init__(self) -> None:
        # Not super().__init__(), which opens a requests.Session.
        self.cache = None
        self.session = None
        self._close_session = False
        self.load_timeout = None
        self.operation_timeout = None

    def post_xml(self, address: str, envelope: etree._Element, headers: dict[str, str]) -> tuple[bytes, dict[str, str]]:
        """Called by zeep with the envelope it built."""
        _use_default_namespace(envelope[0])
        return _DECLARATION + etree.tostring(envelope), headers


def _namespace(uri: str) -> Any:
    # lxml-stubs does not know that None names the default namespace.
    return {None: uri}


def _use_default_namespace(body: etree._Element) -> None:
    """Replace the ns0: that zeep gives to the elements of the service; MS answers 404 to prefixes."""
    prefixed = body[0]
    plain = etree.SubElement(body, prefixed.tag, nsmap=_namespace(SERVICE))
    plain.extend(prefixed)
    body.remove(prefixed)


class _ShippedFiles:
    """What zeep loads a WSDL with: our own files and nothing of the network."""

    def load(self, path: str) -> bytes:
        """The content of a file."""
        return Path(path).read_bytes()


@functools.cache
def _wsdl(envelope: str) -> zeep.wsdl.Document:
    loader: Any = _ShippedFiles()  # zeep asks only for `load`
    return zeep.wsdl.Document(str(RESOURCES / "wsdl" / _WSDL[envelope]), loader, settings=_SETTINGS)
