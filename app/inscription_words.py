"""How the fields of an inscription (`infCad`, leiauteConsultaCadastro v2.00) are named and said in Portuguese."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain import Inscription
from app.uf import UFS

LABELS: dict[str, str] = {
    "IE": "Inscrição estadual",
    "CNPJ": "CNPJ",
    "CPF": "CPF",
    "UF": "UF",
    "cSit": "Situação",
    "indCredNFe": "Credenciamento para NF-e",
    "indCredCTe": "Credenciamento para CT-e",
    "xNome": "Razão social ou nome",
    "xFant": "Nome fantasia",
    "xRegApur": "Regime de apuração",
    "CNAE": "CNAE principal",
    "dIniAtiv": "Início da atividade",
    "dUltSit": "Última mudança de situação",
    "dBaixa": "Data da baixa",
    "IEUnica": "Inscrição estadual única",
    "IEAtual": "Inscrição estadual atual",
    "xLgr": "Logradouro",
    "nro": "Número",
    "xCpl": "Complemento",
    "xBairro": "Bairro",
    "cMun": "Código do município (IBGE)",
    "xMun": "Município",
    "CEP": "CEP",
}
"""The label of each field, in the layout's order; those of `ender` last."""

_ACCREDITED = {
    "0": "não credenciado",
    "1": "credenciado",
    "2": "credenciado, com obrigatoriedade para todas as operações",
    "3": "credenciado, com obrigatoriedade parcial",
    "4": "a SEFAZ não informa",
}
_CODES = {
    "cSit": {"0": "não habilitado", "1": "habilitado"},
    "indCredNFe": _ACCREDITED,
    "indCredCTe": _ACCREDITED,
}
_DATES = ("dIniAtiv", "dUltSit", "dBaixa")


def fields_of(inscription: Inscription) -> dict[str, str]:
    """The fields present by the layout's names, those of the address among them."""
    present = inscription.as_layout()
    address: dict[str, str] = present.pop("ender", {})
    named = {**present, **address}
    return {name: named[name] for name in LABELS if name in named}


def spelled(name: str, value: str) -> str:
    """A field's value as a person reads it: codes with their meaning, dates and documents with their mask."""
    if name in _CODES:
        return f"{value} · {_CODES[name].get(value, 'código não previsto no leiaute')}"
    if name in _DATES:
        parts = value[:10].split("-")
        return "/".join(reversed(parts)) if len(parts) == 3 else value
    if name == "UF" and value in UFS:
        return f"{value} · {UFS[value].name}"
    if name == "CNPJ" and len(value) == 14:
        return f"{value[:2]}.{value[2:5]}.{value[5:8]}/{value[8:12]}-{value[12:]}"
    if name == "CPF" and len(value) == 11:
        return f"{value[:3]}.{value[3:6]}.{value[6:9]}-{value[9:]}"
    if name == "CEP" and len(value) == 8:
        return f"{value[:5]}-{value[5:]}"
    if name == "CNAE" and len(value) == 7:
        return f"{value[:4]}-{value[4]}/{value[5:]}"
    return value


@dataclass(frozen=True)
class Changes:
    """What differs from the answer before: by inscription and field the old value, inscriptions new and gone."""

    fields: dict[tuple[int, str], str]
    new: frozenset[int]
    gone: tuple[Inscription, ...]

    def __bool__(self) -> bool:
        return bool(self.fields or self.new or self.gone)


def changes(now: tuple[Inscription, ...], before: tuple[Inscription, ...]) -> Changes:
    """Compare two answers. Inscriptions are paired by UF and IE, leading zeros apart; an old blank is ""."""
    old = {_identity(inscription): inscription for inscription in before}
    different: dict[tuple[int, str], str] = {}
    new: set[int] = set()
    for position, inscription in enumerate(now):
        earlier = old.pop(_identity(inscription), None)
        if earlier is None:
            new.add(position)
            continue
        here, there = fields_of(inscription), fields_of(earlier)
        for name in LABELS:
            if here.get(name, "") != there.get(name, ""):
                different[position, name] = there.get(name, "")
    return Changes(different, frozenset(new), tuple(old.values()))


def _identity(inscription: Inscription) -> tuple[str, str]:
    return inscription.UF, inscription.IE.lstrip("0")
