"""Opening A1 files: what is learned from a good one, and one sentence of its own for each bad one."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from app.domain import Certificate
from services.demo.ca import CNPJ, PERSON, DemoAuthority, other_name
from services.pfx import CertificateRefused, RefusalReason, open_pfx

MATRIZ = "11222333000181"
BRANCH = "11.222.333/0002-62"
OTHER_COMPANY = "99888777000100"
ALPHANUMERIC = "12ABC34501DE35"
PASSWORD = "Posto#2026 ção"
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority() -> DemoAuthority:
    return DemoAuthority.create()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def pfx(authority: DemoAuthority) -> bytes:
    return authority.issue_pfx(MATRIZ, "POSTO BOA VIAGEM LTDA", PASSWORD)


def opened(data: bytes, password: str = PASSWORD, cnpj: str = MATRIZ) -> Certificate:
    return open_pfx(data, password, branch_id=7, branch_cnpj=cnpj, now=NOW)[0]


def refusal(data: bytes, password: str = PASSWORD, cnpj: str = MATRIZ, now: datetime = NOW) -> CertificateRefused:
    with pytest.raises(CertificateRefused) as caught:
        open_pfx(data, password, branch_id=7, branch_cnpj=cnpj, now=now)
    sentence = str(caught.value)
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert "!" not in sentence
    return caught.value


def subject(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def leaf(
    authority: DemoAuthority,
    key: rsa.RSAPrivateKey,
    common_name: str = f"POSTO BOA VIAGEM LTDA:{MATRIZ}",
    names: Sequence[x509.GeneralName] = (),
    usage: ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH,
    not_after: datetime | None = None,
) -> x509.Certificate:
    return authority.sign(subject(common_name), key.public_key(), names, usage, not_after=not_after)


def packed(
    key: rsa.RSAPrivateKey | None, certificate: x509.Certificate | None, others: Sequence[x509.Certificate] = ()
) -> bytes:
    protection = serialization.BestAvailableEncryption(PASSWORD.encode())
    return pkcs12.serialize_key_and_certificates(b"a1", key, certificate, list(others), protection)


# What is learned


def test_a_good_file_gives_everything_that_is_kept(authority: DemoAuthority, pfx: bytes) -> None:
    certificate, key_password = open_pfx(pfx, PASSWORD, branch_id=7, branch_cnpj=MATRIZ, now=NOW)

    content = pkcs12.load_pkcs12(pfx, PASSWORD.encode())
    assert content.cert is not None
    own = content.cert.certificate
    assert certificate.branch_id == 7
    assert certificate.holder == "POSTO BOA VIAGEM LTDA"
    assert certificate.cnpj == MATRIZ
    assert certificate.issuer == "AC Demonstração RFB G1"
    assert certificate.root == "AC Raiz Demonstração v1"
    assert int(certificate.serial, 16) == own.serial_number
    assert certificate.fingerprint == hashlib.sha256(own.public_bytes(serialization.Encoding.DER)).hexdigest()
    assert (certificate.not_before, certificate.not_after) == (own.not_valid_before_utc, own.not_valid_after_utc)
    assert certificate.not_after.tzinfo is not None
    assert certificate.installed_at == NOW
    assert x509.load_pem_x509_certificates(certificate.chain_pem) == [own, authority.intermediate]
    assert certificate.secret_name.startswith(f"certificado/{certificate.fingerprint[:16]}/")
    assert len(key_password) >= 40


def test_the_key_is_kept_encrypted_with_a_password_of_its_own(pfx: bytes) -> None:
    certificate, key_password = open_pfx(pfx, PASSWORD, branch_id=7, branch_cnpj=MATRIZ, now=NOW)

    assert certificate.key_pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    kept = serialization.load_pem_private_key(certificate.key_pem, key_password.encode())
    original = pkcs12.load_pkcs12(pfx, PASSWORD.encode()).key
    assert isinstance(kept, rsa.RSAPrivateKey)
    assert isinstance(original, rsa.RSAPrivateKey)
    assert kept.private_numbers() == original.private_numbers()
    with pytest.raises(ValueError):  # of one wrong password in 256 only what it gives is no key
        serialization.load_pem_private_key(certificate.key_pem, PASSWORD.encode())


def test_each_installation_has_its_own_password_and_keyring_entry(pfx: bytes) -> None:
    first, first_password = open_pfx(pfx, PASSWORD, branch_id=7, branch_cnpj=MATRIZ, now=NOW)
    second, second_password = open_pfx(pfx, PASSWORD, branch_id=7, branch_cnpj=MATRIZ, now=NOW)

    assert first.fingerprint == second.fingerprint
    assert first.secret_name != second.secret_name
    assert first_password != second_password


def test_the_certificate_of_the_matriz_serves_a_branch(pfx: bytes) -> None:
    assert opened(pfx, cnpj=BRANCH).cnpj == MATRIZ


def test_an_alphanumeric_cnpj_is_read_and_compared(authority: DemoAuthority) -> None:
    data = authority.issue_pfx(ALPHANUMERIC, "DISTRIBUIDORA ALFA", PASSWORD)

    assert opened(data, cnpj="12.abc.345/01de-35").cnpj == ALPHANUMERIC
    assert refusal(data).reason is RefusalReason.OTHER_COMPANY


@pytest.mark.parametrize("tag", [0x04, 0x0C, 0x13, 0x16], ids=["octet", "utf8", "printable", "ia5"])
def test_the_cnpj_is_read_whatever_the_tag_of_its_string(
    authority: DemoAuthority, key: rsa.RSAPrivateKey, tag: int
) -> None:
    data = packed(key, leaf(authority, key, "POSTO", [other_name(CNPJ, MATRIZ, tag=tag)]))

    assert opened(data).cnpj == MATRIZ


def test_the_cnpj_is_read_from_a_bmp_string(authority: DemoAuthority, key: rsa.RSAPrivateKey) -> None:
    value = MATRIZ.encode("utf-16-be")
    data = packed(key, leaf(authority, key, "POSTO", [x509.OtherName(CNPJ, bytes((0x1E, len(value))) + value)]))

    assert opened(data).cnpj == MATRIZ


def test_the_field_of_icp_brasil_wins_over_the_name(authority: DemoAuthority, key: rsa.RSAPrivateKey) -> None:
    data = packed(key, leaf(authority, key, f"POSTO:{OTHER_COMPANY}", [other_name(CNPJ, MATRIZ)]))

    assert opened(data).cnpj == MATRIZ


def test_without_the_field_the_cnpj_comes_from_the_name(authority: DemoAuthority) -> None:
    certificate = opened(authority.issue_pfx(MATRIZ, "POSTO SEM CAMPO", PASSWORD, cnpj_oid=False))

    assert (certificate.holder, certificate.cnpj) == ("POSTO SEM CAMPO", MATRIZ)


def test_unreadable_alternative_names_do_not_hide_the_cnpj_of_the_name(
    authority: DemoAuthority, key: rsa.RSAPrivateKey
) -> None:
    now = datetime.now(UTC)
    malformed = (
        x509.CertificateBuilder()
        .subject_name(subject(f"POSTO:{MATRIZ}"))
        .issuer_name(authority.intermediate.subject)
        .public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.17"), b"\x30\x03\x81\x01\xe7"), False)
        .sign(key, hashes.SHA256())
    )

    assert opened(packed(key, malformed)).cnpj == MATRIZ


# The chain


def test_the_chain_is_put_in_order(authority: DemoAuthority, key: rsa.RSAPrivateKey) -> None:
    stranger = DemoAuthority.create()
    own = leaf(authority, key)
    certificate = opened(packed(key, own, [authority.root, stranger.intermediate, authority.intermediate]))

    assert x509.load_pem_x509_certificates(certificate.chain_pem) == [own, authority.intermediate]
    assert certificate.root == "AC Raiz Demonstração v1"


def test_without_the_root_its_name_comes_from_the_last_intermediate(
    authority: DemoAuthority, key: rsa.RSAPrivateKey
) -> None:
    assert opened(packed(key, leaf(authority, key), [authority.intermediate])).root == "AC Raiz Demonstração v1"


def test_a_file_with_the_leaf_alone_is_accepted(authority: DemoAuthority) -> None:
    certificate = opened(authority.issue_pfx(MATRIZ, "POSTO", PASSWORD, with_chain=False))

    assert len(x509.load_pem_x509_certificates(certificate.chain_pem)) == 1
    assert certificate.root == ""
    assert certificate.issuer == "AC Demonstração RFB G1"


def test_of_several_certificates_of_the_key_the_longest_valid_client_serves(
    authority: DemoAuthority, key: rsa.RSAPrivateKey
) -> None:
    expired = leaf(authority, key, not_after=NOW - timedelta(days=2))
    renewed = leaf(authority, key, not_after=NOW + timedelta(days=200))
    server = leaf(authority, key, usage=ExtendedKeyUsageOID.SERVER_AUTH, not_after=NOW + timedelta(days=900))

    certificate = opened(packed(key, expired, [server, renewed, authority.intermediate]))

    assert certificate.fingerprint == renewed.fingerprint(hashes.SHA256()).hex()


# How the file comes


@pytest.mark.parametrize("trailing", [b"\0", b"\r\n", b"\0" * 600 + b"x"])
def test_bytes_after_the_end_are_tolerated(pfx: bytes, trailing: bytes) -> None:
    assert opened(pfx + trailing).cnpj == MATRIZ


def test_a_file_in_ber_is_accepted_as_windows_exports_it(pfx: bytes) -> None:
    header = 2 + (pfx[1] & 0x7F)

    assert opened(b"\x30\x80" + pfx[header:] + b"\0\0").cnpj == MATRIZ


@pytest.mark.parametrize(
    "wrap",
    [
        base64.b64encode,
        base64.encodebytes,
        lambda data: base64.encodebytes(data).replace(b"\n", b"\r\n"),
        lambda data: b"-----BEGIN PKCS12-----\n" + base64.encodebytes(data) + b"-----END PKCS12-----\n",
        lambda data: base64.b64encode(data + b"\0"),
    ],
    ids=["one line", "lines", "windows lines", "pem", "extra byte"],
)
def test_a_file_wrapped_in_base64_is_accepted(pfx: bytes, wrap: object) -> None:
    assert callable(wrap)
    assert opened(wrap(pfx)).cnpj == MATRIZ


def test_the_old_3des_protection_is_accepted(authority: DemoAuthority) -> None:
    assert opened(authority.issue_pfx(MATRIZ, "POSTO ANTIGO", PASSWORD, legacy=True)).holder == "POSTO ANTIGO"


def test_a_file_without_password_is_accepted(authority: DemoAuthority, key: rsa.RSAPrivateKey) -> None:
    data = pkcs12.serialize_key_and_certificates(None, key, leaf(authority, key), None, serialization.NoEncryption())

    assert opened(data, password="").cnpj == MATRIZ


@pytest.fixture(scope="module")
def rc2(authority: DemoAuthority, key: rsa.RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file protected by RC2-40 and 3DES, which `cryptography` reads but does not write."""
    folder = tmp_path_factory.mktemp("rc2")
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "leaf.pem").write_bytes(leaf(authority, key).public_bytes(serialization.Encoding.PEM))
    command = ["openssl", "pkcs12", "-export", "-legacy", "-inkey", "key.pem", "-in", "leaf.pem", "-out", "a1.pfx"]
    subprocess.run([*command, "-passout", "pass:segredo"], cwd=folder, check=True, capture_output=True, timeout=30)
    return folder / "a1.pfx"


def test_the_old_rc2_protection_is_accepted(rc2: Path) -> None:
    assert opened(rc2.read_bytes(), "segredo").cnpj == MATRIZ
    assert refusal(rc2.read_bytes(), "errada").reason is RefusalReason.WRONG_PASSWORD


def test_with_rc2_turned_off_the_password_is_not_blamed(rc2: Path, tmp_path: Path, pfx: bytes) -> None:
    modern = tmp_path / "modern.pfx"
    modern.write_bytes(pfx)
    script = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from services.pfx import CertificateRefused, open_pfx
for file in sys.argv[1:]:
    try:
        open_pfx(Path(file).read_bytes(), "segredo", branch_id=1, branch_cnpj="11222333000181", now=datetime.now(UTC))
    except CertificateRefused as refused:
        print(refused.reason.name, refused)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(rc2), str(modern)],
        env={**os.environ, "CRYPTOGRAPHY_OPENSSL_NO_LEGACY": "1", "PYTHONIOENCODING": "utf-8"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )

    old, wrong = done.stdout.splitlines()
    assert old.startswith("OLD_PROTECTION ")
    assert "CRYPTOGRAPHY_OPENSSL_NO_LEGACY" in old
    assert wrong.startswith("WRONG_PASSWORD ")


# Refusals


@pytest.mark.parametrize("data", [b"", b" \r\n"])
def test_an_empty_file(data: bytes) -> None:
    refused = refusal(data)

    assert refused.reason is RefusalReason.EMPTY
    assert "vazio" in str(refused)


def test_what_is_not_a_pfx(authority: DemoAuthority) -> None:
    certificate = authority.root.public_bytes(serialization.Encoding.DER)
    for data in (b"PK\x03\x04 isto e um zip", b"0", b"0\x80", b"nota fiscal " * 40, certificate, authority.ca_pem):
        refused = refusal(data)
        assert refused.reason is RefusalReason.NOT_PFX
        assert ".pfx" in str(refused)


def test_a_file_cut_short(pfx: bytes) -> None:
    refused = refusal(pfx[:-40])

    assert refused.reason is RefusalReason.TRUNCATED
    assert str(len(pfx)) in str(refused)
    assert str(len(pfx) - 40) in str(refused)


def test_a_pfx_whose_inside_is_damaged(pfx: bytes) -> None:
    damaged = pfx[:20] + b"\xff" * 40 + pfx[60:]

    assert refusal(damaged).reason is RefusalReason.NOT_PFX


def test_a_wrong_password_and_the_password_is_nowhere(pfx: bytes, caplog: pytest.LogCaptureFixture) -> None:
    refused = refusal(pfx, "senha-que-nao-e")

    assert refused.reason is RefusalReason.WRONG_PASSWORD
    error: BaseException | None = refused
    while error is not None:
        assert "senha-que-nao-e" not in f"{error} {error!r} {error.args}"
        error = error.__cause__ or error.__context__
    assert "senha-que-nao-e" not in caplog.text
    assert refusal(pfx, "").reason is RefusalReason.WRONG_PASSWORD
    assert refusal(pfx, "\udcff").reason is RefusalReason.WRONG_PASSWORD


def test_without_the_private_key(authority: DemoAuthority) -> None:
    refused = refusal(authority.issue_pfx(MATRIZ, "POSTO", PASSWORD, with_key=False))

    assert refused.reason is RefusalReason.NO_KEY
    assert "exportar a chave privada" in str(refused)


def test_without_any_certificate(key: rsa.RSAPrivateKey) -> None:
    assert refusal(packed(key, None)).reason is RefusalReason.NO_CERTIFICATE


def test_the_key_of_another_certificate(authority: DemoAuthority, key: rsa.RSAPrivateKey) -> None:
    another = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    refused = refusal(packed(another, None, [leaf(authority, key)]))

    assert refused.reason is RefusalReason.KEY_MISMATCH
    assert "POSTO BOA VIAGEM LTDA" in str(refused)


def test_a_certificate_that_is_not_for_clients(authority: DemoAuthority, key: rsa.RSAPrivateKey) -> None:
    refused = refusal(packed(key, leaf(authority, key, usage=ExtendedKeyUsageOID.SERVER_AUTH)))

    assert refused.reason is RefusalReason.NOT_FOR_CLIENTS


def test_an_expired_certificate_says_when(authority: DemoAuthority) -> None:
    end = NOW - timedelta(days=3)
    refused = refusal(authority.issue_pfx(MATRIZ, "POSTO", PASSWORD, not_after=end))

    assert refused.reason is RefusalReason.EXPIRED
    assert f"{end.astimezone():%d/%m/%Y %H:%M}" in str(refused)


def test_a_certificate_not_yet_valid_says_from_when(authority: DemoAuthority) -> None:
    begin = NOW + timedelta(days=3)
    refused = refusal(authority.issue_pfx(MATRIZ, "POSTO", PASSWORD, not_before=begin))

    assert refused.reason is RefusalReason.NOT_YET_VALID
    assert f"{begin.astimezone():%d/%m/%Y %H:%M}" in str(refused)


def test_the_very_ends_of_validity_are_valid(authority: DemoAuthority, pfx: bytes) -> None:
    certificate = opened(pfx)
    for moment in (certificate.not_before, certificate.not_after):
        open_pfx(pfx, PASSWORD, branch_id=7, branch_cnpj=MATRIZ, now=moment)
    second = timedelta(seconds=1)
    assert refusal(pfx, now=certificate.not_before - second).reason is RefusalReason.NOT_YET_VALID
    assert refusal(pfx, now=certificate.not_after + second).reason is RefusalReason.EXPIRED


def test_a_certificate_of_another_company_says_both(pfx: bytes) -> None:
    refused = refusal(pfx, cnpj=OTHER_COMPANY)

    assert refused.reason is RefusalReason.OTHER_COMPANY
    for part in ("11.222.333/0001-81", "99.888.777/0001-00", "11222333", "99888777", "POSTO BOA VIAGEM LTDA"):
        assert part in str(refused)


@pytest.mark.parametrize("cnpj_oid", [True, False], ids=["field", "name only"])
def test_an_e_cpf_is_called_so(authority: DemoAuthority, cnpj_oid: bool) -> None:
    refused = refusal(authority.issue_pfx("52998224725", "MARIA DE DEMONSTRACAO", PASSWORD, cnpj_oid=cnpj_oid))

    assert refused.reason is RefusalReason.PERSON
    assert "e-CPF" in str(refused)
    assert "52998224725" not in str(refused)


def test_an_e_cpf_is_known_by_its_field_alone(authority: DemoAuthority, key: rsa.RSAPrivateKey) -> None:
    data = packed(key, leaf(authority, key, "MARIA", [other_name(PERSON, "01011980" + "52998224725")]))

    assert refusal(data).reason is RefusalReason.PERSON


def test_a_certificate_without_cnpj(authority: DemoAuthority, key: rsa.RSAPrivateKey) -> None:
    refused = refusal(packed(key, leaf(authority, key, "servidor.example")))

    assert refused.reason is RefusalReason.NO_CNPJ
    assert "servidor.example" in str(refused)
