"""The table of measured TLS: it covers every server of the endpoints, and nonsense in it is refused by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from urllib.parse import urlsplit

import pytest

from services.certificate import SECURITY_LEVEL
from services.sefaz.endpoints import load_endpoints
from services.sefaz.tls_profile import (
    CertificateRequest,
    InvalidTlsProfiles,
    read_profiles,
    security_level,
    tls_profile,
)

TABLE = {
    "pede_certificado": '"aperto_de_mao"',
    "cifras": '"ECDHE-AES128-GCM-SHA256"',
    "raiz": '"Raiz de teste"',
    "sem_certificado": '"HTTP 403"',
    "nivel_seguranca": "2",
    "fonte": '"teste"',
    "conferido_em": "2026-09-25",
}


def table(**changes: str) -> str:
    lines = [f"{key} = {value}" for key, value in {**TABLE, **changes}.items() if value]
    return "\n".join(('["a.example"]', *lines))


def test_every_server_of_the_endpoints_was_measured() -> None:
    endpoints = load_endpoints(None).values()
    addresses = {address for each in endpoints for address in (each.production, each.homologation) if address}
    profiles = {host: tls_profile(host) for host in {urlsplit(address).hostname or "" for address in addresses}}
    assert len(profiles) == 20
    assert None not in profiles.values()
    renegotiating = {
        host
        for host, profile in profiles.items()
        if profile is not None and profile.asks_certificate is CertificateRequest.RENEGOTIATION
    }
    assert renegotiating == {
        "nfe.fazenda.sp.gov.br",
        "homologacao.nfe.fazenda.sp.gov.br",
        "nfe.sefaz.ba.gov.br",
        "hnfe.sefaz.ba.gov.br",
        "homologacao.sefaz.mt.gov.br",
    }


def test_only_the_production_of_go_may_use_a_short_dh_key() -> None:
    lowered = {uf for uf, endpoint in load_endpoints(None).items() if security_level(endpoint) < SECURITY_LEVEL}
    assert lowered == {"GO"}
    go = load_endpoints(None)["GO"]
    assert security_level(replace(go, production=go.homologation)) == SECURITY_LEVEL
    assert security_level(replace(go, security_level=2)) == SECURITY_LEVEL


def test_host_that_was_never_measured() -> None:
    assert tls_profile("outra.example") is None
    elsewhere = replace(load_endpoints(None)["GO"], production="https://outra.example/ws")
    assert security_level(elsewhere) == SECURITY_LEVEL
    assert security_level(replace(elsewhere, security_level=1)) == 1


def test_name_of_the_host_as_people_write_it() -> None:
    assert tls_profile("NFE.SEFAZ.GO.GOV.BR.") == tls_profile("nfe.sefaz.go.gov.br")


def test_all_of_a_profile_is_read() -> None:
    (profile,) = read_profiles(table(observacao='"só de manhã"'), "t.toml").values()
    assert (profile.host, profile.security_level, profile.checked_on) == ("a.example", 2, date(2026, 9, 25))
    assert profile.measured == (
        "Medido em 25/09/2026: pede o certificado na negociação inicial; sem ele, HTTP 403; cifras "
        "ECDHE-AES128-GCM-SHA256; raiz Raiz de teste (só de manhã)."
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pede_certificado": '"nunca"'}, ["pede_certificado", "aperto_de_mao"]),
        ({"pede_certificado": "[]"}, ["pede_certificado"]),
        ({"nivel_seguranca": "0"}, ["nivel_seguranca", "1 ou 2"]),
        ({"nivel_seguranca": "true"}, ["nivel_seguranca"]),
        ({"nivel_seguranca": "[1]"}, ["nivel_seguranca"]),
        ({"conferido_em": '"ontem"'}, ["conferido_em", "data"]),
        ({"conferido_em": "2026-09-25T10:00:00"}, ["conferido_em"]),
        ({"raiz": '" "'}, ["raiz"]),
        ({"raiz": ""}, ["raiz", "não foi dada"]),
        ({"cor": "1"}, ["cor", "não existe"]),
    ],
)
def test_nonsense_is_refused_by_name(changes: dict[str, str], words: list[str]) -> None:
    with pytest.raises(InvalidTlsProfiles) as refused:
        read_profiles(table(**changes), "t.toml")
    for word in ("t.toml", "a.example", *words):
        assert word in str(refused.value)


@pytest.mark.parametrize("text", ['"a.example" = 1', "["])
def test_what_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(InvalidTlsProfiles, match=r"t\.toml"):
        read_profiles(text, "t.toml")
