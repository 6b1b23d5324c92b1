"""The messages of a SEFAZ: retConsCad in each authorizer's envelope, SOAP faults and the pages of a web server."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from xml.sax.saxutils import escape

from app.domain import Inscription
from app.uf import UFS
from services.demo.checks import Query
from services.demo.dialects import NFE_NAMESPACE, SOAP_11, SOAP_12, Dialect

MOTIVES = {
    "107": "Serviço em Operação",
    "108": "Serviço Paralisado Momentaneamente (curto prazo)",
    "109": "Serviço Paralisado sem Previsão",
    "111": "Consulta cadastro com uma ocorrência",
    "112": "Consulta cadastro com mais de uma ocorrência",
    "214": "Rejeição: Tamanho da mensagem excedeu o limite estabelecido",
    "215": "Rejeição: Falha no schema XML",
    "238": "Rejeição: Cabeçalho - Versão do arquivo XML superior a Versão vigente",
    "239": "Rejeição: Cabeçalho - Versão do arquivo XML não suportada",
    "242": "Rejeição: Cabeçalho - Falha no Schema XML",
    "243": "Rejeição: XML Mal Formado",
    "257": "Rejeição: Solicitante não habilitado para emissão da NF-e",
    "258": "Rejeição: CNPJ da consulta inválido",
    "259": "Rejeição: CNPJ da consulta não cadastrado como contribuinte na UF",
    "260": "Rejeição: IE da consulta inválida",
    "261": "Rejeição: IE da consulta não cadastrada como contribuinte na UF",
    "262": "Rejeição: UF não fornece consulta por CPF",
    "263": "Rejeição: CPF da consulta inválido",
    "264": "Rejeição: CPF da consulta não cadastrado como contribuinte na UF",
    "265": "Rejeição: Sigla da UF da consulta difere da UF do Web Service",
    "280": "Rejeição: Certificado Transmissor inválido",
    "281": "Rejeição: Certificado Transmissor Data Validade",
    "282": "Rejeição: Certificado Transmissor sem CNPJ",
    "283": "Rejeição: Certificado Transmissor - erro Cadeia de Certificação",
    "284": "Rejeição: Certificado Transmissor revogado",
    "285": "Rejeição: Certificado Transmissor difere ICP-Brasil",
    "286": "Rejeição: Certificado Transmissor erro no acesso a LCR",
    "289": "Rejeição: Código da UF informada diverge da UF solicitada",
    "402": "Rejeição: XML da área de dados com codificação diferente de UTF-8",
    "404": "Rejeição: Uso de prefixo de namespace não permitido",
    "409": "Rejeição: Campo cUF inexistente no elemento nfeCabecMsg do SOAP Header",
    "410": "Rejeição: UF informada no campo cUF não é atendida pelo Web Service",
    "411": "Rejeição: Campo versaoDados inexistente no elemento nfeCabecMsg do SOAP Header",
    "516": "Rejeição: Falha no schema XML – inexiste a tag raiz esperada para a mensagem",
    "517": "Rejeição: Falha no schema XML – inexiste atributo versao na tag raiz da mensagem",
    "545": (
        "Rejeição: Falha no schema XML – versão informada na versaoDados do SOAPHeader diverge da versão da mensagem"
    ),
    "587": "Rejeição: Usar somente o namespace padrão da NF-e",
    "588": (
        "Rejeição: Não é permitida a presença de caracteres de edição no início/fim da mensagem "
        "ou entre as tags da mensagem"
    ),
    "656": "Rejeição: Consumo Indevido pelo aplicativo da empresa",
    "999": "Rejeição: Erro não catalogado",
}

FORBIDDEN_PAGE = (
    b"<!DOCTYPE html><html><head><title>403 - Forbidden: Access is denied.</title></head><body>"
    b"<h1>Server Error</h1><h2>403 - Forbidden: Access is denied.</h2>"
    b"<p>The client certificate needed to view this directory or page was not presented or was not accepted.</p>"
    b"</body></html>"
)
NOT_FOUND_PAGE = (
    b"<!DOCTYPE html><html><head><title>404 - File or directory not found.</title></head>"
    b"<body><h2>404 - File or directory not found.</h2></body></html>"
)
MAINTENANCE_PAGE = (
    "<!DOCTYPE html><html lang='pt-br'><head><meta charset='utf-8'><title>Manutenção programada</title></head>"
    "<body><h1>Portal em manutenção</h1><p>Tente novamente mais tarde.</p></body></html>"
).encode()
UNAVAILABLE_PAGE = (
    b"<html><head><title>503 Service Unavailable</title></head>"
    b"<body><h1>Service Unavailable</h1><p>The service is temporarily overloaded.</p></body></html>"
)

_IDENTITY = ("IE", "CNPJ", "CPF", "UF", "cSit", "indCredNFe", "indCredCTe", "xNome", "xFant", "xRegApur", "CNAE")
_HISTORY = ("dIniAtiv", "dUltSit", "dBaixa", "IEUnica", "IEAtual")
_ADDRESS = ("xLgr", "nro", "xCpl", "xBairro", "cMun", "xMun", "CEP")


def ret_cons_cad(
    speech: Dialect,
    uf: str,
    query: Query | None,
    c_stat: str,
    inscriptions: Sequence[Inscription] = (),
    *,
    now: datetime,
) -> str:
    """The answer of `uf` to `query`, without envelope. A refusal of an unreadable message has no query to echo.

    `now` is what the authorizer's clock shows.
    """
    motive = MOTIVES[c_stat] if speech.accents else _plain(MOTIVES[c_stat])
    asked = query.uf if query else uf
    document = query.document if query else None
    echo = f"<{document.kind.value}>{document.value}</{document.kind.value}>" if document else ""
    inner_namespace = f' xmlns="{NFE_NAMESPACE}"'
    outer, inner = ("", inner_namespace) if speech.foreign_ret else (inner_namespace, "")
    return (
        f'<retConsCad versao="{speech.versao}"{outer}><infCons{inner}><verAplic>{speech.ver_aplic}</verAplic>'
        f"<cStat>{c_stat}</cStat><xMotivo>{motive}</xMotivo><UF>{asked}</UF>{echo}"
        f"<dhCons>{_clock(now, speech.offset)}</dhCons><cUF>{UFS[uf].code}</cUF>"
        f"{''.join(_inf_cad(speech, inscription) for inscription in inscriptions)}</infCons></retConsCad>"
    )


def enveloped(speech: Dialect, payload: str) -> bytes:
    """The payload in the authorizer's SOAP envelope."""
    return f"{speech.head}{payload}{speech.tail}".encode()


def prefixed(payload: str) -> str:
    """The same message with a namespace prefix on every element."""
    bare = payload.replace(f' xmlns="{NFE_NAMESPACE}"', "")
    return re.sub(r"<(/?)(?=\w)", r"<\1nfe:", bare).replace(
        "retConsCad ", f'retConsCad xmlns:nfe="{NFE_NAMESPACE}" ', 1
    )


def fault(namespace: str, code: str, text: str) -> bytes:
    """A SOAP fault; `code` is Sender, Receiver or VersionMismatch in SOAP 1.2 and free, with prefix, in SOAP 1.1."""
    if namespace == SOAP_11:
        content = (
            f'<faultcode xmlns:ns1="http://xml.apache.org/axis/">{code}</faultcode>'
            f"<faultstring>{escape(text)}</faultstring>"
        )
    else:
        content = (
            f"<soap:Code><soap:Value>soap:{code}</soap:Value></soap:Code>"
            f'<soap:Reason><soap:Text xml:lang="en">{escape(text)}</soap:Text></soap:Reason>'
        )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{namespace}"><soap:Body><soap:Fault>'
        f"{content}</soap:Fault></soap:Body></soap:Envelope>"
    ).encode()


def dtd_bomb() -> bytes:
    """An envelope whose DTD grows to some 10¹⁰ characters in a parser that expands entities."""
    entities = '<!ENTITY a0 "aaaaaaaaaa">' + "".join(
        f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 10)
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><!DOCTYPE bomba [{entities}]>'
        f'<soap:Envelope xmlns:soap="{SOAP_12}"><soap:Body>'
        "<nfeResultMsg>&a9;</nfeResultMsg></soap:Body></soap:Envelope>"
    ).encode()


@lru_cache(maxsize=4096)
def _inf_cad(speech: Dialect, inscription: Inscription) -> str:
    values = {name: getattr(inscription, name) for name in _IDENTITY}
    if speech.cred_not_told:
        values["indCredNFe"] = values["indCredCTe"] = "4"
    if speech.trailing_blanks:
        values["xNome"] += "   "
    address = ""
    if inscription.ender is not None and speech.with_address:
        ender = {name: getattr(inscription.ender, name) for name in _ADDRESS}
        if speech.short_cep:
            ender["CEP"] = ender["CEP"].removeprefix("0")
        if speech.trailing_blanks:
            ender["xMun"] += "  "
        address = f"<ender>{_tags(ender)}</ender>"
    history = {name: getattr(inscription, name) for name in _HISTORY}
    return f"<infCad>{_tags(values)}{_tags(history)}{address}</infCad>"


def _tags(values: dict[str, str]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items() if value)


@lru_cache
def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


def _clock(now: datetime, offset: str) -> str:
    hours = int(offset[:3])
    return now.astimezone(timezone(timedelta(hours=hours))).isoformat(timespec="seconds")
