"""The certificates that a server sends, described; and whether it takes those of the branch's root."""

from __future__ import annotations

import re
import ssl
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from app.domain import Certificate
from services.demo.ca import DemoAuthority
from services.sefaz.server_chain import acceptance, described, name_of, path

_FIRST = re.search("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", Path(certifi.where()).read_text(), re.S)
assert _FIRST is not None
REAL = ssl.PEM_cert_to_DER_cert(_FIRST[0])


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def test_a_path_goes_up_as_far_as_what_was_sent(authority: DemoAuthority) -> None:
    root, middle = described(der(authority.root)), described(der(authority.intermediate))
    assert root.is_root and not middle.is_root
    assert middle.issuer == root.subject == "AC Raiz Demonstração v1"
    assert path([middle, root]) == [middle, root]
    assert path([middle]) == [middle]
    assert path([]) == []


def test_the_branchs_root_is_found_in_the_list_also_when_only_its_certificate_is_known(
    authority: DemoAuthority, opened_pfx: tuple[Certificate, str]
) -> None:
    certificate, _ = opened_pfx
    leaf = x509.load_pem_x509_certificates(certificate.chain_pem)[0].public_bytes(Encoding.PEM)
    accepted = [authority.root.subject.public_bytes()]
    known = [der(authority.root), der(authority.intermediate)]
    for chain_pem in (certificate.chain_pem, leaf):
        fits = acceptance(accepted, chain_pem, known)
        assert (fits.listed, fits.is_known_root, fits.root) == (True, True, "AC Raiz Demonstração v1")
    alone = acceptance(accepted, leaf, [])
    assert (alone.listed, alone.is_known_root, alone.root) == (False, False, "AC Demonstração RFB G1")


def test_a_root_of_another_version_is_not_in_the_list(
    authority: DemoAuthority, opened_pfx: tuple[Certificate, str]
) -> None:
    other = x509.Name(
        [x509.NameAttribute(one.oid, str(one.value).replace("v1", "v2")) for one in authority.root.subject]
    )
    fits = acceptance([other.public_bytes()], opened_pfx[0].chain_pem, [der(authority.root)])
    assert not fits.listed


def test_the_same_name_in_another_kind_of_string_is_the_same(
    authority: DemoAuthority, opened_pfx: tuple[Certificate, str]
) -> None:
    other = x509.Name(
        [
            x509.NameAttribute(
                one.oid,
                str(one.value) if one.oid == NameOID.COUNTRY_NAME else f" {str(one.value).upper()} ",
                _type=None if one.oid == NameOID.COUNTRY_NAME else _ASN1Type.BMPString,
            )
            for one in authority.root.subject
        ]
    )
    assert acceptance([other.public_bytes()], opened_pfx[0].chain_pem, [der(authority.root)]).listed


@given(st.binary(max_size=300))
def test_whatever_is_sent_is_told_by_its_hash(data: bytes) -> None:
    assert len(described(data).sha256) == 64
    assert name_of(data)


# What it warns of, cryptography reads all the same.
@pytest.mark.filterwarnings("ignore::UserWarning")
@given(st.lists(st.tuples(st.integers(0, len(REAL) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_certificate_breaks_nothing(changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(REAL)
    for place, byte in changes:
        damaged[place] = byte
    described(bytes(damaged))


@pytest.mark.parametrize(
    "damage",
    [
        (b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07"),  # a version that does not exist
        (b"\x55\x1d\x0f", b"\x55\x1d\x0e"),  # the same extension twice
    ],
)
def test_a_certificate_against_the_rules_is_told_by_its_hash(
    authority: DemoAuthority, damage: tuple[bytes, bytes]
) -> None:
    whole = der(authority.root)
    assert damage[0] in whole
    found = described(whole.replace(*damage))
    assert (found.subject, found.not_after) == ("certificado ilegível", None)
