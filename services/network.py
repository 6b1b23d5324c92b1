"""The way out of this computer to the internet, as its settings have it: by which proxy, and whom to believe."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from app import secrets
from app.domain import Failure, FailureKind
from app.folders import Folders
from app.kinds import is_this_computer
from app.network_profile import NetworkProfile
from app.policies import ProxyUse
from app.settings.machine import MachineFileError, MachineStore
from app.settings.repository import SettingsRepository
from services import system_proxy
from services.certificate import CertificateUnusable
from services.proxy import PLACE, NoWayOut, Proxy, ProxySource, basic
from services.system_trust import system_authorities

_SAME_AUTHORITIES_S = 60.0
"""How long what was read of the system's authorities will do: an installed one is believed within a minute."""


@dataclass(frozen=True)
class Trust:
    """Whose certificates are believed besides the program's own: those of a PEM file of the administrator's, None
    without it, and those of the system, as DER, when the settings say so."""

    additional_ca: Path | None = None
    system: tuple[bytes, ...] = field(default=(), repr=False)


class Network:
    """What the settings say now: they are read again whenever their file changes. For any thread."""

    def __init__(self, folders: Folders, read_password: Callable[[str], str | None] = secrets.read) -> None:
        self._folders = folders
        self._settings = SettingsRepository(MachineStore(folders.machine_file), None)
        self._read_password = read_password
        self._system: tuple[float, tuple[bytes, ...]] | None = None

    def proxy_to(self, host: str) -> Proxy | None:
        """The proxy by which that host is reached, None for no proxy; never one to this computer. Raises NoWayOut."""
        if is_this_computer(host):
            return None
        try:
            profile = NetworkProfile.of(self._settings.current())
        except MachineFileError as error:
            raise NoWayOut(Failure(FailureKind.CONFIGURATION, str(error), "", "")) from error
        return proxy_of(profile, host, self._read_password)

    def trust(self) -> Trust:
        """Whom to believe. Raises CertificateUnusable."""
        try:
            profile = NetworkProfile.of(self._settings.current())
        except MachineFileError as error:
            raise CertificateUnusable(str(error)) from error
        return trust_of(profile, self._folders, self._authorities)

    def _authorities(self) -> tuple[bytes, ...]:
        known, now = self._system, time.monotonic()
        if known is None or now - known[0] > _SAME_AUTHORITIES_S:
            self._system = known = (now, system_authorities())
        return known[1]


def trust_of(profile: NetworkProfile, folders: Folders, authorities: Callable[[], tuple[bytes, ...]]) -> Trust:
    """Whom to believe by that profile; `authorities` gives the system's, or raises OSError.

    Raises CertificateUnusable.
    """
    additional = folders.additional_ca_file
    try:
        system = authorities() if profile.system_trust else ()
    except OSError as error:
        raise CertificateUnusable(
            f"Não foi possível ler as autoridades em que o sistema confia: {error.strerror or error}. "
            f"Desligue “Confiar também nas autoridades do sistema”, em {PLACE}, ou corrija a permissão."
        ) from error
    return Trust(additional if additional.exists() else None, system)


def proxy_of(profile: NetworkProfile, host: str, read_password: Callable[[str], str | None]) -> Proxy | None:
    """The proxy by which a host that is not this computer is reached by that profile. Raises NoWayOut."""
    match profile.proxy:
        case ProxyUse.NONE:
            return None
        case ProxyUse.SYSTEM:
            return _of_system(host)
        case ProxyUse.ADDRESS:
            return _of_settings(profile, read_password)


def _of_settings(profile: NetworkProfile, read_password: Callable[[str], str | None]) -> Proxy:
    if not profile.host:
        raise _not_set("Falta o endereço do proxy deste computador.", "Informe o servidor proxy")
    if not profile.user:
        return Proxy(profile.host, profile.port, ProxySource.SETTINGS)
    if ":" in profile.user:
        raise _not_set("O usuário do proxy não pode ter dois-pontos.", "Corrija o usuário do proxy")
    try:
        password = read_password(profile.secret)
    except secrets.SecretsUnavailable as error:
        raise NoWayOut(Failure(FailureKind.CONFIGURATION, str(error), "", "")) from error
    if password is None:
        raise _not_set(
            "A senha do proxy não está no cofre de senhas em uso neste computador.", "Informe a senha do proxy"
        )
    return Proxy(profile.host, profile.port, ProxySource.SETTINGS, basic(profile.user, password))


def _of_system(host: str) -> Proxy | None:
    address = system_proxy.address()
    if not address or system_proxy.excepts(host):
        return None
    source = ProxySource.ENVIRONMENT if system_proxy.is_of_environment() else ProxySource.WINDOWS
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        name, port = parts.hostname, parts.port or 80
    except ValueError:
        name = None
    if not name:
        raise _not_set(f"O endereço do proxy que vem {source.value} não se entende.", "Escolha o proxy")
    if parts.scheme.casefold() != "http":
        raise _not_set(
            f"O proxy que vem {source.value} é do tipo “{parts.scheme}”, e este programa só usa proxies HTTP.",
            "Escolha outro proxy, ou nenhum,",
        )
    login = basic(unquote(parts.username), unquote(parts.password or "")) if parts.username else ""
    return Proxy(name, port, source, login)


def _not_set(what: str, todo: str) -> NoWayOut:
    return NoWayOut(Failure(FailureKind.CONFIGURATION, what, "Nada foi enviado.", f"{todo} em {PLACE}."))
