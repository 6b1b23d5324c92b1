"""Where a customer's registration and its inscription at SEFAZ disagree, field by field, and what may be taken over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.documents import from_key
from app.domain import Address, DocumentKind, Inscription
from app.kinds import InvalidValue, folded
from app.rules.sefaz_verdict import ENABLED, same_ie, successor
from app.tables import CUSTOMERS, Field

NAME_MAXIMUM = 60
"""The longest xNome of leiauteConsultaCadastro v2.00: a longer name comes cut."""


@dataclass(frozen=True)
class Difference:
    """One field of the registration (its name in `CUSTOMERS`), its value there and the one at SEFAZ, as people read.

    `remark` says more about SEFAZ's value; `hindrance` why it cannot be taken over, "" when it can.
    """

    field: str
    here: str
    there: str
    remark: str = ""
    hindrance: str = ""

    @property
    def label(self) -> str:
        """What the field is called."""
        return _field(self.field).label


def differences(registration: Mapping[str, Any], own: Inscription) -> tuple[Difference, ...]:
    """The fields of `registration` (values by the names of `CUSTOMERS`) that `own` contradicts or completes.

    What SEFAZ leaves out contradicts nothing. Case, accents, punctuation, repeated blanks, leading zeros and the usual
    abbreviations of a kind of street (R., AV.) are only ways of writing, and a name cut at the layout's 60 characters
    is the same name.
    """
    address = own.ender or Address()
    away = ""
    if own.UF not in ("", registration["uf"]):
        away = f"O endereço fica em {own.UF} e o cadastro é de {registration['uf']}: confira antes e edite o cadastro."
    told = (
        ("nome", own.xNome, ""),
        ("fantasia", own.xFant, ""),
        ("cidade", address.xMun, away),
        ("logradouro", _street(address), away),
        ("complemento", address.xCpl, away),
        ("bairro", address.xBairro, away),
        ("cep", _postal_code(address.CEP), away),
    )
    found = [_inscription(registration, own)]
    found += (_difference(name, str(registration[name]), value, hindrance) for name, value, hindrance in told)
    return tuple(difference for difference in found if difference is not None)


def _inscription(registration: Mapping[str, Any], own: Inscription) -> Difference | None:
    here: str = registration["ie"]
    newer = successor(own)
    if newer and not same_ie(here, newer):
        return _taken("ie", here, newer, f"A SEFAZ informa que a {own.IE} foi substituída pela {newer}.")
    document = from_key(registration["documento"])
    on_file = document.value if document.kind is DocumentKind.IE and not any(map(str.isdigit, here)) else here
    if not own.IE or any(same_ie(on_file, known) for known in (own.IE, own.IEUnica, newer)):
        return None
    return _taken("ie", here, own.IE, "" if own.cSit == ENABLED else "Esta inscrição não está habilitada.")


def _difference(name: str, here: str, there: str, hindrance: str) -> Difference | None:
    wanted = _comparable(name, there)
    present = _comparable(name, here)
    is_cut = name == "nome" and len(there) >= NAME_MAXIMUM and present.startswith(wanted)
    if not wanted or wanted == present or is_cut:
        return None
    return _taken(name, here, there, hindrance=hindrance)


def _taken(name: str, here: str, there: str, remark: str = "", hindrance: str = "") -> Difference:
    """The difference, and whether SEFAZ's value is one that the field can have."""
    kind = _field(name).kind
    shown = kind.show(here) if here else ""
    try:
        return Difference(name, shown, kind.show(kind.parse(there)), remark, hindrance)
    except InvalidValue as error:
        return Difference(name, shown, " ".join(there.split()), remark, hindrance or f"Não cabe no cadastro. {error}")


def _field(name: str) -> Field:
    field = CUSTOMERS.field(name)
    assert field is not None
    return field


def _street(address: Address) -> str:
    """Street and number as the registration has them, in one field."""
    street, number = " ".join(address.xLgr.split()), " ".join(address.nro.split())
    if not _comparable("logradouro", street) or not _comparable("logradouro", number):
        return street
    ends_with_it = f" {_comparable('logradouro', street)}".endswith(f" {_comparable('logradouro', number)}")
    return street if ends_with_it else f"{street}, {number}"


def _postal_code(text: str) -> str:
    digits = re.sub(r"[\s.-]", "", text)
    return digits.zfill(8) if digits.strip("0") else ""


_STREET_KINDS = {
    "r": "rua",
    "av": "avenida",
    "aven": "avenida",
    "al": "alameda",
    "tv": "travessa",
    "trav": "travessa",
    "pc": "praca",
    "pca": "praca",
    "rod": "rodovia",
    "est": "estrada",
    "estr": "estrada",
    "lgo": "largo",
    "faz": "fazenda",
}


def _comparable(name: str, text: str) -> str:
    """The text without what is only a way of writing; "" when it says nothing."""
    bare = re.sub(r"[./'’´`]", "", folded(re.sub("[ºª°]", "", text)))
    words = re.sub(r"[\W_]+", " ", bare).split()
    if name == "logradouro":
        words = [word.lstrip("0") or "0" if word.isdecimal() else word for word in words]
        words[:1] = [_STREET_KINDS.get(word, word) for word in words[:1]]
    return "".join(words) if name == "cep" else " ".join(words)
