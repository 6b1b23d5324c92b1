"""A certification authority for demonstration: servers on loopback and e-CNPJ A1 files shaped like ICP-Brasil's.

Nothing it issues is worth anything outside a program that was told to trust its root.
"""

from __future__ import annotations

import os
import secrets
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from services.certificate import load_chain

# otherName of ICP-Brasil (DOC-ICP-04): data of the person, responsible's name, CNPJ, responsible's data
PERSON = ObjectIdentifier("2.16.76.1.3.1")
RESPONSIBLE = ObjectIdentifier("2.16.76.1.3.2")
CNPJ = ObjectIdentifier("2.16.76.1.3.3")
RESPONSIBLE_DATA = ObjectIdentifier("2.16.76.1.3.4")

_YEAR = timedelta(days=365)
_FILES = ("raiz.pem", "intermediaria.pem", "raiz.key.pem", "intermediaria.key.pem")


class DemoAuthority:
    """A root and one intermediate authority, with what they issue. Make one with `create` or `load`.

    Authority keys are EC P-256, which cost nothing to create; what is issued has RSA 2048 as the real ones do.
    """

    def __init__(
        self,
        root: x509.Certificate,
        intermediate: x509.Certificate,
        root_key: ec.EllipticCurvePrivateKey,
        intermediate_key: ec.EllipticCurvePrivateKey,
    ) -> None:
        self.root = root
        self.intermediate = intermediate
        self._root_key = root_key
        self._intermediate_key = intermediate_key

    @classmethod
    def create(cls) -> DemoAuthority:
        """A new authority, valid from ten years ago to twenty years ahead so that it may issue expired certificates."""
        now = datetime.now(UTC)
        begin, end = now - 10 * _YEAR, now + 20 * _YEAR
        root_key = ec.generate_private_key(ec.SECP256R1())
        intermediate_key = ec.generate_private_key(ec.SECP256R1())
        root_name = _name("Autoridade Certificadora de Demonstração", "AC Raiz Demonstração v1")
        root = _authority(root_name, root_key, root_name, root_key, begin, end, path_length=1)
        intermediate_name = _name("AC Raiz Demonstração v1", "AC Demonstração RFB G1")
        intermediate = _authority(intermediate_name, intermediate_key, root_name, root_key, begin, end, path_length=0)
        return cls(root, intermediate, root_key, intermediate_key)

    @classmethod
    def load(cls, folder: Path) -> DemoAuthority:
        """The authority that `save` left in `folder`. FileNotFoundError when there is none."""
        root, intermediate, root_key, intermediate_key = ((folder / name).read_bytes() for name in _FILES)
        return cls(
            x509.load_pem_x509_certificate(root),
            x509.load_pem_x509_certificate(intermediate),
            _authority_key(root_key),
            _authority_key(intermediate_key),
        )

    def save(self, folder: Path) -> None:
        """Keep the authority in `folder`, for a later `load`; `raiz.pem` there is the file a client may trust.

        The keys are files only their owner reads: they guard nothing but a demonstration.
        """
        folder.mkdir(parents=True, exist_ok=True)
        contents = (
            self.ca_pem,
            _pem(self.intermediate),
            _key_pem(self._root_key, serialization.NoEncryption()),
            _key_pem(self._intermediate_key, serialization.NoEncryption()),
        )
        for name, content in zip(_FILES, contents, strict=True):
            target = folder / name
            target.unlink(missing_ok=True)
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)

    @property
    def ca_pem(self) -> bytes:
        """The root alone, as PEM: what a client of the demonstration adds to its trust."""
        return _pem(self.root)

    def sign(
        self,
        subject: x509.Name,
        key: rsa.RSAPublicKey,
        names: Sequence[x509.GeneralName],
        usage: ObjectIdentifier,
        *,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> x509.Certificate:
        """A leaf certificate signed by the intermediate, valid now and for one year unless told otherwise."""
        if not_before is None:
            hour_ago = datetime.now(UTC) - timedelta(hours=1)
            not_before = hour_ago if not_after is None else min(hour_ago, not_after - _YEAR)
        if not_after is None:
            not_after = not_before + _YEAR
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.intermediate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._intermediate_key.public_key()), critical=False
            )
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._intermediate_key, hashes.SHA256())

    @cached_property
    def _server_key(self) -> rsa.RSAPrivateKey:
        # One for all servers: an RSA key is slow to make.
        return _new_key()

    def server_context(
        self,
        hosts: Sequence[str] = ("localhost", "127.0.0.1"),
        *,
        require_client: bool = True,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> ssl.SSLContext:
        """A server's context as SEFAZ's are: TLS 1.2 only, its certificate for `hosts`, a client certificate required.

        Clients are accepted when this authority issued them, even if they send only the leaf. Hosts and validity are
        free, so that a wrong name or an expired server can be imitated; for an unknown issuer use another authority.
        """
        key = self._server_key
        leaf = self.sign(
            _name("Servidor de demonstração", hosts[0]),
            key.public_key(),
            [_host(name) for name in hosts],
            ExtendedKeyUsageOID.SERVER_AUTH,
            not_before=not_before,
            not_after=not_after,
        )
        password = secrets.token_urlsafe(32)
        encrypted = _key_pem(key, serialization.BestAvailableEncryption(password.encode()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        load_chain(context, _pem(leaf) + _pem(self.intermediate), encrypted, password)
        if require_client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=(self.ca_pem + _pem(self.intermediate)).decode("ascii"))
        return context

    def issue_pfx(
        self,
        cnpj: str,
        holder: str,
        password: str,
        *,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        with_chain: bool = True,
        legacy: bool = False,
        with_key: bool = True,
        cnpj_oid: bool = True,
    ) -> bytes:
        """An A1 file for `holder`: an e-CNPJ, or an e-CPF when `cnpj` has 11 digits.

        `legacy` protects it as older issuers did (PBE with SHA-1 and 3DES); `cnpj_oid=False` leaves the document only
        in the common name; `with_key=False` gives the useless file people export without the private key.
        """
        key = _new_key()
        model = "RFB e-CPF A1" if len(cnpj) == 11 else "RFB e-CNPJ A1"
        leaf = self.sign(
            _name(model, f"{holder}:{cnpj}"),
            key.public_key(),
            _holder_names(cnpj) if cnpj_oid else [],
            ExtendedKeyUsageOID.CLIENT_AUTH,
            not_before=not_before,
            not_after=not_after,
        )
        protection: serialization.KeySerializationEncryption
        if legacy:
            protection = (
                serialization.PrivateFormat.PKCS12.encryption_builder()
                .kdf_rounds(2048)
                .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
                .hmac_hash(hashes.SHA1())
                .build(password.encode())
            )
        else:
            protection = serialization.BestAvailableEncryption(password.encode())
        return pkcs12.serialize_key_and_certificates(
            holder.encode(),
            key if with_key else None,
            leaf,
            [self.intermediate, self.root] if with_chain else None,
            protection,
        )


def other_name(oid: ObjectIdentifier, text: str, *, tag: int = 0x04) -> x509.OtherName:
    """An otherName holding `text` (under 128 bytes) as a DER string; issuers vary the tag, OCTET STRING by default."""
    value = text.encode()
    return x509.OtherName(oid, bytes((tag, len(value))) + value)


def _holder_names(document: str) -> list[x509.GeneralName]:
    birth_and_cpf = "01011980" + (document if len(document) == 11 else "0" * 11)
    data = birth_and_cpf + "0" * 11 + "0" * 15 + "SSPSP"
    mail = x509.RFC822Name("contato@demonstracao.example")
    if len(document) == 11:
        return [mail, other_name(PERSON, data)]
    return [
        mail,
        other_name(RESPONSIBLE_DATA, data),
        other_name(RESPONSIBLE, "RESPONSAVEL DE DEMONSTRACAO"),
        other_name(CNPJ, document),
    ]


def _authority(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    begin: datetime,
    end: datetime,
    *,
    path_length: int,
) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=not authority,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _name(unit: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "BR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Demonstração sem validade"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, protection: serialization.KeySerializationEncryption
) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)


def _authority_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("The demonstration authority's key is EC")
    return key
