"""The 27 federative units: IBGE code, name and time zone of the capital (IANA names); and what a SEFAZ may lack."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Uf:
    """One federative unit."""

    sigla: str
    code: int
    name: str
    zone: str


UFS: dict[str, Uf] = {
    sigla: Uf(sigla, code, name, f"America/{city}")
    for sigla, code, name, city in (
        ("AC", 12, "Acre", "Rio_Branco"),
        ("AL", 27, "Alagoas", "Maceio"),
        ("AM", 13, "Amazonas", "Manaus"),
        ("AP", 16, "Amapá", "Belem"),
        ("BA", 29, "Bahia", "Bahia"),
        ("CE", 23, "Ceará", "Fortaleza"),
        ("DF", 53, "Distrito Federal", "Sao_Paulo"),
        ("ES", 32, "Espírito Santo", "Sao_Paulo"),
        ("GO", 52, "Goiás", "Sao_Paulo"),
        ("MA", 21, "Maranhão", "Fortaleza"),
        ("MG", 31, "Minas Gerais", "Sao_Paulo"),
        ("MS", 50, "Mato Grosso do Sul", "Campo_Grande"),
        ("MT", 51, "Mato Grosso", "Cuiaba"),
        ("PA", 15, "Pará", "Belem"),
        ("PB", 25, "Paraíba", "Fortaleza"),
        ("PE", 26, "Pernambuco", "Recife"),
        ("PI", 22, "Piauí", "Fortaleza"),
        ("PR", 41, "Paraná", "Sao_Paulo"),
        ("RJ", 33, "Rio de Janeiro", "Sao_Paulo"),
        ("RN", 24, "Rio Grande do Norte", "Fortaleza"),
        ("RO", 11, "Rondônia", "Porto_Velho"),
        ("RR", 14, "Roraima", "Boa_Vista"),
        ("RS", 43, "Rio Grande do Sul", "Sao_Paulo"),
        ("SC", 42, "Santa Catarina", "Sao_Paulo"),
        ("SE", 28, "Sergipe", "Maceio"),
        ("SP", 35, "São Paulo", "Sao_Paulo"),
        ("TO", 17, "Tocantins", "Araguaina"),
    )
}


class Missing(Enum):
    """What the SEFAZ of a UF may not offer."""

    SERVICE = "consulta"
    CPF = "cpf"

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        return {Missing.SERVICE: "Não atende a consulta de cadastro", Missing.CPF: "Não consulta por CPF"}[self]
