"""What pydantic finds wrong with a request, in Portuguese."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.portuguese import counted

_PLACES = {"body": "corpo", "query": "consulta", "path": "endereço", "header": "cabeçalho"}
_WORDS = {
    "missing": "Informe este campo.",
    "extra_forbidden": "Este campo não existe.",
    "json_invalid": "Não é um JSON válido.",
    "string_type": "Deve ser um texto.",
    "string_too_short": "Deve ter no mínimo {characters}.",
    "string_too_long": "Deve ter no máximo {characters}.",
    "string_pattern_mismatch": "Não está no formato esperado.",
    "string_unicode": "Não é um texto válido.",
    "int_type": "Deve ser um número inteiro.",
    "int_parsing": "Deve ser um número inteiro.",
    "int_parsing_size": "O número é grande demais.",
    "int_from_float": "Deve ser um número inteiro.",
    "bool_type": "Deve ser true ou false.",
    "bool_parsing": "Deve ser true ou false.",
    "decimal_type": "Deve ser um número.",
    "decimal_parsing": "Deve ser um número.",
    "decimal_max_digits": "Deve ter no máximo {max_digits} algarismos.",
    "decimal_max_places": "Deve ter no máximo {decimal_places} casas decimais.",
    "finite_number": "Deve ser um número.",
    "greater_than": "Deve ser maior que {gt}.",
    "greater_than_equal": "Deve ser no mínimo {ge}.",
    "less_than": "Deve ser menor que {lt}.",
    "less_than_equal": "Deve ser no máximo {le}.",
    "enum": "Deve ser um destes: {expected}.",
    "literal_error": "Deve ser um destes: {expected}.",
    "list_type": "Deve ser uma lista.",
    "too_short": "Deve ter no mínimo {items}.",
    "too_long": "Deve ter no máximo {items}.",
    "date_type": "Deve ser uma data (AAAA-MM-DD).",
    "date_parsing": "Deve ser uma data (AAAA-MM-DD).",
    "date_from_datetime_parsing": "Deve ser uma data (AAAA-MM-DD).",
    "date_from_datetime_inexact": "Deve ser uma data (AAAA-MM-DD), sem hora.",
    "datetime_type": "Deve ser um momento (AAAA-MM-DDTHH:MM:SS e o fuso).",
    "datetime_parsing": "Deve ser um momento (AAAA-MM-DDTHH:MM:SS e o fuso).",
    "datetime_from_date_parsing": "Deve ser um momento (AAAA-MM-DDTHH:MM:SS e o fuso).",
    "timezone_aware": "Informe também o fuso, como em 2026-11-22T10:00:00-03:00.",
    "dict_type": "Deve ser um objeto JSON.",
    "model_type": "Deve ser um objeto JSON.",
    "model_attributes_type": "Deve ser um objeto JSON, com Content-Type: application/json.",
}
_UNKNOWN = "O valor não é aceito."


def fields_of(errors: Iterable[Any]) -> dict[str, str]:
    """A sentence by the name of each field, the first one found; "corpo" for the body as a whole."""
    found: dict[str, str] = {}
    for error in errors:
        found.setdefault(_name(error["loc"]), _sentence(error))
    return found


def _name(location: tuple[str | int, ...]) -> str:
    place, *path = location
    if place == "body":
        # The number after "body" of a JSON that cannot be read is where reading stopped.
        path = [part for part in path if isinstance(part, str)] if len(path) == 1 else path
        return ".".join(str(part) for part in path) or _PLACES["body"]
    return ".".join(str(part) for part in path) or _PLACES.get(str(place), str(place))


def _sentence(error: Any) -> str:
    context = error.get("ctx", {})
    if error["type"] == "value_error":
        return str(context["error"])  # a sentence of this program's own
    told = {name: str(value).replace(" or ", " ou ") for name, value in context.items()}
    length = context.get("min_length", context.get("max_length"))
    if length is not None:
        told["characters"] = counted(length, "caractere", "caracteres")
        told["items"] = counted(length, "item", "itens")
    return _WORDS.get(error["type"], _UNKNOWN).format(**told)
