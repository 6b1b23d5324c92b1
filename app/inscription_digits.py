"""The check digits of an inscrição estadual, by UF: a reason to look at it again, never to refuse it.

The rules are those of the "roteiro de crítica" that each UF gave to SINTEGRA (www.sintegra.gov.br/Cad_Estados), for BA
and PE with the later ones of SEFAZ-BA and eFisco, read in November 2026. Only lengths and digits are looked at: which
prefixes a UF gives out changes (MS has had a second one since 2025).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Digits = Sequence[int]


def doubt(uf: str, ie: str) -> str:
    """Why this inscription may be mistyped, in a sentence; "" when it agrees with its UF's rule, or there is none.

    `ie` is bare. ISENTO, an empty one and an unknown UF are not doubted.
    """
    forms = _FORMS.get(uf, ())
    if not forms or not (ie.isascii() and ie.isdigit()):
        return ""
    digits = [int(character) for character in ie]
    fitting = [form for form in forms if form.length == len(digits)]
    if not fitting:
        lengths = " ou ".join(str(form.length) for form in forms)
        return (
            f"A inscrição estadual de {uf} tem {lengths} dígitos e esta tem {len(digits)}: confira os zeros à esquerda."
        )
    if any(form.agrees(digits) for form in fitting):
        return ""
    return f"O dígito verificador da inscrição não confere para {uf}: confira."


@dataclass(frozen=True)
class _Form:
    """One way in which a UF writes its inscriptions."""

    length: int
    agrees: Callable[[Digits], bool]


def _sum(digits: Digits, highest: int) -> int:
    """Weighted by 2, 3, … `highest`, 2, 3, … from the right."""
    return sum(digit * (2 + place % (highest - 1)) for place, digit in enumerate(reversed(digits)))


def _eleven(total: int) -> int:
    """The usual digit: 11 minus the remainder by 11, and 0 where that has two digits."""
    return (11 - total % 11) % 11 % 10


def _less_ten(total: int) -> int:
    """As in RO and in the old CACEPE of PE: 11 minus the remainder by 11, less 10 where that has two digits."""
    return (11 - total % 11) % 10


def _last(highest: int, count: int = 1, *, digit: Callable[[int], int] = _eleven) -> Callable[[Digits], bool]:
    """The last `count` digits check, each, all those before it."""

    def agrees(digits: Digits) -> bool:
        places = range(len(digits) - count, len(digits))
        return all(digits[place] == digit(_sum(digits[:place], highest)) for place in places)

    return agrees


def _ap(digits: Digits) -> bool:
    number = int("".join(map(str, digits[:8])))
    first, eleven = 0, 0
    if 3_000_001 <= number <= 3_017_000:
        first = 5
    elif 3_017_001 <= number <= 3_019_022:
        first, eleven = 9, 1
    left = 11 - (first + _sum(digits[:8], 9)) % 11
    return digits[8] == {10: 0, 11: eleven}.get(left, left)


def _ba(digits: Digits) -> bool:
    # The second check digit comes first, and enters the other; the module depends on a digit of the number.
    number, (first, second) = digits[:-2], digits[-2:]
    by_eleven = number[0 if len(digits) == 8 else 1] in (6, 7, 9)

    def digit(checked: Digits) -> int:
        total = _sum(checked, 99)
        return _eleven(total) if by_eleven else -total % 10

    return second == digit(number) and first == digit([*number, second])


def _go(digits: Digits) -> bool:
    total = _sum(digits[:8], 9)
    # The roteiro of before told of a 1 instead of 0 in one range of numbers.
    number = int("".join(map(str, digits[:8])))
    if total % 11 == 1 and 10_103_105 <= number <= 10_119_997 and digits[8] == 1:
        return True
    return digits[8] == _eleven(total)


def _mg(digits: Digits) -> bool:
    evened = [*digits[:3], 0, *digits[3:11]]
    products = (digit * (1 + place % 2) for place, digit in enumerate(evened))
    first = -sum(product // 10 + product % 10 for product in products) % 10
    return digits[11] == first and digits[12] == _eleven(_sum(digits[:12], 11))


def _pe_old(digits: Digits) -> bool:
    weights = (5, 4, 3, 2, 1, 9, 8, 7, 6, 5, 4, 3, 2)
    return digits[13] == _less_ten(sum(map(int.__mul__, digits, weights)))


def _ro_old(digits: Digits) -> bool:
    # The first three are the municipality.
    return digits[8] == _less_ten(_sum(digits[3:8], 9))


def _rr(digits: Digits) -> bool:
    return digits[8] == sum(place * digit for place, digit in enumerate(digits[:8], 1)) % 9


def _sp(digits: Digits) -> bool:
    weights = (1, 3, 4, 5, 6, 7, 8, 10)
    first = sum(map(int.__mul__, digits[:8], weights)) % 11 % 10
    return digits[8] == first and digits[11] == _sum(digits[:11], 10) % 11 % 10


def _to_old(digits: Digits) -> bool:
    # The third and the fourth say what the taxpayer is.
    return _last(9)([*digits[:2], *digits[4:]])


_NINE = (_Form(9, _last(9)),)
_THIRTEEN = (_Form(13, _last(9, 2)),)
_FORMS: dict[str, tuple[_Form, ...]] = {
    **dict.fromkeys(("AL", "AM", "CE", "ES", "MA", "MS", "PA", "PB", "PI", "SC", "SE"), _NINE),
    **dict.fromkeys(("AC", "DF"), _THIRTEEN),
    "AP": (_Form(9, _ap),),
    "BA": (_Form(8, _ba), _Form(9, _ba)),
    "GO": (_Form(9, _go),),
    "MG": (_Form(13, _mg),),
    "MT": (_Form(9, _last(9)), _Form(11, _last(9))),  # often written without its two zeros
    "PE": (_Form(9, _last(9, 2)), _Form(14, _pe_old)),
    "PR": (_Form(10, _last(7, 2)),),
    "RJ": (_Form(8, _last(7)),),
    "RN": (_Form(9, _last(9)), _Form(10, _last(10))),
    "RO": (_Form(9, _ro_old), _Form(14, _last(9, digit=_less_ten))),
    "RR": (_Form(9, _rr),),
    "RS": (_Form(10, _last(9)),),
    "SP": (_Form(12, _sp),),
    "TO": (_Form(9, _last(9)), _Form(11, _to_old)),
}
