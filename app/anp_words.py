"""How what ANP says of a reseller is named and said in Portuguese, and what differs from one answer to the next."""

from __future__ import annotations

from datetime import datetime

from app.documents import from_key
from app.domain import AnpRegistration, AnpSource
from app.portuguese import day

HUMAN_PAGE = "https://cdp.anp.gov.br/ords/r/cdp_apex/consulta-dados-publicos-cdp/consulta-de-postos-lista"
"""Where a person looks a reseller up; it asks for a captcha, so no program does."""

LABELS: dict[str, str] = {
    "situation": "Situação, nas palavras da ANP",
    "name": "Razão social",
    "cnpj": "CNPJ",
    "authorization": "Autorização",
    "published": "Publicação da autorização",
    "brand": "Bandeira",
    "brand_since": "Bandeira desde",
    "reseller_class": "Classe",
    "products": "Produtos",
    "street": "Endereço",
    "complement": "Complemento",
    "district": "Bairro",
    "city": "Município",
    "uf": "UF",
    "postal_code": "CEP",
    "simp_code": "Código i-SIMP",
}
"""The label of each field of AnpRegistration, in the order in which they are shown."""

_NOT_IN_EVERY_SOURCE = ("situation", "products", "reseller_class")


def fields_of(registration: AnpRegistration) -> dict[str, str]:
    """The fields present, as a person reads them: documents with their mask, a product a line."""
    values = {name: _spelled(name, getattr(registration, name)) for name in LABELS}
    return {name: value for name, value in values.items() if value}


def changes(now: AnpRegistration | None, before: AnpRegistration | None) -> dict[str, str]:
    """The fields that differ and what they were, "" for one that was not stated; none without both registrations.

    What only some sources state (the products, for one) is compared where both answers state it.
    """
    if now is None or before is None:
        return {}
    here, there = fields_of(now), fields_of(before)
    return {
        name: there.get(name, "")
        for name in LABELS
        if here.get(name) != there.get(name) and (name not in _NOT_IN_EVERY_SOURCE or (name in here and name in there))
    }


def source(said_by: AnpSource, listed_at: datetime | None) -> str:
    """Where an answer comes from; `listed_at` is the moment of the list that gave it."""
    return said_by.label if listed_at is None else f"{said_by.label}, de {day(listed_at)}"


def _spelled(name: str, value: str | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return "\n".join(value)
    if name == "cnpj" and len(value) == 14:
        return str(from_key(value))
    if name == "postal_code" and len(value) == 8 and value.isdigit():
        return f"{value[:5]}-{value[5:]}"
    return value
