"""What the inscriptions that SEFAZ returned say about one customer: which is the customer's, and its situation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.domain import Inscription, Verdict
from app.portuguese import counted

ENABLED, DISABLED = "1", "0"

_NAMED = 4
"""How many inscriptions a sentence names before it counts the others."""


@dataclass(frozen=True)
class Judgement:
    """The verdict, why, and the inscription it rests on (None when none could be chosen)."""

    verdict: Verdict
    reason: str
    own: Inscription | None = None


def judge(inscriptions: Sequence[Inscription], uf: str, ie: str) -> Judgement:
    """Choose the customer's inscription and read its cSit (leiaute v2.00: 0 não habilitado, 1 habilitado).

    With an `ie` on file only that inscription counts, or those that have it as their IEUnica. Without one, those of
    taxpayers of the queried UF, the closed ones left aside while others exist, must agree; of one CNPJ, the only
    enabled one is the customer's. Nothing else is looked at: whether it is accredited for NF-e (indCredNFe) never
    decides. What is not certain is AMBIGUOUS, never guessed.
    """
    if not inscriptions:
        return _ambiguous("A resposta não traz nenhuma inscrição: consulte de novo mais tarde.")
    return _by_ie(inscriptions, uf, ie) if _digits(ie) else _without_ie(inscriptions, uf)


def same_ie(one: str, other: str) -> bool:
    """Whether both are one inscription. Masks do not count, nor leading zeros, which some authorities lose."""
    return _digits(one).lstrip("0") == _digits(other).lstrip("0") != ""


def successor(inscription: Inscription) -> str:
    """The inscription that took the place of this one (IEAtual), or "" when it is the present one itself."""
    newer = inscription.IEAtual
    return newer if _digits(newer) and not same_ie(newer, inscription.IE) else ""


def _by_ie(inscriptions: Sequence[Inscription], uf: str, ie: str) -> Judgement:
    own = [i for i in inscriptions if same_ie(i.IE, ie)]
    shared = "" if own else ie
    own = own or [i for i in inscriptions if same_ie(i.IEUnica, ie)]
    own = [i for i in own if _is_here(i, uf)] or own
    own = [i for i in own if not i.dBaixa] or own
    if not own:
        return _not_in_answer(inscriptions, uf, ie)
    if len({i.cSit for i in own}) == 1:
        return _of_own(own[0], inscriptions, uf, shared)
    if shared:
        return _ambiguous(
            f"A inscrição única {ie} é de {len(own)} inscrições, com situações diferentes: {_listed(own, uf)}. "
            "Informe no cadastro a inscrição do cliente."
        )
    return _ambiguous(
        f"A inscrição {ie} aparece {len(own)} vezes na resposta, com situações diferentes: confira o cadastro na SEFAZ."
    )


def _not_in_answer(inscriptions: Sequence[Inscription], uf: str, ie: str) -> Judgement:
    missing = f"A inscrição {ie} do cadastro não está na resposta, que traz"
    brought = counted(len(inscriptions), "inscrição", "inscrições")
    if all(i.cSit == DISABLED for i in inscriptions) and _replacements_are_there(inscriptions):
        return Judgement(Verdict.DISABLED, f"{missing} {brought}: nenhuma está habilitada.")
    return _ambiguous(
        f"{missing} {brought}: {_listed(inscriptions, uf)}. Confira a inscrição estadual no cadastro do cliente."
    )


def _without_ie(inscriptions: Sequence[Inscription], uf: str) -> Judgement:
    here = [i for i in inscriptions if _is_here(i, uf)]
    if not here:
        return _ambiguous(
            f"A resposta só traz inscrições de contribuintes de outra UF, como substitutos tributários: "
            f"{_listed(inscriptions, uf)}. Informe no cadastro a inscrição estadual do cliente."
        )
    standing = [i for i in here if not _is_closed(i)] or here
    if len(standing) == 1:
        return _of_own(standing[0], inscriptions, uf)
    enabled = [i for i in standing if i.cSit == ENABLED]
    disabled = [i for i in standing if i.cSit == DISABLED]
    if len(enabled) == len(standing):
        return Judgement(Verdict.ENABLED, f"As {len(standing)} inscrições em {uf} estão habilitadas.")
    if len(disabled) == len(standing) and _replacements_are_there(standing, inscriptions):
        return Judgement(Verdict.DISABLED, f"Nenhuma das {len(standing)} inscrições em {uf} está habilitada.")
    # A CNPJ is one establishment, with one inscription in force; a CPF may be a rural producer with several farms.
    if len(enabled) == 1 and len(disabled) == len(standing) - 1 and not any(i.CPF for i in standing):
        return Judgement(
            Verdict.ENABLED,
            f"A inscrição {enabled[0].IE} está habilitada; das {len(standing)} em {uf}, é a única.",
            enabled[0],
        )
    return _ambiguous(
        f"Há {len(standing)} inscrições em {uf} com situações diferentes ou não conhecidas: {_listed(standing, uf)}. "
        "Informe no cadastro a inscrição estadual do cliente."
    )


def _of_own(own: Inscription, inscriptions: Sequence[Inscription], uf: str, shared: str = "") -> Judgement:
    """The judgement of one inscription; `shared` is the IEUnica by which it was found."""
    more = [f"da inscrição única {shared} do cadastro"] if shared else []
    if not _is_here(own, uf):
        more.append(f"de contribuinte de {own.UF} (como um substituto tributário)")
    who = f"A inscrição {', '.join((own.IE, *more))}{',' if more else ''}"
    newer = successor(own)
    if own.cSit == ENABLED:
        closed = f" A resposta traz também uma baixa, em {_date(own.dBaixa)}." if own.dBaixa else ""
        renewed = f" A SEFAZ informa que a inscrição atual é a {newer}: confira o cadastro." if newer else ""
        return Judgement(Verdict.ENABLED, f"{who} está habilitada.{closed}{renewed}", own)
    if own.cSit != DISABLED:
        said = f"A SEFAZ respondeu com a situação “{own.cSit}”" if own.cSit else "A SEFAZ não informou a situação"
        return _ambiguous(f"{said} da inscrição {own.IE}: o leiaute só prevê 0 e 1. Confira o cadastro na SEFAZ.", own)
    closed = f", baixada em {_date(own.dBaixa)}" if own.dBaixa else ""
    if not newer:
        return Judgement(Verdict.DISABLED, f"{who} não está habilitada{closed}.", own)
    newer, situations = _newest(own, inscriptions, uf)
    replaced = f"{who} foi substituída pela {newer}"
    if situations == {DISABLED}:
        return Judgement(Verdict.DISABLED, f"{replaced}, e nenhuma das duas está habilitada.", own)
    if situations == {ENABLED}:
        return _ambiguous(f"{replaced}, que está habilitada: atualize o cadastro.", own)
    return _ambiguous(f"{replaced}, cuja situação não veio na resposta: atualize o cadastro e consulte de novo.", own)


def _newest(own: Inscription, inscriptions: Sequence[Inscription], uf: str) -> tuple[str, set[str]]:
    """The inscription at the end of the replacements that begin at `own`, and its situations in the answer."""
    passed, found = [own.IE], [own]
    while all(i.cSit == DISABLED for i in found):
        newer = next((s for i in found if (s := successor(i)) and not any(same_ie(s, one) for one in passed)), "")
        if not newer:
            break
        passed.append(newer)
        found = [i for i in inscriptions if (i.UF or uf) == (own.UF or uf) and same_ie(i.IE, newer)]
        if not found:
            break
    return passed[-1], {i.cSit for i in found}


def _replacements_are_there(some: Iterable[Inscription], answer: Sequence[Inscription] = ()) -> bool:
    """Whether every inscription that took the place of another has its situation told in the answer."""
    known = tuple(some)
    everyone = answer or known
    return all(not (s := successor(i)) or any(same_ie(s, other.IE) for other in everyone) for i in known)


def _is_here(inscription: Inscription, uf: str) -> bool:
    # The UF is where the taxpayer is: an inscription as ICMS-ST substitute is of the queried UF, its holder elsewhere.
    return inscription.UF in ("", uf)


def _is_closed(inscription: Inscription) -> bool:
    return inscription.cSit != ENABLED and bool(inscription.dBaixa or successor(inscription))


def _listed(inscriptions: Sequence[Inscription], uf: str) -> str:
    said = [_said(i, uf) for i in inscriptions[:_NAMED]]
    if (more := len(inscriptions) - _NAMED) > 0:
        said.append(f"e mais {more}")
    return "; ".join(said)


def _said(inscription: Inscription, uf: str) -> str:
    where = "" if _is_here(inscription, uf) else f" de {inscription.UF}"
    if inscription.cSit == ENABLED:
        situation = "habilitada"
    elif inscription.cSit != DISABLED:
        situation = f"situação “{inscription.cSit}”" if inscription.cSit else "situação não informada"
    elif newer := successor(inscription):
        situation = f"substituída pela {newer}"
    else:
        situation = f"baixada em {_date(inscription.dBaixa)}" if inscription.dBaixa else "não habilitada"
    return f"{inscription.IE or 'sem número'}{where} {situation}"


def _ambiguous(reason: str, own: Inscription | None = None) -> Judgement:
    return Judgement(Verdict.AMBIGUOUS, reason, own)


def _digits(ie: str) -> str:
    return "".join(c for c in ie if c.isdigit())


def _date(iso: str) -> str:
    parts = iso[:10].split("-")
    return "/".join(reversed(parts)) if len(parts) == 3 else iso
