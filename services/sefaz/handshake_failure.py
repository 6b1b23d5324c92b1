"""Explains to the operator why a handshake of `tls_probe` failed, as that of a call of httpx is explained."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

import httpx

from app.domain import Failure, FailureKind
from services.network_failure import Called, network_failure
from services.sefaz import server_chain
from services.sefaz.server_chain import SentCertificate
from services.tls_socket import HandshakeFailed


def handshake_failure(
    error: OSError,
    chain: Sequence[SentCertificate],
    address: str,
    called: Called,
    *,
    with_system: bool,
    lowered: bool = False,
) -> Failure:
    """The failure behind the error of a handshake with a server that sent that chain.

    `with_system` tells whether the system's authorities were believed; `lowered` is as in `network_failure`.
    """
    if isinstance(error, TimeoutError):
        return Failure(
            FailureKind.TIMEOUT,
            f"O servidor {httpx.URL(address).host} aceitou a conexão e não combinou a criptografia a tempo.",
            "O serviço está lento ou parado, ou um equipamento da rede segura a conexão.",
            f"Tente mais tarde; se outras páginas abrem, peça à informática para liberar {called.domain} sem inspeção "
            "de TLS.",
            f"TLS {address}",
        )
    path = server_chain.path(chain)
    missing = path[-1].issuer if path and isinstance(error, ssl.SSLCertVerificationError) else ""
    how_far = HandshakeFailed(str(error), begun=bool(chain), missing_issuer=missing, with_system=with_system)
    how_far.__cause__ = error
    met = httpx.ConnectError(str(how_far))
    met.__cause__ = how_far
    return network_failure(met, address, called, sent="TLS", answered=False, lowered=lowered)
