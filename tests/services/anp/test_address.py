"""The address that asks about one reseller, from the one in the settings."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kinds import InvalidValue, WebAddress
from app.policies import AnpKind
from services.anp.address import address_for
from tests.services.anp.bodies import CNPJ

API = "https://revendedoresapi.anp.gov.br/v1/combustivel"
MAP = (
    "https://mapas.exemplo.br/geoserver/wfs?service=WFS&request=GetFeature&typeName=SFI:Postos_Combustivel"
    "&outputFormat=application/json&CQL_FILTER=CNPJ_CPF='{cnpj}'"
)


@pytest.mark.parametrize(
    ("template", "kind", "address"),
    [
        (API, AnpKind.AUTOMOTIVE, f"{API}?cnpj={CNPJ}"),
        (API, AnpKind.GLP, f"https://revendedoresapi.anp.gov.br/v1/glp?cnpj={CNPJ}"),
        ("https://revendedoresapi.anp.gov.br/v1/glp", AnpKind.AUTOMOTIVE, f"{API}?cnpj={CNPJ}"),
        (f"{API}/?uf=SP", AnpKind.GLP, f"https://revendedoresapi.anp.gov.br/v1/glp/?uf=SP&cnpj={CNPJ}"),
        (f"{API}/{{cnpj}}", AnpKind.GLP, f"https://revendedoresapi.anp.gov.br/v1/glp/{CNPJ}"),
        ("https://a.br/combustivel/lista", AnpKind.GLP, f"https://a.br/combustivel/lista?cnpj={CNPJ}"),
        ("https://a.br:8443", AnpKind.GLP, f"https://a.br:8443?cnpj={CNPJ}"),
        (f"{API}?CNPJ=11222333000181&uf=SP", AnpKind.AUTOMOTIVE, f"{API}?uf=SP&cnpj={CNPJ}"),
        ("https://a.br/x?q={cnpj}&cnpj={cnpj}#y", AnpKind.AUTOMOTIVE, f"https://a.br/x?q={CNPJ}&cnpj={CNPJ}"),
        ("https://a.br/%7Bcnpj%7D", AnpKind.AUTOMOTIVE, f"https://a.br/{CNPJ}"),
        (
            "https://a.br/é?x=100%&y=%C3%A9&z=a+b",
            AnpKind.GLP,
            f"https://a.br/%C3%A9?x=100%25&y=%C3%A9&z=a+b&cnpj={CNPJ}",
        ),
    ],
)
def test_where_the_cnpj_goes(template: str, kind: AnpKind, address: str) -> None:
    assert address_for(template, CNPJ, kind) == address


def test_the_filter_of_the_map_arrives_as_it_was_written() -> None:
    address = address_for(MAP, CNPJ, AnpKind.AUTOMOTIVE)
    assert address.endswith(f"&CQL_FILTER=CNPJ_CPF=%27{CNPJ}%27")
    sent = httpx.URL(address).raw_path.decode()
    assert parse_qs(urlsplit(sent).query)["CQL_FILTER"] == [f"CNPJ_CPF='{CNPJ}'"]


@given(st.text("abc/?=&{}%'é cnpj.:#", max_size=40))
def test_every_accepted_address_asks_about_the_cnpj_at_the_same_server(rest: str) -> None:
    try:
        template = WebAddress().parse(f"https://a.gov.br/{rest}")
    except InvalidValue:
        return
    address = address_for(template, CNPJ, AnpKind.AUTOMOTIVE)
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "a.gov.br", "")
    assert CNPJ in address
    assert address.isascii()
    assert httpx.URL(address).host == "a.gov.br"
