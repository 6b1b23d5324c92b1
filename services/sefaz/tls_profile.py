"""How the TLS of each SEFAZ's server behaves, as measured: `resources/sefaz_tls.toml`."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, NoReturn
from urllib.parse import urlsplit

from services import RESOURCES
from services.certificate import SECURITY_LEVEL
from services.override_file import parse_table
from services.sefaz.endpoints import Endpoint

SHIPPED = RESOURCES / "sefaz_tls.toml"


class CertificateRequest(Enum):
    """When a server asks for the client's certificate."""

    HANDSHAKE = "aperto_de_mao"
    OPTIONAL = "opcional"
    RENEGOTIATION = "renegociacao"

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        return {
            CertificateRequest.HANDSHAKE: "na negociação inicial",
            CertificateRequest.OPTIONAL: "na negociação inicial, sem exigir",
            CertificateRequest.RENEGOTIATION: "depois de receber a consulta (renegociação)",
        }[self]


@dataclass(frozen=True)
class TlsProfile:
    """What is known of one server.

    `security_level` is the lowest of OpenSSL's with which it may be called: 2 as every other, or 1 when a 1024-bit DH
    key may be accepted on a second try. `source` and `checked_on` say where the facts come from; `note` may be "".
    """

    host: str
    asks_certificate: CertificateRequest
    ciphers: str
    root: str
    without_certificate: str
    security_level: int
    source: str
    checked_on: date
    note: str = ""

    @property
    def measured(self) -> str:
        """All of it in one line, for the details of a failure."""
        note = f" ({self.note})" if self.note else ""
        return (
            f"Medido em {self.checked_on:%d/%m/%Y}: pede o certificado {self.asks_certificate.label}; sem ele, "
            f"{self.without_certificate}; cifras {self.ciphers}; raiz {self.root}{note}."
        )


class InvalidTlsProfiles(ValueError):
    """The table cannot be used; the message is a sentence naming the file, the host and the key."""


_FIELDS = {
    "pede_certificado": "asks_certificate",
    "cifras": "ciphers",
    "raiz": "root",
    "sem_certificado": "without_certificate",
    "nivel_seguranca": "security_level",
    "fonte": "source",
    "conferido_em": "checked_on",
    "observacao": "note",
}
_OPTIONAL = {"observacao"}


def tls_profile(host: str) -> TlsProfile | None:
    """What is known of that server; None when it was never measured."""
    return _shipped().get(host.lower().rstrip("."))


def security_level(endpoint: Endpoint) -> int:
    """The lowest of OpenSSL's security levels with which that UF may be asked: the administrator's or, without one, its
    host's."""
    if endpoint.security_level:
        return endpoint.security_level
    profile = tls_profile(urlsplit(endpoint.production).hostname or "")
    return SECURITY_LEVEL if profile is None else profile.security_level


def read_profiles(text: str, file: str) -> dict[str, TlsProfile]:
    """The profiles that the text of a file called `file` has, by host. Raises InvalidTlsProfiles."""
    profiles = {}
    for host, table in parse_table(text, file, InvalidTlsProfiles).items():
        if not isinstance(table, dict):
            _refuse(file, host, None, "deveria ser uma tabela")
        values = {}
        for key, value in table.items():
            if key not in _FIELDS:
                _refuse(file, host, key, f"não existe; as chaves são {', '.join(_FIELDS)}")
            values[_FIELDS[key]] = _checked(file, host, key, value)
        for key in _FIELDS.keys() - _OPTIONAL - table.keys():
            _refuse(file, host, key, "não foi dada")
        profiles[host] = TlsProfile(host, **values)
    return profiles


@functools.cache
def _shipped() -> Mapping[str, TlsProfile]:
    return read_profiles(SHIPPED.read_text("utf-8"), SHIPPED.name)


def _checked(file: str, host: str, key: str, value: object) -> Any:
    match key:
        case "pede_certificado":
            requests = {request.value: request for request in CertificateRequest}
            if not isinstance(value, str) or value not in requests:
                _refuse(file, host, key, f"deve ser uma destas: {', '.join(requests)}")
            return requests[value]
        case "nivel_seguranca":
            if isinstance(value, bool) or value not in (1, 2):
                _refuse(file, host, key, "deve ser 1 ou 2")
            return value
        case "conferido_em":
            if not isinstance(value, date) or isinstance(value, datetime):
                _refuse(file, host, key, "deve ser uma data, como 2026-09-25")
            return value
        case _:
            if not isinstance(value, str) or not value.strip():
                _refuse(file, host, key, "deve ser um texto")
            return value.strip()


def _refuse(file: str, host: str, key: str | None, why: str) -> NoReturn:
    raise InvalidTlsProfiles(f"No arquivo {file}, servidor {host}{f', a chave “{key}”' if key else ''} {why}.")
