"""What the demonstration SEFAZ refuses in a request, with the status or fault the real ones give.

Rules of groups B (message), D (data area) and K (consulta cadastro) of MOC 7.0; request schema consCad v2.00.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree
from stdnum.br import cnpj, cpf

from app.domain import Document, DocumentKind
from app.uf import UFS
from services.demo.dialects import NFE_NAMESPACE, SOAP_11, SOAP_12, WSDL_NAMESPACE, Dialect, MissingAction
from services.demo.loopback import Request

_SCHEMA = {
    DocumentKind.IE: re.compile(r"[0-9]{2,14}|ISENTO"),
    DocumentKind.CNPJ: re.compile(r"[0-9A-Z]{12}[0-9]{2}"),  # TCnpjVar since PL_010 V1.30 (NT 2026.004)
    DocumentKind.CPF: re.compile(r"[0-9]{3,11}"),
}
_NFE = f"{{{NFE_NAMESPACE}}}"
_VERSION = "2.00"
_KINDS = {f"{_NFE}{kind.value}": kind for kind in DocumentKind}
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
_ACTION = re.compile(rf'action="?{re.escape(WSDL_NAMESPACE)}/consultaCadastro4?"?')


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked: the UF of the message and the document."""

    uf: str
    document: Document


class Refused(Exception):
    """The request is answered with retConsCad and this cStat; `query` when the message could be read so far."""

    def __init__(self, c_stat: str, query: Query | None = None) -> None:
        super().__init__(c_stat)
        self.c_stat = c_stat
        self.query = query


class Faulted(Exception):
    """The request is answered with a SOAP fault of `namespace` (SOAP 1.1 or 1.2) and HTTP 500."""

    def __init__(self, namespace: str, code: str, text: str) -> None:
        super().__init__(text)
        self.namespace = namespace
        self.code = code
        self.text = text


def read_query(request: Request, uf: str, speech: Dialect, *, header: bool = False) -> Query:
    """The query in a request posted to the address of `uf`. Raises Refused or Faulted as that authorizer would.

    With `header` the authorizer still asks for nfeCabecMsg in the SOAP header, as in version 3.10.
    """
    content_type = request.headers.get("content-type", "")
    _check_action(content_type, request.headers.get("soapaction"), speech)
    soap = SOAP_11 if speech.soap_11 and "text/xml" in content_type else SOAP_12
    control, content = _parts(request.body, soap)
    if header:
        _check_header(control, uf)
    query = _checked(_payload(content, speech))
    if query.uf != uf:
        raise Refused("265", query)
    return query


@lru_cache(maxsize=4096)
def valid_check_digits(document: Document) -> bool:
    """Whether the document's check digits are right; an IE has none that all UFs share."""
    if document.kind is DocumentKind.CNPJ:
        return bool(cnpj.is_valid(document.value))
    if document.kind is DocumentKind.CPF:
        return bool(cpf.is_valid(document.value))
    return True


def _check_action(content_type: str, soap_action: str | None, speech: Dialect) -> None:
    if _ACTION.search(content_type):
        return
    match speech.missing_action:
        case MissingAction.STATUS_999:
            raise Refused("999")
        case MissingAction.ASMX_FAULT if not (speech.soap_11 and soap_action and "text/xml" in content_type):
            raise Faulted(
                SOAP_12,
                "Sender",
                "Unable to handle request without a valid action parameter. Please supply a valid soap action.",
            )
        case MissingAction.AXIS_EPR_FAULT if not soap_action:
            raise Faulted(
                SOAP_12,
                "Receiver",
                "The endpoint reference (EPR) for the Operation not found is "
                "/MT/cadconsultacadastro4 and the WSA Action = null",
            )
        case MissingAction.AXIS_NO_SOAPACTION_FAULT if soap_action is None:
            raise Faulted(SOAP_11, "ns1:Client.NoSOAPAction", "no SOAPAction header!")
        case _:
            pass


def _parts(body: bytes, soap: str) -> tuple[etree._Element | None, etree._Element]:
    """The header, when there is one, and the body of the envelope."""
    try:
        envelope = etree.fromstring(body, _PARSER)
    except etree.XMLSyntaxError as error:
        raise Faulted(SOAP_12, "Sender", f"The request is not well-formed XML: {error.msg}") from error
    content = envelope.find(f"{{{soap}}}Body")
    if envelope.tag != f"{{{soap}}}Envelope" or content is None:
        raise Faulted(SOAP_12, "VersionMismatch", "Possible SOAP version mismatch")
    if (envelope.getroottree().docinfo.encoding or "UTF-8").upper() != "UTF-8":
        raise Refused("402")
    return envelope.find(f"{{{soap}}}Header"), content


def _check_header(header: etree._Element | None, uf: str) -> None:
    """What the services of layout 3.10 required of nfeCabecMsg."""
    fields = header.iterfind(f"{{{WSDL_NAMESPACE}}}nfeCabecMsg/*") if header is not None else ()
    said = {etree.QName(field).localname: field.text for field in fields}
    code, version = said.get("cUF"), said.get("versaoDados")
    if not code:
        raise Refused("409")
    if code != str(UFS[uf].code):
        raise Refused("410")
    if not version:
        raise Refused("411")
    if version != _VERSION:
        raise Refused("545")


def _payload(content: etree._Element, speech: Dialect) -> etree._Element:
    """nfeDadosMsg, out of the body as this authorizer expects it."""
    if speech.wrapped_request:
        wrapper = content.find(f"{{{WSDL_NAMESPACE}}}consultaCadastro")
        if wrapper is None:
            raise Refused("215")
        content = wrapper
    payload = content.find(f"{{{WSDL_NAMESPACE}}}nfeDadosMsg")
    if payload is None:
        raise Refused("215")
    return payload


def _checked(payload: etree._Element) -> Query:
    children = list(payload.iterchildren(etree.Element))
    if len(children) != 1:
        raise Refused("215" if children or not (payload.text or "").strip() else "243")
    root = children[0]
    name = etree.QName(root)
    if name.localname != "ConsCad":
        raise Refused("516")
    prefixed = foreign = False
    edited = bool(payload.text)
    for element in root.iter(etree.Element):
        prefixed = prefixed or element.prefix is not None
        foreign = foreign or not element.tag.startswith(_NFE)
        edited = edited or bool(element.tail or (element.text and len(element)))
    if prefixed:
        raise Refused("404")
    if foreign:
        raise Refused("587")
    if edited:
        raise Refused("588")
    if root.get("versao") is None:
        raise Refused("517")
    return _by_schema(root)


def _by_schema(root: etree._Element) -> Query:
    fields = list(root[0]) if len(root) == 1 and root[0].tag == f"{_NFE}infCons" else []
    names = [field.tag for field in fields]
    if root.items() != [("versao", _VERSION)] or names[:2] != [f"{_NFE}xServ", f"{_NFE}UF"] or len(names) != 3:
        raise Refused("215")
    kind = _KINDS.get(names[2])
    service, uf, value = (field.text or "" for field in fields)
    if any(len(field) for field in fields) or service != "CONS-CAD" or (uf not in UFS and uf != "SU"):
        raise Refused("215")
    if kind is None or not _SCHEMA[kind].fullmatch(value):
        raise Refused("215")
    return Query(uf, Document(kind, value))
