"""Explains to the operator why an authority could not be reached."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from app.domain import Failure, FailureKind

# X509_V_ERR_* of OpenSSL (x509_vfy.h)
_NOT_YET_VALID, _EXPIRED, _WRONG_NAME, _WRONG_ADDRESS = 9, 10, 62, 64

_CERTIFICATE_ALERTS = (
    "HANDSHAKE_FAILURE",  # 40, what MG sends to a certificate it does not take
    "BAD_CERTIFICATE",  # 42, AM and PR
    "UNSUPPORTED_CERTIFICATE",  # 43
    "CERTIFICATE_REVOKED",  # 44
    "CERTIFICATE_EXPIRED",  # 45
    "CERTIFICATE_UNKNOWN",  # 46, GO
    "ALERT_UNKNOWN_CA",  # 48
    "ACCESS_DENIED",  # 49
    "CERTIFICATE_REQUIRED",  # 116
)


@dataclass(frozen=True)
class Called:
    """Who was called, in words: "SEFAZ", "o endereço da UF"; and whether a certificate was presented to it."""

    name: str
    address: str
    with_certificate: bool


def network_failure(error: BaseException, address: str, called: Called, *, sent: str, answered: bool) -> Failure:
    """The failure behind an exception of httpx.

    `sent` is the method of the message; `answered` tells whether the server had begun an HTTP answer.
    """
    import httpx

    causes = list(_causes(error))
    host = httpx.URL(address).host
    details = f"{sent} {address}\n" + "\n".join(f"{type(cause).__name__}: {cause}" for cause in causes)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _untrusted(cause, host, called, details)
    if isinstance(error, httpx.TimeoutException):
        return _timeout(isinstance(error, httpx.ConnectTimeout), host, called, details)
    if isinstance(error, httpx.ProxyError):
        return Failure(
            FailureKind.NETWORK,
            f"O proxy da rede não deixou chegar a {host}.",
            "Ele recusou a conexão ou pediu senha.",
            "Peça à informática para liberar este endereço no proxy, sem inspeção de TLS.",
            details,
        )
    for cause in causes:
        if isinstance(cause, socket.gaierror | UnicodeError):
            return Failure(
                FailureKind.NETWORK,
                f"O nome {host} não foi encontrado na internet.",
                f"Este computador está sem internet, o DNS falhou, ou {called.address} está errado.",
                f"Confira a conexão; se outras páginas abrem, confira {called.address}.",
                details,
            )
    alert = next((c.reason or "" for c in causes if isinstance(c, ssl.SSLError)), "")
    if called.with_certificate and any(name in alert for name in _CERTIFICATE_ALERTS):
        return _refused_certificate(
            f"O servidor {host} recusou o certificado da filial.", f"Ele encerrou o TLS com “{alert}”.", details
        )
    dropped = any(
        isinstance(c, ConnectionResetError | ConnectionAbortedError | BrokenPipeError | ssl.SSLEOFError) for c in causes
    )
    if answered:
        return Failure(
            FailureKind.NETWORK,
            f"A conexão com {host} caiu no meio da resposta.",
            "A internet oscilou ou o servidor parou.",
            "Tente de novo.",
            details,
        )
    if dropped or (isinstance(error, httpx.RemoteProtocolError) and "disconnected" in str(error)):
        what = f"O servidor {host} cortou a conexão sem responder."
        if called.with_certificate:
            why = "É assim que algumas SEFAZ recusam um certificado; também pode ser a rede."
            return _refused_certificate(what, why, details)
        return Failure(
            FailureKind.NETWORK,
            what,
            "O serviço está sobrecarregado, ou um equipamento da rede não deixa passar a chamada.",
            "Tente mais tarde; se outras páginas abrem, peça à informática para liberar o endereço.",
            details,
        )
    if alert:
        return Failure(
            FailureKind.NETWORK,
            f"Não foi possível combinar a criptografia com {host}.",
            f"O TLS parou com “{alert}”: o endereço pode não ser da {called.name}, ou um equipamento da rede o "
            "intercepta.",
            f"Confira {called.address} e peça à informática para liberar *.gov.br sem inspeção de TLS.",
            details,
        )
    if isinstance(error, httpx.RemoteProtocolError):
        return Failure(
            FailureKind.HTTP,
            f"O servidor {host} respondeu algo que não é HTTP.",
            "O endereço ou a porta podem não ser os do serviço.",
            f"Confira {called.address}.",
            details,
        )
    return Failure(
        FailureKind.NETWORK,
        f"Não foi possível conectar a {host}.",
        "A conexão foi recusada ou não há caminho até o servidor: internet, firewall ou serviço fora do ar.",
        "Confira a conexão e o firewall; se outras páginas abrem, tente mais tarde.",
        details,
    )


def cancelled() -> Failure:
    """The failure of a consultation that somebody cancelled."""
    return Failure(FailureKind.CANCELLED, "A consulta foi cancelada.", "", "Consulte de novo quando quiser.")


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _timeout(connecting: bool, host: str, called: Called, details: str) -> Failure:
    if connecting:
        return Failure(
            FailureKind.TIMEOUT,
            f"O servidor {host} não aceitou a conexão a tempo.",
            "O serviço está fora do ar, ou um firewall descarta a conexão.",
            f"Tente mais tarde; se outras páginas abrem, o problema é da {called.name}.",
            details,
        )
    return Failure(
        FailureKind.TIMEOUT,
        f"O servidor {host} aceitou a consulta e não respondeu a tempo.",
        f"O serviço da {called.name} está lento ou parado.",
        "Tente mais tarde.",
        details,
    )


def _untrusted(error: ssl.SSLCertVerificationError, host: str, called: Called, details: str) -> Failure:
    what = f"O servidor {host} não provou que é quem diz ser, e nada foi enviado a ele."
    if error.verify_code in (_WRONG_NAME, _WRONG_ADDRESS):
        cause = "O certificado que ele apresentou é de outro nome."
        todo = f"Confira {called.address} e se a rede não desvia a conexão (proxy, antivírus, DNS)."
    elif error.verify_code in (_EXPIRED, _NOT_YET_VALID):
        cause = "O certificado que ele apresentou está vencido ou ainda não começou a valer."
        todo = (
            "Confira a data e a hora deste computador; "
            f"se estão certas, aguarde a {called.name} trocar o certificado dela."
        )
    else:
        cause = "A autoridade que emitiu o certificado dele não está entre as que este programa conhece."
        todo = (
            f"Se a {called.name} trocou de autoridade, grave o certificado raiz em “ac_adicionais.pem”, na pasta de "
            "dados; se um antivírus ou proxy inspeciona a conexão, exclua *.gov.br da inspeção."
        )
    return Failure(
        FailureKind.TRUST, what, cause, todo, f"{details}\nX509_V_ERR {error.verify_code}: {error.verify_message}"
    )


def _refused_certificate(what: str, cause: str, details: str) -> Failure:
    return Failure(
        FailureKind.CERTIFICATE,
        what,
        f"{cause} Provavelmente o certificado está vencido, revogado, ou é de uma cadeia que ele não conhece.",
        "Confira a validade do certificado e instale o PFX com a cadeia completa; se está em ordem, tente mais tarde.",
        details,
    )
