"""How the fields of an inscription (`infCad`, leiauteConsultaCadastro v2.00) are named and said in Portuguese."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain import Inscription
from app.kinds import folded
from app.portuguese import counted, listed
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

    @property
    def sentence(self) -> str:
        """What changed, as it ends a sentence: "razão social mudou; há 1 inscrição nova". "" when nothing did."""
        names = {name for _, name in self.fields}
        subjects = [subject for subject, of in _SUBJECTS.items() if names & of]
        said = [f"{listed(subjects)} {'mudou' if len(subjects) == 1 else 'mudaram'}"] if subjects else []
        if self.new:
            said.append(f"há {counted(len(self.new), 'inscrição nova', 'inscrições novas')}")
        if self.gone:
            gone = listed([inscription.IE or "sem número" for inscription in self.gone[:_GONE_NAMED]])
            more = f" e mais {len(self.gone) - _GONE_NAMED}" if len(self.gone) > _GONE_NAMED else ""
            one = len(self.gone) == 1
            said.append(
                f"{'a inscrição' if one else 'as inscrições'} {gone}{more} não {'veio' if one else 'vieram'} mais"
            )
        return "; ".join(said)


_ADDRESS = frozenset({"xLgr", "nro", "xCpl", "xBairro", "cMun", "xMun", "CEP"})
_SUBJECTS = {
    "situação": {"cSit", "dUltSit", "dBaixa"},
    "razão social": {"xNome"},
    "nome fantasia": {"xFant"},
    "endereço": {"UF", *_ADDRESS},
    "regime de apuração": {"xRegApur"},
    "credenciamento": {"indCredNFe", "indCredCTe"},
    "CNAE": {"CNAE"},
    "inscrição estadual": {"IE", "IEUnica", "IEAtual"},
    "documento": {"CNPJ", "CPF"},
    "início da atividade": {"dIniAtiv"},
}
"""What a change of some fields is called, what matters most first."""
_GONE_NAMED = 3


def changes(now: tuple[Inscription, ...], before: tuple[Inscription, ...]) -> Changes:
    """Compare two answers. Inscriptions are paired by IE, of the same UF first; an old blank is "".

    Case, accents, repeated blanks and leading zeros are no difference, nor is an address that only one of the answers
    has: some authorities leave it out now and then.
    """
    pairs = _paired(now, before)
    different: dict[tuple[int, str], str] = {}
    for position, earlier in pairs.items():
        inscription = now[position]
        here, there = fields_of(inscription), fields_of(earlier)
        skipped = _ADDRESS if (inscription.ender is None) is not (earlier.ender is None) else frozenset()
        for name in LABELS:
            if name not in skipped and not _is_same(name, here.get(name, ""), there.get(name, "")):
                different[position, name] = there.get(name, "")
    new = frozenset(range(len(now))) - pairs.keys()
    left = list(before)
    for earlier in pairs.values():
        left.remove(earlier)
    return Changes(different, new, tuple(left))


def _paired(now: tuple[Inscription, ...], before: tuple[Inscription, ...]) -> dict[int, Inscription]:
    """The inscription before of each position that has one."""
    pairs: dict[int, Inscription] = {}
    left = list(before)
    for of_one_uf in (True, False):
        for position, inscription in enumerate(now):
            if position in pairs:
                continue
            earlier = next((old for old in left if _is_one(inscription, old, of_one_uf=of_one_uf)), None)
            if earlier is not None:
                pairs[position] = earlier
                left.remove(earlier)
    return pairs


def _is_one(inscription: Inscription, old: Inscription, *, of_one_uf: bool) -> bool:
    return _is_same("IE", inscription.IE, old.IE) and (not of_one_uf or inscription.UF == old.UF)


def _is_same(name: str, one: str, other: str) -> bool:
    if one == other:
        return True
    if name in _ZEROS_LOST:
        return one.lstrip("0") == other.lstrip("0")
    return folded(one) == folded(other)


_ZEROS_LOST = frozenset({"IE", "IEUnica", "IEAtual", "CEP"})
