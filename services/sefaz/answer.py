"""Reads what a SEFAZ sent back, in whatever shape it came, without ever taking a failure for an answer.

Elements are found by local name: MG puts retConsCad in the namespace of the WSDL, others prefix it, escape it or
send it as CDATA inside the SOAP body. lxml is imported at the first parse.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain import Address, ConsultationFailed, Failure, FailureKind, Inscription

if TYPE_CHECKING:
    from lxml.etree import XMLParser, _Element

MAX_BODY = 5 * 1024 * 1024
"""The largest body read, in bytes. A real answer with dozens of inscriptions has some tens of kilobytes."""

MAX_NESTING = 3
"""How many times a message may be escaped inside another."""

_ENCODINGS = {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "iso8859-1", "latin1", "latin-1", "windows-1252"}
_DECLARATION = re.compile(rb"<\?xml\b[^>]{0,200}\?>")
_DECLARED_ENCODING = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|title)\b", re.IGNORECASE)
_TITLE = re.compile(rb"<title[^>]*>(.{0,200}?)</title>", re.IGNORECASE | re.DOTALL)
_INSCRIPTION_FIELDS = frozenset(Inscription.__dataclass_fields__) - {"ender"}
_ADDRESS_FIELDS = frozenset(Address.__dataclass_fields__)


@dataclass(frozen=True)
class ParsedAnswer:
    """`retConsCad/infCons` as read: texts trimmed, absent fields "".

    `echo` holds the document it says it is about, by tag (IE, CNPJ or CPF); empty when it does not say.
    """

    c_stat: str
    x_motivo: str
    uf: str
    echo: dict[str, str]
    inscriptions: tuple[Inscription, ...]
    ver_aplic: str = ""
    dh_cons: str = ""
    c_uf: str = ""


def parse_answer(body: bytes, http_status: int, content_type: str) -> ParsedAnswer:
    """The answer inside an HTTP response. The body is read before the status: a SOAP fault comes with status 500.

    Raises ConsultationFailed, and nothing else, with the body in `response`: SOAP_FAULT, CERTIFICATE (403), HTTP or
    INVALID_RESPONSE.
    """
    details = f"HTTP {http_status}, {content_type or 'sem Content-Type'}, {len(body)} bytes"
    if len(body) > MAX_BODY:
        raise too_large(details, body)
    try:
        root = _parse(body)
    except _Unreadable as error:
        raise _refusal_by_status(body, http_status, f"{details}\n{error}", str(error)) from error
    found = _find_answer(root, MAX_NESTING)
    if found is not None:
        return _read(found, details, body)
    fault = next(root.iter("{*}Fault"), None)
    if fault is not None:
        raise _soap_fault(fault, details, body)
    raise _refusal_by_status(body, http_status, details, "a mensagem não contém o elemento retConsCad")


def too_large(details: str, body: bytes) -> ConsultationFailed:
    """The failure for a body above `MAX_BODY`, of which only the beginning is kept."""
    what = f"A resposta da SEFAZ passa de {MAX_BODY // 2**20} MB e foi recusada."
    return invalid_response(what, "Nenhuma resposta verdadeira é tão grande.", details, body[:MAX_BODY])


def invalid_response(what: str, cause: str, details: str, body: bytes) -> ConsultationFailed:
    """The failure for a response that cannot be taken as an answer."""
    todo = "Tente de novo mais tarde; se continuar, envie os detalhes ao suporte."
    return ConsultationFailed(Failure(FailureKind.INVALID_RESPONSE, what, cause, todo, details), response=body)


class _Unreadable(Exception):
    """Why some bytes cannot be read as XML; a fragment of a Portuguese sentence."""


@functools.cache
def _parser() -> XMLParser:
    from lxml import etree

    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _parse(body: bytes) -> _Element:
    from lxml import etree

    # Only encodings that keep ASCII as it is, so that the search for a DTD below cannot be evaded.
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not text:
        raise _Unreadable("a resposta veio vazia")
    if not text.startswith(b"<") or b"\0" in text:
        raise _Unreadable("a resposta não é XML")
    declaration = _DECLARATION.match(text)
    if declaration is None and text.startswith(b"<?"):
        raise _Unreadable("a declaração XML não pôde ser lida")
    encoding = _DECLARED_ENCODING.search(declaration.group()) if declaration else None
    if encoding and encoding.group(1).decode().lower() not in _ENCODINGS:
        raise _Unreadable(f"a codificação {encoding.group(1).decode()} não é aceita")
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise _Unreadable("a resposta traz um DTD, que não é aceito")
    try:
        return etree.fromstring(text, _parser())
    except etree.XMLSyntaxError as error:
        raise _Unreadable(f"o XML está truncado ou malformado: {error.msg}") from error


def _find_answer(root: _Element, depth: int) -> _Element | None:
    """The retConsCad of the message, also when it travels as text inside another element."""
    found = next(root.iter("{*}retConsCad"), None)
    if found is not None or depth == 0:
        return found
    for element in root.iter("{*}*"):
        text = element.text
        if text and "retConsCad" in text and "<" in text:
            inner = _DECLARATION.sub(b"", text.strip().encode(), count=1)
            try:
                found = _find_answer(_parse(inner), depth - 1)
            except _Unreadable:
                continue
            if found is not None:
                return found
    return None


def _read(answer: _Element, details: str, body: bytes) -> ParsedAnswer:
    information = next((child for child in answer if _local(child) == "infCons"), None)
    if information is None:
        raise invalid_response("A resposta da SEFAZ veio sem infCons.", "", details, body)
    fields: dict[str, str] = {}
    inscriptions = []
    for child in information:
        name = _local(child)
        if name == "infCad":
            inscription = _inscription(child)
            if inscription != Inscription():
                inscriptions.append(inscription)
        elif not fields.get(name):
            fields[name] = _text(child)
    c_stat = fields.get("cStat", "")
    if not re.fullmatch(r"[0-9]{3}", c_stat):
        what = "A resposta da SEFAZ veio sem um código de situação (cStat) de três dígitos."
        raise invalid_response(what, "", f"{details}\ncStat: {c_stat[:40]!r}", body)
    return ParsedAnswer(
        c_stat=c_stat,
        x_motivo=fields.get("xMotivo", ""),
        uf=fields.get("UF", ""),
        echo={tag: fields[tag] for tag in ("IE", "CNPJ", "CPF") if fields.get(tag)},
        inscriptions=tuple(inscriptions),
        ver_aplic=fields.get("verAplic", ""),
        dh_cons=fields.get("dhCons", ""),
        c_uf=fields.get("cUF", ""),
    )


def _inscription(element: _Element) -> Inscription:
    fields: dict[str, str] = {}
    ender = None
    for child in element:
        name = _local(child)
        if name == "ender":
            address = {_local(part): _text(part) for part in child}
            ender = Address(**{tag: text for tag, text in address.items() if tag in _ADDRESS_FIELDS})
        elif name in _INSCRIPTION_FIELDS and not fields.get(name):
            fields[name] = _text(child)
    return Inscription(**fields, ender=None if ender == Address() else ender)


def _local(element: _Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: _Element) -> str:
    return (element.text or "").strip()


def _soap_fault(fault: _Element, details: str, body: bytes) -> ConsultationFailed:
    texts: dict[str, str] = {}
    for element in fault.iter("{*}faultcode", "{*}faultstring", "{*}Value", "{*}Text"):
        texts.setdefault(_local(element), _text(element))
    reason = texts.get("faultstring") or texts.get("Text") or "sem motivo"
    code = texts.get("faultcode") or texts.get("Value") or "sem código"
    failure = Failure(
        FailureKind.SOAP_FAULT,
        "O serviço da SEFAZ recusou a mensagem antes de lê-la.",
        f"Ele disse: “{reason[:500]}”.",
        "Confira o endereço da UF em “Endereços da SEFAZ”; se estiver certo, tente mais tarde.",
        f"{details}\nSOAP Fault {code}: {reason}",
    )
    return ConsultationFailed(failure, x_motivo=reason, response=body)


def _refusal_by_status(body: bytes, status: int, details: str, why: str) -> ConsultationFailed:
    html = _HTML.search(body[:4096]) is not None
    if html and (title := _TITLE.search(body[:16384])):
        details += f"\nTítulo da página: {title.group(1).decode('utf-8', 'replace').strip()}"
    if status == 403:
        failure = Failure(
            FailureKind.CERTIFICATE,
            "O servidor da SEFAZ negou o acesso (HTTP 403).",
            "Não foi a rede: provavelmente ele não aceitou o certificado da filial, vencido, revogado ou de cadeia "
            "desconhecida.",
            "Confira a validade do certificado e instale o PFX com a cadeia completa.",
            details,
        )
    elif 300 <= status < 400:
        failure = Failure(
            FailureKind.HTTP,
            f"O servidor da SEFAZ mandou procurar o serviço em outro endereço (HTTP {status}).",
            "O endereço da UF pode ter mudado; o programa não segue desvios levando o certificado.",
            "Confira o endereço da UF no Portal da NF-e e troque-o em “Endereços da SEFAZ”.",
            details,
        )
    elif status == 404:
        failure = Failure(
            FailureKind.HTTP,
            "O serviço não existe no endereço configurado (HTTP 404).",
            "O endereço da UF pode ter mudado.",
            "Confira o endereço da UF no Portal da NF-e e troque-o em “Endereços da SEFAZ”.",
            details,
        )
    elif not 200 <= status < 300:
        failure = Failure(
            FailureKind.HTTP,
            f"O servidor da SEFAZ respondeu com erro (HTTP {status}).",
            "O serviço está fora do ar ou sobrecarregado." if status >= 500 else "O servidor não aceitou a chamada.",
            "Aguarde e tente de novo mais tarde.",
            details,
        )
    elif html:
        failure = Failure(
            FailureKind.HTTP,
            "O servidor da SEFAZ enviou uma página da internet em vez da resposta.",
            "O serviço pode estar em manutenção, ou um equipamento da rede interceptou a chamada.",
            "Aguarde e tente de novo; se outras páginas abrem, peça à informática para liberar o endereço.",
            details,
        )
    else:
        return invalid_response("A resposta da SEFAZ não pôde ser lida.", f"O motivo: {why}.", details, body)
    return ConsultationFailed(failure, response=body)
