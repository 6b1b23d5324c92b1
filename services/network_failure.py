"""Explains to the operator why an authority could not be reached."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.domain import Failure, FailureKind
from services.proxy import PLACE, NoWayOut, ProxyFailed, proxy_failure
from services.tls_socket import HandshakeFailed

# X509_V_ERR_* of OpenSSL (x509_vfy.h)
_NOT_YET_VALID, _EXPIRED, _WRONG_NAME, _WRONG_ADDRESS = 9, 10, 62, 64
_SELF_SIGNED = (18, 19)
_UNKNOWN_ISSUER = (2, 20, 21, *_SELF_SIGNED)

_DH_KEY_TOO_SMALL = "DH_KEY_TOO_SMALL"
_NO_SHARED_CIPHER = "HANDSHAKE_FAILURE"  # 40, from a server that has not presented itself

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
    """Who was called, in words: "SEFAZ", "o endereço da UF"; whether a certificate was presented to it; and the names
    that a network must not inspect for it."""

    name: str
    address: str
    with_certificate: bool
    domain: str = "*.gov.br"


def network_failure(
    error: BaseException,
    address: str,
    called: Called,
    *,
    sent: str,
    answered: bool,
    clock_warning: str = "",
    lowered: bool = False,
) -> Failure:
    """The failure behind an exception of httpx.

    `sent` is the method of the message; `answered` tells whether the server had begun an HTTP answer. `clock_warning`
    is what is known to be wrong with this computer's clock; `lowered` tells that a 1024-bit DH key was to be accepted.
    """
    import httpx

    causes = list(_causes(error))
    host = httpx.URL(address).host
    details = f"{sent} {address}\n" + "\n".join(f"{type(cause).__name__}: {cause}" for cause in causes)
    notes = dict.fromkeys(note for cause in causes for note in getattr(cause, "__notes__", ()))
    details = "\n".join((details, *notes))
    if lowered:
        details += "\nSegunda tentativa, com nível de segurança 1: a primeira parou numa chave DH pequena demais."
    handshake = next((c for c in causes if isinstance(c, HandshakeFailed)), None)
    for cause in causes:
        if isinstance(cause, NoWayOut):
            return replace(cause.failure, details=details)
        if isinstance(cause, ProxyFailed):
            return proxy_failure(cause, host, details)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _untrusted(cause, handshake, host, called, details, clock_warning)
    if isinstance(error, httpx.TimeoutException):
        return _timeout(isinstance(error, httpx.ConnectTimeout), host, called, details)
    for cause in causes:
        if isinstance(cause, socket.gaierror | UnicodeError):
            return Failure(
                FailureKind.NETWORK,
                f"O nome {host} não foi encontrado na internet.",
                "Este computador está sem internet ou só sai por um proxy, o DNS falhou, ou "
                f"{called.address} está errado.",
                f"Confira a conexão; se outras páginas abrem, confira {called.address}, e o proxy em {PLACE}.",
                details,
            )
    reason = next((c.reason or "" for c in causes if isinstance(c, ssl.SSLError)), "")
    met = handshake is None or handshake.begun  # the server had presented itself
    encryption = _encryption(reason, met, called, lowered)
    if encryption is not None:
        what, cause_, todo = encryption
        return Failure(FailureKind.ENCRYPTION, what.format(host=host), cause_, todo.format(name=called.name), details)
    if called.with_certificate and any(name in reason for name in _CERTIFICATE_ALERTS):
        what = f"O servidor {host} recusou o certificado da filial."
        return _refused_certificate(what, f"Ele encerrou o TLS com “{reason}”.", details, clock_warning)
    if answered:
        return Failure(
            FailureKind.NETWORK,
            f"A conexão com {host} caiu no meio da resposta.",
            "A internet oscilou ou o servidor parou.",
            "Tente de novo.",
            details,
        )
    dropped = any(
        isinstance(c, ConnectionResetError | ConnectionAbortedError | BrokenPipeError | ssl.SSLEOFError) for c in causes
    )
    if dropped and isinstance(error, httpx.ConnectError) and not (handshake is not None and handshake.begun):
        return Failure(
            FailureKind.NETWORK,
            f"A conexão com {host} foi cortada antes de o TLS começar.",
            "Um firewall ou outro equipamento da rede não deixa passar a conexão, ou o serviço está fora do ar. "
            "Nenhum certificado chegou a ser apresentado.",
            "Peça à informática para liberar este endereço; se outras páginas abrem, tente mais tarde.",
            details,
        )
    if dropped or (isinstance(error, httpx.RemoteProtocolError) and "disconnected" in str(error)):
        what = f"O servidor {host} cortou a conexão sem responder."
        if called.with_certificate:
            why = "É assim que algumas SEFAZ recusam um certificado."
            return _refused_certificate(what, why, details, clock_warning)
        return Failure(
            FailureKind.NETWORK,
            what,
            "O serviço está sobrecarregado, ou um equipamento da rede não deixa passar a chamada.",
            "Tente mais tarde; se outras páginas abrem, peça à informática para liberar o endereço.",
            details,
        )
    if reason:
        return Failure(
            FailureKind.NETWORK,
            f"Não foi possível combinar a criptografia com {host}.",
            f"O TLS parou com “{reason}”: o endereço pode não ser da {called.name}, ou um equipamento da rede o "
            "intercepta.",
            f"Confira {called.address} e peça à informática para liberar {called.domain} sem inspeção de TLS.",
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


def dh_key_too_small(error: BaseException) -> bool:
    """Whether a server was left alone because its DH key has less than 2048 bits; nothing was sent to it then."""
    return any(isinstance(cause, ssl.SSLError) and cause.reason == _DH_KEY_TOO_SMALL for cause in _causes(error))


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


def _encryption(reason: str, met: bool, called: Called, lowered: bool) -> tuple[str, str, str] | None:
    """What happened, why and what to do when the server's encryption is none of this program's."""
    certificate = " nem o certificado da filial" if called.with_certificate else ""
    its_own = f"A conexão chegou até ele: não foi a rede{certificate}."
    wait = "Tente mais tarde; se continuar, avise a {name}, que precisa atualizar o servidor."
    if reason == _DH_KEY_TOO_SMALL:
        accept = (
            "Se o endereço é mesmo da {name}, o administrador pode aceitar essa chave: na pasta de dados, em "
            "“sefaz_enderecos.toml”, na tabela da UF, grave nivel_seguranca = 1."
        )
        return (
            "O servidor {host} usa uma chave DH de 1024 bits, curta demais para proteger a consulta, e nada foi "
            "enviado a ele.",
            f"{its_own} Com menos de 2048 bits a conexão pode ser decifrada por terceiros.",
            accept if called.with_certificate and not lowered else wait,
        )
    if reason == "UNSAFE_LEGACY_RENEGOTIATION_DISABLED":
        return (
            "O servidor {host} não tem a renegociação segura do TLS (RFC 5746), e nada foi enviado a ele.",
            f"{its_own} Ele está desatualizado, ou um equipamento da rede responde no lugar dele.",
            wait,
        )
    if reason == "UNSUPPORTED_PROTOCOL" or reason.endswith("ALERT_PROTOCOL_VERSION"):
        return (
            "O servidor {host} só aceita versões antigas do TLS (1.0 ou 1.1), que já não são seguras.",
            f"{its_own} Este programa usa TLS 1.2.",
            wait,
        )
    if not met and reason.endswith((_NO_SHARED_CIPHER, "INSUFFICIENT_SECURITY")):
        return (
            "O servidor {host} não aceita nenhuma das cifras deste programa, e nada foi enviado a ele.",
            f"{its_own} Ele só oferece criptografia antiga, ou um equipamento da rede responde no lugar dele.",
            wait,
        )
    return None


def _untrusted(
    error: ssl.SSLCertVerificationError,
    handshake: HandshakeFailed | None,
    host: str,
    called: Called,
    details: str,
    clock_warning: str,
) -> Failure:
    issuer = handshake.missing_issuer if handshake is not None else ""
    what = f"O servidor {host} não provou que é quem diz ser, e nada foi enviado a ele."
    details = f"{details}\nX509_V_ERR {error.verify_code}: {error.verify_message}"
    if error.verify_code in (_WRONG_NAME, _WRONG_ADDRESS):
        cause = "O certificado que ele apresentou é de outro nome."
        todo = f"Confira {called.address} e se a rede não desvia a conexão (proxy, antivírus, DNS)."
    elif error.verify_code in (_EXPIRED, _NOT_YET_VALID):
        cause = "O certificado que ele apresentou está vencido ou ainda não começou a valer."
        todo = clock_warning or (
            "Confira a data e a hora deste computador; "
            f"se estão certas, aguarde a {called.name} trocar o certificado dela."
        )
    elif error.verify_code in _UNKNOWN_ISSUER:
        named = f", “{issuer}”," if issuer else ""
        cause = (
            f"A autoridade que emitiu o certificado dele{named} não está entre as que este programa conhece, e ele não "
            "a enviou."
            if error.verify_code not in _SELF_SIGNED
            else f"A autoridade raiz do certificado dele{named} não está entre as que este programa conhece."
        )
        with_system = handshake is not None and handshake.with_system
        todo = _of_unknown_issuer(called, with_system=with_system)
        details += f"\nAutoridade que falta: {issuer}" if issuer else ""
        believed = "as do programa e as do sistema" if with_system else "as do programa; as do sistema não"
        details += f"\nAutoridades aceitas: {believed}"
    else:
        cause = f"A verificação do certificado dele parou com “{error.verify_message}”."
        todo = (
            f"Se um antivírus ou proxy inspeciona a conexão, exclua {called.domain} da inspeção; se não, aguarde a "
            f"{called.name} trocar o certificado dela."
        )
    return Failure(FailureKind.TRUST, what, cause, todo, details)


def _of_unknown_issuer(called: Called, *, with_system: bool) -> str:
    """What to do about an authority that is not known; `with_system` when those of the system were believed too."""
    system = "“Confiar também nas autoridades do sistema”"
    file = "grave o certificado dela em “ac_adicionais.pem”, na pasta de dados"
    if called.with_certificate:
        # Whoever inspects the connection cannot present the branch's certificate, so that trusting them is no use.
        new = file if with_system else f"ligue {system}, em {PLACE}, ou {file}"
        return (
            f"Se a {called.name} trocou de autoridade, {new}; se um antivírus ou proxy inspeciona a conexão, exclua "
            f"{called.domain} da inspeção, pela qual o certificado da filial não passa."
        )
    if with_system:
        return (
            f"Se um antivírus ou proxy inspeciona a conexão, exclua {called.domain} da inspeção, ou instale a "
            f"autoridade dele neste computador; se a {called.name} trocou de autoridade, {file}."
        )
    return (
        f"Se um antivírus ou proxy inspeciona a conexão, ligue {system}, em {PLACE}, ou exclua {called.domain} da "
        f"inspeção; se a {called.name} trocou de autoridade, {file}."
    )


def _refused_certificate(what: str, cause: str, details: str, clock_warning: str) -> Failure:
    return Failure(
        FailureKind.CERTIFICATE,
        what,
        f"Não foi a rede: a conexão chegou até ele. {cause} Provavelmente o certificado está vencido, revogado, ou é "
        "de uma cadeia que ele não conhece.",
        f"{clock_warning} Confira a validade do certificado e instale o PFX com a cadeia completa; se está em ordem, "
        "tente mais tarde.".lstrip(),
        details,
    )
