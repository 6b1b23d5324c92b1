"""What a registration at ANP, or its absence, says about the reseller, and in which words."""

from __future__ import annotations

from app.domain import AnpOutcome, AnpRegistration, Document, ListKind
from app.policies import AnpKind
from services.anp.reading import Reading
from services.anp.wording import Wordings


def judge(reading: Reading | None, cnpj: Document, kind: AnpKind, wordings: Wordings) -> tuple[AnpOutcome, str]:
    """The outcome, and why in a sentence.

    The API states no situation: to be there with an authorization, and without interdiction (statusSIGAF), is to be
    in order.
    """
    if reading is None:
        register = ListKind(kind.value).label
        told = f"o {cnpj.named} não consta entre os {register[0].lower()}{register[1:]}."
        return AnpOutcome.NOT_FOUND, f"Não localizado na consulta à ANP: {told}"
    found = reading.registration
    if not found.situation and (reading.states_situation or not found.authorization):
        lacks = "situação" if reading.states_situation else "número de autorização"
        return AnpOutcome.UNRECOGNISED, f"Consta na ANP sem {lacks}, {_brand(found)}."
    told = f"{_authorization(reading)}{_brand(found)}"
    if not found.situation:
        return AnpOutcome.UPDATED, f"Cadastro atualizado na ANP, {told}."
    outcome = wordings.read(found.situation)
    said = f"a ANP diz “{found.situation}”, {told}."
    if outcome is AnpOutcome.UPDATED and reading.states_authorization and not found.authorization:
        return AnpOutcome.UNRECOGNISED, f"Situação contraditória: {said}"
    return outcome, f"{outcome.label}: {said}"


def _authorization(reading: Reading) -> str:
    if reading.registration.authorization:
        return f"com a autorização {reading.registration.authorization} e "
    return "sem número de autorização e " if reading.states_authorization else ""


def _brand(found: AnpRegistration) -> str:
    return f"com a bandeira “{found.brand}”" if found.brand else "sem bandeira"
