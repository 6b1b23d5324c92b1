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
from app.uf import UFS
from services import RESOURCES

NFE = "http://www.portalfiscal.inf.br/nfe"
SERVICE = f"{NFE}/wsdl/CadConsultaCadastro4"
BINDING = f"{{{SERVICE}}}CadConsultaCadastro4Soap12"
VERSION = "2.00"

_WSDL = {"padrao": "cadconsultacadastro4.wsdl", "mt": "cadconsultacadastro4_mt.wsdl"}
_ZEEP_CLIENT: Any = zeep.Client  # its methods carry no types
_SETTINGS = zeep.Settings(raw_response=True)
_DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>'
_CUF, _UF, _VALUE = "{CUF}", "{UF}", "{VALUE}"
"""Where the template is filled in; braces need no escape in XML and stand nowhere else in the message."""


@dataclass(frozen=True)
class Message:
    """What is posted to ask about one kind of document: the HTTP headers, and the XML to be filled in."""

    headers: dict[str, str]
    template: bytes

    def about(self, value: str, uf: str) -> bytes:
        """The whole message about one document. KeyError for what is not a UF."""
        filled = self.template.replace(_CUF.encode(), b"%d" % UFS[uf].code).replace(_UF.encode(), uf.encode())
        return filled.replace(_VALUE.encode(), escape(value).encode())


@functools.cache
def message(envelope: str, kind: DocumentKind, *, header: bool = False) -> Message:
    """The message of one kind of document, in an envelope "padrao" or "mt".

    `header` adds nfeCabecMsg (cUF, versaoDados) to the SOAP header, for a UF that asks for it with 409, 411 or 545.
    The service's version 4.00 did away with it (MOC 7.0), yet MG's own WSDL still declares it.
    """
    client: Any = _ZEEP_CLIENT(wsdl=_wsdl(envelope), transport=_Unsent(), settings=_SETTINGS)
    service = client.create_service(BINDING, "")
    content = {"_value_1": cons_cad(Document(kind, _VALUE), _UF)}
    written, headers = service.consultaCadastro(
        **({"nfeDadosMsg": content} if envelope == "mt" else content),
        _soapheaders={"nfeCabecMsg": {"cUF": _CUF, "versaoDados": VERSION}} if header else None,
    )
    return Message(headers, written)


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
        for part in envelope:
            _use_default_namespace(part)
        return _DECLARATION + etree.tostring(envelope), headers


def _namespace(uri: str) -> Any:
    # lxml-stubs does not know that None names the default namespace.
    return {None: uri}


def _use_default_namespace(part: etree._Element) -> None:
    """Replace the ns0: that zeep gives to what stands in the header or the body; MS answers 404 to prefixes."""
    prefixed = part[0]
    plain = etree.SubElement(part, prefixed.tag, nsmap=_namespace(SERVICE))
    plain.extend(prefixed)
    part.remove(prefixed)


class _ShippedFiles:
    """What zeep loads a WSDL with: our own files and nothing of the network."""

    def load(self, path: str) -> bytes:
        """The content of a file."""
        return Path(path).read_bytes()


@functools.cache
def _wsdl(envelope: str) -> zeep.wsdl.Document:
    loader: Any = _ShippedFiles()  # zeep asks only for `load`
    return zeep.wsdl.Document(str(RESOURCES / "wsdl" / _WSDL[envelope]), loader, settings=_SETTINGS)
