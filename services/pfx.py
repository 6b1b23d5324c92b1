"""Open an A1 certificate file (PFX, PKCS#12) once, at installation: who it belongs to, whether it serves, and its key.

Opening one takes 50 to 200 ms and holds the interpreter meanwhile: do it in a worker, and only when installing.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import warnings
from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.decrepit.ciphers.algorithms import RC2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from app.data.certificates import KEY_PASSWORD
from app.documents import cnpj_root
from app.domain import Certificate, Document, DocumentKind
from app.portuguese import exact
from services.certificate import icp_brasil

# otherName of ICP-Brasil in the subject's alternative names (DOC-ICP-04)
_PERSON = ObjectIdentifier("2.16.76.1.3.1")
_CNPJ = ObjectIdentifier("2.16.76.1.3.3")

# pbeWithSHAAnd128BitRC2-CBC and pbeWithSHAAnd40BitRC2-CBC, 1.2.840.113549.1.12.1.5 and .6 (RFC 7292, appendix C)
_RC2_PROTECTION = (bytes.fromhex("2a864886f70d010c0105"), bytes.fromhex("2a864886f70d010c0106"))
_PFX_VERSION_3 = b"\x02\x01\x03"

Extension = TypeVar("Extension", bound=x509.ExtensionType)


class RefusalReason(Enum):
    """Why a file was not accepted as the branch's certificate."""

    EMPTY = "arquivo_vazio"
    NOT_PFX = "nao_e_pfx"
    TRUNCATED = "arquivo_incompleto"
    WRONG_PASSWORD = "senha_incorreta"
    OLD_PROTECTION = "protecao_antiga_desativada"
    NO_CERTIFICATE = "sem_certificado"
    NO_KEY = "sem_chave_privada"
    KEY_MISMATCH = "chave_de_outro_certificado"
    NOT_FOR_CLIENTS = "nao_serve_para_identificacao"
    PERSON = "e_cpf"
    NO_CNPJ = "sem_cnpj"
    OTHER_COMPANY = "cnpj_de_outra_empresa"
    EXPIRED = "vencido"
    NOT_YET_VALID = "ainda_nao_vale"


class CertificateRefused(Exception):
    """The file cannot be installed; the message is a sentence in Portuguese, which never holds the password."""

    def __init__(self, reason: RefusalReason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


def open_pfx(data: bytes, password: str, *, branch_id: int, branch_cnpj: str, now: datetime) -> tuple[Certificate, str]:
    """The certificate in the file's bytes, ready to be kept, and the new random password of its re-encrypted key.

    The caller puts that password in the keyring under `certificate.secret_name`. Accepted: DER or BER, with bytes after
    its end, or wrapped in base64; protected by RC2, 3DES or AES. Of several certificates the one of the key serves: for
    client authentication and the longest valid. The holder may be any establishment of the branch's company, since the
    MOC lets another CNPJ transmit. `now` is aware. Raises CertificateRefused.
    """
    key, certificates = _opened(_pfx_bytes(data), password)
    leaf = _certificate_of(key, certificates)
    holder, cnpj = _holder(leaf)
    if cnpj_root(cnpj) != cnpj_root(branch_cnpj):
        raise CertificateRefused(
            RefusalReason.OTHER_COMPANY,
            f"O certificado é de {holder}, CNPJ {_shown(cnpj)}, e a empresa é {_shown(branch_cnpj)}: a raiz "
            f"{cnpj_root(cnpj)} difere de {cnpj_root(branch_cnpj)}. Escolha o certificado da empresa (o da matriz "
            "também serve) ou corrija o CNPJ cadastrado.",
        )
    _check_validity(leaf, now)
    chain, root = _chain(leaf, certificates)
    key_password = secrets.token_urlsafe(32)
    fingerprint = leaf.fingerprint(hashes.SHA256()).hex()
    certificate = Certificate(
        branch_id=branch_id,
        holder=holder,
        cnpj=cnpj,
        issuer=_common_name(leaf.issuer),
        root=root,
        serial=f"{leaf.serial_number:x}",
        fingerprint=fingerprint,
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        chain_pem=b"".join(member.public_bytes(serialization.Encoding.PEM) for member in chain),
        key_pem=key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(key_password.encode()),
        ),
        secret_name=f"{KEY_PASSWORD}{fingerprint[:16]}/{secrets.token_hex(8)}",
        installed_at=now,
    )
    return certificate, key_password


def _pfx_bytes(data: bytes) -> bytes:
    """The PKCS#12 structure alone: unwrapped from base64, without what comes after its end."""
    if not data.strip():
        raise CertificateRefused(
            RefusalReason.EMPTY,
            "O arquivo está vazio. Escolha o arquivo .pfx ou .p12 recebido da autoridade certificadora.",
        )
    structure = data if _looks_like_pfx(data) else _from_base64(data)
    if not _looks_like_pfx(structure):
        raise CertificateRefused(
            RefusalReason.NOT_PFX,
            "O arquivo não é um certificado A1. Escolha o arquivo .pfx ou .p12, que traz o certificado e a chave "
            "privada juntos; arquivos .cer, .crt, .pem e .p7b não servem, e certificados A3 (cartão ou token) não "
            "são aceitos.",
        )
    header, length = _der_header(structure)
    if length is None:
        return structure
    if len(structure) < header + length:
        raise CertificateRefused(
            RefusalReason.TRUNCATED,
            f"O arquivo está incompleto: deveria ter {header + length} bytes e tem {len(structure)}. "
            "Copie-o ou baixe-o novamente.",
        )
    return structure[: header + length]


def _looks_like_pfx(data: bytes) -> bool:
    if len(data) < 16 or data[0] != 0x30:
        return False
    header, _ = _der_header(data)
    return data[header : header + 3] == _PFX_VERSION_3


def _der_header(data: bytes) -> tuple[int, int | None]:
    """Size of the header of the first element and length of its content; None for BER's indefinite length."""
    first = data[1]
    if first == 0x80:
        return 2, None
    if first < 0x80:
        return 2, first
    size = first & 0x7F
    return 2 + size, int.from_bytes(data[2 : 2 + size], "big")


def _from_base64(data: bytes) -> bytes:
    text = re.sub(rb"-----[A-Z0-9 ]+-----|\s", b"", data)
    try:
        return base64.b64decode(text[: len(text) // 4 * 4], validate=True)
    except binascii.Error:
        return b""


def _opened(data: bytes, password: str) -> tuple[PrivateKeyTypes, list[x509.Certificate]]:
    try:
        with warnings.catch_warnings():
            # Windows exports PFX as BER, which is announced each time as something that may be refused some day
            warnings.filterwarnings("ignore", message="PKCS#12 bundle could not be parsed as DER", category=UserWarning)
            content = pkcs12.load_pkcs12(data, password.encode(errors="replace"))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _not_opened(data, error) from error
    certificates = [entry.certificate for entry in (content.cert, *content.additional_certs) if entry is not None]
    if not certificates:
        raise CertificateRefused(
            RefusalReason.NO_CERTIFICATE,
            "O arquivo não traz nenhum certificado. Peça à autoridade certificadora, ou a quem o exportou, o "
            "arquivo .pfx completo.",
        )
    if content.key is None:
        raise CertificateRefused(
            RefusalReason.NO_KEY,
            "O arquivo traz o certificado sem a chave privada, e sem ela não é possível se identificar na SEFAZ. "
            "Exporte-o novamente marcando “Sim, exportar a chave privada”, ou use o arquivo original da emissão.",
        )
    return content.key, certificates


def _not_opened(data: bytes, error: Exception) -> CertificateRefused:
    if any(protection in data for protection in _RC2_PROTECTION) and not _rc2_works():
        return CertificateRefused(
            RefusalReason.OLD_PROTECTION,
            "O arquivo usa a proteção antiga RC2, que está desativada neste computador, e por isso não é possível "
            "saber se a senha confere. Retire a variável de ambiente CRYPTOGRAPHY_OPENSSL_NO_LEGACY e abra o programa "
            "de novo, ou exporte o certificado novamente com proteção AES-256.",
        )
    if isinstance(error, UnsupportedAlgorithm) or "password" not in str(error):
        return CertificateRefused(
            RefusalReason.NOT_PFX,
            "O arquivo parece ser um certificado A1, mas seu conteúdo não pode ser lido: está danificado ou usa um "
            "formato desconhecido. Copie-o ou baixe-o novamente.",
        )
    return CertificateRefused(
        RefusalReason.WRONG_PASSWORD,
        "A senha não abre o arquivo. Confira maiúsculas, minúsculas e espaços; se a senha estiver certa, o arquivo "
        "está danificado e deve ser copiado ou baixado novamente.",
    )


def _rc2_works() -> bool:
    """Whether OpenSSL's legacy provider is there: without it a file in RC2 fails as if the password were wrong."""
    try:
        Cipher(RC2(bytes(16)), modes.CBC(bytes(8))).encryptor()
    except UnsupportedAlgorithm:
        return False
    return True


def _certificate_of(key: PrivateKeyTypes, certificates: Sequence[x509.Certificate]) -> x509.Certificate:
    own = _public_bytes(key)
    matching = [certificate for certificate in certificates if _public_bytes(certificate) == own]
    if not matching:
        raise CertificateRefused(
            RefusalReason.KEY_MISMATCH,
            "A chave privada do arquivo não é a do certificado que veio com ela, de "
            f"{_common_name(certificates[0].subject)}. Exporte o certificado novamente, ou use o arquivo original da "
            "emissão.",
        )
    usable = [certificate for certificate in matching if _identifies_clients(certificate)]
    if not usable:
        raise CertificateRefused(
            RefusalReason.NOT_FOR_CLIENTS,
            f"O certificado de {_common_name(matching[0].subject)} não foi emitido para autenticação de cliente, que a "
            "SEFAZ exige. Use o e-CNPJ A1 (ou NF-e A1) da empresa.",
        )
    return max(usable, key=lambda certificate: certificate.not_valid_after_utc)


def _public_bytes(owner: PrivateKeyTypes | x509.Certificate) -> bytes:
    return owner.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _identifies_clients(certificate: x509.Certificate) -> bool:
    usage = _extension(certificate, x509.ExtendedKeyUsage)
    return usage is None or not {
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    }.isdisjoint(usage)


def _extension(certificate: x509.Certificate, kind: type[Extension]) -> Extension | None:
    """The extension, or None when the certificate does not have it or has some that cannot be read."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, ValueError):
        return None


def _holder(leaf: x509.Certificate) -> tuple[str, str]:
    """Name and CNPJ of who the certificate identifies."""
    name, _, suffix = _common_name(leaf.subject).partition(":")
    names = _extension(leaf, x509.SubjectAlternativeName)
    others = {other.type_id: other.value for other in names.get_values_for_type(x509.OtherName)} if names else {}
    # Issuers vary the string's DER tag, and a BMPString has a zero before each character
    told = re.search(rb"[0-9A-Z]{12}[0-9]{2}", others.get(_CNPJ, b"").replace(b"\0", b""))
    if told:
        return name, told.group().decode("ascii")
    if re.fullmatch(r"[0-9A-Z]{12}[0-9]{2}", suffix):
        return name, suffix
    if _PERSON in others or re.fullmatch(r"[0-9]{11}", suffix):
        raise CertificateRefused(
            RefusalReason.PERSON,
            f"O certificado é um e-CPF, de {name}, e não traz CNPJ. Use o e-CNPJ A1 da empresa.",
        )
    raise CertificateRefused(
        RefusalReason.NO_CNPJ,
        f"O certificado de {name} não informa CNPJ, nem no campo próprio da ICP-Brasil (2.16.76.1.3.3) nem no nome. "
        "Use o e-CNPJ A1 da empresa.",
    )


def _check_validity(leaf: x509.Certificate, now: datetime) -> None:
    begin, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    if now > end:
        raise CertificateRefused(
            RefusalReason.EXPIRED,
            f"O certificado venceu em {exact(end)}. Instale o certificado renovado.",
        )
    if now < begin:
        raise CertificateRefused(
            RefusalReason.NOT_YET_VALID,
            f"O certificado só vale a partir de {exact(begin)}. Confira a data e a hora deste "
            "computador; se estiverem certas, instale-o depois dessa data.",
        )


def _chain(leaf: x509.Certificate, certificates: Sequence[x509.Certificate]) -> tuple[list[x509.Certificate], str]:
    """The leaf and the intermediates above it, in order, without the root; and the root's name, "" when not known.

    What the file lacks is looked for among the authorities of ICP-Brasil at hand, but not sent to the servers.
    """
    chain = [leaf]
    others = [certificate for certificate in certificates if certificate != leaf]
    while issuer := next((other for other in others if _issued(other, chain[-1])), None):
        if issuer.subject == issuer.issuer:
            return chain, _common_name(issuer.subject)
        chain.append(issuer)
        others.remove(issuer)
    return chain, _root_above(chain[-1])


def _root_above(certificate: x509.Certificate) -> str:
    """The name of the root over a certificate whose issuer did not come with it."""
    if "Raiz" in _common_name(certificate.issuer):
        return _common_name(certificate.issuer)
    known = [x509.load_der_x509_certificate(der) for der in icp_brasil()]
    while issuer := next((authority for authority in known if _issued(authority, certificate)), None):
        if issuer.subject == issuer.issuer:
            return _common_name(issuer.subject)
        known.remove(issuer)
        certificate = issuer
    return ""


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Whether `issuer` signed it: authorities renewed under one name differ only in the key."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _common_name(name: x509.Name) -> str:
    return next((str(attribute.value) for attribute in name.get_attributes_for_oid(NameOID.COMMON_NAME)), "")


def _shown(cnpj: str) -> str:
    return str(Document(DocumentKind.CNPJ, cnpj))
