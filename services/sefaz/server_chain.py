"""Describes the certificates that a server sends, and whether the authorities it accepts include the branch's.

Importing this module imports cryptography, so only a diagnosis does it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

_Key = tuple[tuple[str, str], ...]

# What cryptography raises for certificates and names that are none, or that break the rules.
_UNREADABLE = (ValueError, TypeError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)


@dataclass(frozen=True)
class SentCertificate:
    """One certificate as sent. Names are those a person knows it by; validity is aware UTC, None when unreadable.

    `hosts` are the names and addresses that it is for.
    """

    subject: str
    issuer: str
    not_before: datetime | None
    not_after: datetime | None
    sha256: str
    hosts: tuple[str, ...] = ()
    subject_key: _Key = field(default=(), repr=False)
    issuer_key: _Key = field(default=(), repr=False)
    issuer_der: bytes = field(default=b"", repr=False)

    @property
    def is_root(self) -> bool:
        """Whether it was issued by itself."""
        return self.subject_key == self.issuer_key


def described(der: bytes) -> SentCertificate:
    """What that certificate says of itself. One that cannot be read is told by its SHA-256 alone."""
    sha256 = hashlib.sha256(der).hexdigest()
    try:
        found = x509.load_der_x509_certificate(der)
        return SentCertificate(
            _known_as(found.subject),
            _known_as(found.issuer),
            found.not_valid_before_utc,
            found.not_valid_after_utc,
            sha256,
            _hosts(found),
            _key(found.subject),
            _key(found.issuer),
            found.issuer.public_bytes(),
        )
    except _UNREADABLE:
        return SentCertificate("certificado ilegível", "", None, None, sha256)


def path(chain: Sequence[SentCertificate]) -> list[SentCertificate]:
    """The server's certificate and, of those sent with it, the issuers that lead up from it, in order."""
    if not chain:
        return []
    found, others = [chain[0]], list(chain[1:])
    while not found[-1].is_root:
        issuer = next((other for other in others if other.subject_key == found[-1].issuer_key), None)
        if issuer is None:
            break
        found.append(issuer)
        others.remove(issuer)
    return found


def above(chain: Sequence[SentCertificate], authorities: Sequence[bytes]) -> str:
    """The name of the one among those authorities (DER) that stands above what a server sent; "" when none does."""
    found = _issuer(path(chain)[-1], authorities) if chain else None
    return "" if found is None else found.subject


@dataclass(frozen=True)
class Acceptance:
    """How the branch's certificate fits the list of authorities that a server says it accepts.

    `root` is the topmost issuer of the branch's certificate that is known; `is_known_root` tells whether it is the
    root itself. `listed` tells whether the list has any issuer of the certificate.
    """

    root: str
    is_known_root: bool
    listed: bool


def acceptance(accepted: Iterable[bytes], chain_pem: bytes, authorities: Sequence[bytes]) -> Acceptance:
    """Compare a server's list (DER names) with the issuers of the branch's `chain_pem`.

    A PFX often has no more than its own certificate: the rest is climbed through `authorities` (DER certificates).
    """
    climbed = path(
        [described(found.public_bytes(Encoding.DER)) for found in x509.load_pem_x509_certificates(chain_pem)]
    )
    while not climbed[-1].is_root:
        issuer = _issuer(climbed[-1], authorities)
        if issuer is None or issuer in climbed:
            break
        climbed.append(issuer)
    names = {one.issuer_key for one in climbed}
    return Acceptance(climbed[-1].issuer, climbed[-1].is_root, any(_name_key(der) in names for der in accepted))


def _issuer(one: SentCertificate, authorities: Sequence[bytes]) -> SentCertificate | None:
    # Only those with the name in them are read: reading hundreds would take longer than the handshake.
    found = (described(der) for der in authorities if one.issuer_der in der)
    return next((other for other in found if other.subject_key == one.issuer_key), None)


def name_of(der: bytes) -> str:
    """A distinguished name as a person knows it; "nome ilegível" when it cannot be read."""
    try:
        return _known_as(x509.Name.from_bytes(der))
    except _UNREADABLE:
        return "nome ilegível"


def _name_key(der: bytes) -> _Key:
    try:
        return _key(x509.Name.from_bytes(der))
    except _UNREADABLE:
        return (("", der.hex()),)


def _known_as(name: x509.Name) -> str:
    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.ORGANIZATION_NAME):
        found = name.get_attributes_for_oid(oid)
        if found:
            return _text(found[0].value)
    return name.rfc4514_string()


def _key(name: x509.Name) -> _Key:
    # The same name may be written in another kind of string, in other case or with other blanks (RFC 5280 §7.1).
    return tuple((part.oid.dotted_string, _text(part.value).casefold()) for part in name)


def _text(value: str | bytes) -> str:
    return " ".join((value if isinstance(value, str) else value.hex()).split())


def _hosts(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return (
        *names.get_values_for_type(x509.DNSName),
        *(str(address) for address in names.get_values_for_type(x509.IPAddress)),
    )
