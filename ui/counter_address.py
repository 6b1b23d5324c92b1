"""Where the counters find the integration service: the addresses to give them, and what to know about one."""

from __future__ import annotations

import ipaddress

from app.kinds import is_this_computer
from app.settings.catalog import INTEGRATION_ADDRESS, INTEGRATION_CERTIFICATE, INTEGRATION_PORT
from app.settings.snapshot import Snapshot
from services.integration.listening import url

ONLY_HERE = (
    "Neste endereço só programas deste computador são atendidos. Para atender a rede, informe o endereço dele nela; "
    "0.0.0.0 atende todas as redes dele."
)
NOT_ENCRYPTED = (
    "Sem certificado, os dados dos clientes e os tokens dos balcões passam pela rede sem criptografia, e quem estiver "
    "nela pode lê-los. Use assim só em uma rede de confiança, ou informe um certificado."
)


def addresses(snapshot: Snapshot) -> tuple[str, ...]:
    """What a counter is told to call: one address, or one for each network where the service answers in all."""
    host, port = snapshot[INTEGRATION_ADDRESS], snapshot[INTEGRATION_PORT]
    hosts = _own_addresses(ipaddress.ip_address(host).version) if _is_every_network(host) else (host,)
    return tuple(url(each, port, encrypted=bool(snapshot[INTEGRATION_CERTIFICATE])) for each in hosts)


def warning(snapshot: Snapshot) -> str:
    """What whoever chose this address ought to know; "" when there is nothing."""
    if is_this_computer(snapshot[INTEGRATION_ADDRESS]):
        return ONLY_HERE
    return "" if snapshot[INTEGRATION_CERTIFICATE] else NOT_ENCRYPTED


def _is_every_network(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _own_addresses(version: int) -> tuple[str, ...]:
    """This computer's addresses in its networks; its name while it is in none."""
    from PySide6.QtNetwork import QAbstractSocket, QHostInfo, QNetworkInterface

    wanted = [QAbstractSocket.NetworkLayerProtocol.IPv4Protocol]
    if version == 6:
        wanted.append(QAbstractSocket.NetworkLayerProtocol.IPv6Protocol)
    found = tuple(
        address.toString()
        for address in QNetworkInterface.allAddresses()
        if address.protocol() in wanted and not address.isLoopback() and not address.isLinkLocal()
    )
    return found or (QHostInfo.localHostName(),)
