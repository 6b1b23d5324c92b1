"""What the inscriptions that SEFAZ returned say about one customer: which is the customer's, and its situation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain import Inscription, Verdict

ENABLED, DISABLED = "1", "0"


@dataclass(frozen=True)
class Judgement:
    """The verdict, why, and the inscription it rests on (None when none could be chosen)."""

    verdict: Verdict
    reason: str
    own: Inscription | None = None


def judge(inscriptions: Sequence[Inscription], uf: str, ie: str) -> Judgement:
    """Choose the customer's inscription and read its cSit (leiaute v2.00: 0 não habilitado, 1 habilitado).

    With an `ie` on file only that inscription counts. Without one, the inscriptions of the queried UF must agree,
    those closed (dBaixa) left aside while others exist. What is not certain is AMBIGUOUS, never guessed.
    """
    if not inscriptions:
        return Judgement(Verdict.AMBIGUOUS, "A resposta não traz nenhuma inscrição: consulte de novo mais tarde.")
    if _digits(ie):
        matching = [i for i in inscriptions if _same_ie(i.IE, ie)]
        matching = [i for i in matching if i.UF in ("", uf)] or matching
        matching = [i for i in matching if not i.dBaixa] or matching
        if len({i.cSit for i in matching}) > 1:
            return Judgement(
                Verdict.AMBIGUOUS,
                f"A inscrição {ie} aparece {len(matching)} vezes na resposta, com situações diferentes: "
                "confira o cadastro na SEFAZ.",
            )
        if matching:
            return _of_own(matching[0], inscriptions, uf)
        if all(i.cSit == DISABLED for i in inscriptions):
            return Judgement(
                Verdict.DISABLED,
                f"A inscrição {ie} do cadastro não está na resposta, que traz {_count(inscriptions)}: "
                "nenhuma está habilitada.",
            )
        return Judgement(
            Verdict.AMBIGUOUS,
            f"A inscrição {ie} do cadastro não está na resposta, que traz {_count(inscriptions)}: "
            "confira a inscrição estadual do cliente.",
        )
    here = [i for i in inscriptions if i.UF in ("", uf)]
    if not here:
        return Judgement(
            Verdict.AMBIGUOUS,
            f"As inscrições da resposta são de {', '.join(sorted({i.UF for i in inscriptions}))}, nenhuma de {uf}.",
        )
    standing = [i for i in here if not i.dBaixa] or here
    if len(standing) == 1:
        return _of_own(standing[0], inscriptions, uf)
    situations = {i.cSit for i in standing}
    if situations == {ENABLED}:
        return Judgement(Verdict.ENABLED, f"As {len(standing)} inscrições em {uf} estão habilitadas.")
    if situations == {DISABLED}:
        return Judgement(Verdict.DISABLED, f"Nenhuma das {len(standing)} inscrições em {uf} está habilitada.")
    return Judgement(
        Verdict.AMBIGUOUS,
        f"Há {len(standing)} inscrições em {uf} com situações diferentes: "
        "informe no cadastro a inscrição estadual do cliente.",
    )


def _of_own(own: Inscription, inscriptions: Sequence[Inscription], uf: str) -> Judgement:
    where = f" de {own.UF}" if own.UF not in ("", uf) else ""
    if own.cSit == ENABLED:
        return Judgement(Verdict.ENABLED, f"A inscrição {own.IE}{where} está habilitada.", own)
    if own.cSit != DISABLED:
        return Judgement(
            Verdict.AMBIGUOUS, f"A situação “{own.cSit}” da inscrição {own.IE}{where} não é conhecida.", own
        )
    replaced_by = next(
        (
            i
            for i in inscriptions
            if own.IEAtual and i.cSit == ENABLED and _same_ie(i.IE, own.IEAtual) and (i.UF or uf) == (own.UF or uf)
        ),
        None,
    )
    if replaced_by is not None and not _same_ie(own.IE, replaced_by.IE):
        return Judgement(
            Verdict.AMBIGUOUS,
            f"A inscrição {own.IE} foi substituída pela {replaced_by.IE}, que está habilitada: atualize o cadastro.",
            own,
        )
    closed = f", baixada em {_date(own.dBaixa)}" if own.dBaixa else ""
    return Judgement(Verdict.DISABLED, f"A inscrição {own.IE}{where} não está habilitada{closed}.", own)


def _digits(ie: str) -> str:
    return "".join(c for c in ie if c.isdigit())


def _same_ie(one: str, other: str) -> bool:
    # Some authorities lose the leading zeros.
    return _digits(one).lstrip("0") == _digits(other).lstrip("0") != ""


def _count(inscriptions: Sequence[Inscription]) -> str:
    return f"{len(inscriptions)} inscriç{'ão' if len(inscriptions) == 1 else 'ões'}"


def _date(iso: str) -> str:
    parts = iso[:10].split("-")
    return "/".join(reversed(parts)) if len(parts) == 3 else iso
