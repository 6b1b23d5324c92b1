"""Fields of a registration at ANP are all named, and two answers compared field by field."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime

from app.anp_words import LABELS, changes, fields_of, source
from app.domain import AnpRegistration, AnpSource

ONE = AnpRegistration(
    "11222333000181",
    name="POSTO MODELO LTDA",
    authorization="PR/SP0123456",
    brand="VIBRA",
    postal_code="13010150",
    products=("GASOLINA C COMUM (15 m³)", "DIESEL B S10"),
)


def test_every_field_has_a_label() -> None:
    assert set(LABELS) == {field.name for field in fields(AnpRegistration)}


def test_fields_present_are_said_with_their_masks_and_a_product_a_line() -> None:
    assert fields_of(ONE) == {
        "name": "POSTO MODELO LTDA",
        "cnpj": "11.222.333/0001-81",
        "authorization": "PR/SP0123456",
        "brand": "VIBRA",
        "products": "GASOLINA C COMUM (15 m³)\nDIESEL B S10",
        "postal_code": "13010-150",
    }
    assert fields_of(replace(ONE, postal_code="S/N", cnpj="1"))["postal_code"] == "S/N"


def test_what_changed_comes_with_what_it_was() -> None:
    later = replace(ONE, brand="", brand_since="29/04/2026", name="POSTO NOVO LTDA")
    assert changes(later, ONE) == {"name": "POSTO MODELO LTDA", "brand": "VIBRA", "brand_since": ""}
    assert changes(ONE, ONE) == {}


def test_whom_one_of_the_answers_does_not_list_has_no_field_to_compare() -> None:
    assert changes(None, ONE) == changes(ONE, None) == {}


def test_products_are_compared_only_between_sources_that_state_them() -> None:
    by_list = replace(ONE, products=())
    assert changes(by_list, ONE) == changes(ONE, by_list) == {}
    assert list(changes(replace(ONE, products=("ETANOL",)), ONE)) == ["products"]


def test_a_list_is_told_with_its_date() -> None:
    assert source(AnpSource.PRIMARY, None) == "Consulta on-line (endereço principal)"
    noon = datetime(2026, 11, 20, 15, tzinfo=UTC)
    assert source(AnpSource.MIRROR, noon) == "Lista publicada pela ANP, de 20/11/2026"
