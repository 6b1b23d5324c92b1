"""Reads the JSON of revendedoresapi.anp.gov.br (ANP.Revendedores.API 1.0), which has authorised resellers only."""

from __future__ import annotations

from typing import Any

from app.domain import AnpRegistration
from services.anp.reading import NotAnAnswer, Reading, about, clean, field

_FOUND, _NOTHING = "200", "404"


def is_envelope(answer: dict[str, Any]) -> bool:
    """Whether an object, its names in lower case, has the form of the API's answers."""
    return "status" in answer and bool(answer.keys() & {"succeeded", "data", "title"})


def read_envelope(answer: dict[str, Any], http_status: int, cnpj: str) -> Reading | None:
    """What the API says of that CNPJ, None when it has no such reseller. Raises NotAnAnswer.

    Names are in lower case. How the API says that it found nothing was never seen: an empty `data` is taken for it,
    with status 200 or 404.
    """
    status = field(answer, "status")
    if status not in (_FOUND, _NOTHING) or answer.get("succeeded", True) is not True:
        raise NotAnAnswer(f"a API disse que não fez a consulta ({status}: “{field(answer, 'title')}”)")
    rows = answer.get("data")
    if not isinstance(rows, list):
        raise NotAnAnswer("a API não enviou a lista de revendedores")
    if not rows:
        if _total(answer) > 0:
            raise NotAnAnswer("a API diz ter encontrado revendedores, e não enviou nenhum")
        return None
    if http_status != 200 or status != _FOUND:
        raise NotAnAnswer("a API diz que não encontrou, e enviou revendedores")
    return Reading(about(cnpj, [_registration(row) for row in rows]), states_situation=False, states_authorization=True)


def _total(answer: dict[str, Any]) -> int:
    page = answer.get("searchpagefilter")
    if page is None:
        return 0
    if not isinstance(page, dict):
        raise NotAnAnswer("a API não disse em que página está")
    total = page.get("totalregistro", 0)
    if isinstance(total, bool) or not isinstance(total, int):
        raise NotAnAnswer("a API não disse quantos revendedores encontrou")
    return total


def _registration(row: object) -> AnpRegistration:
    if not isinstance(row, dict):
        raise NotAnAnswer("a lista da API não é de revendedores")
    return AnpRegistration(
        cnpj=field(row, "cnpj"),
        name=field(row, "razaosocial"),
        situation=field(row, "statussigaf"),
        authorization=field(row, "autorizacao"),
        published=field(row, "datapublicacao"),
        brand=field(row, "distribuidora"),
        brand_since=field(row, "datavinculacao"),
        simp_code=field(row, "codigosimp"),
        street=field(row, "endereco"),
        complement=field(row, "complemento"),
        district=field(row, "bairro"),
        postal_code=field(row, "cep"),
        city=field(row, "municipio"),
        uf=field(row, "uf"),
        reseller_class=field(row, "classe"),
        products=_products(row.get("produtos")),
    )


def _products(products: object) -> tuple[str, ...]:
    if products is None:
        return ()
    if not isinstance(products, list):
        raise NotAnAnswer("os produtos não são uma lista")
    return tuple(text for product in products if (text := _product(product)))


def _product(product: object) -> str:
    if isinstance(product, str):
        return field({"produtos": product}, "produtos")
    if not isinstance(product, dict):
        raise NotAnAnswer("um dos produtos não é um texto nem um registro")
    name, volume = field(product, "produto"), field(product, "tancagem")
    if not name or not volume:
        return name
    volume = volume.removesuffix(".0").replace(".", ",")
    return clean(f"{name} ({volume} {field(product, 'unidmedidatancagem')})").replace(" )", ")")
