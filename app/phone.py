"""Brazilian telephone numbers: read as people write them, kept in E.164 digits, shown and masked.

Since the end of 2016 every mobile has nine digits after the DDD; eight-digit ones of old registrations get their nine.
"""

from __future__ import annotations

import re

_NOT_IN_USE = {20, 23, 25, 26, 29, 30, 36, 39, 40, 50, 52, *range(56, 61), 70, 72, 76, 78, 80, 90}
_AREAS = frozenset(str(area) for area in range(11, 100) if area not in _NOT_IN_USE)
"""The 67 DDDs in use."""


class InvalidPhone(ValueError):
    """The text is not a mobile number; the message is a sentence in Portuguese for the operator."""


def mobile(text: str) -> str:
    """The E.164 digits of a mobile ("5527999991234"), with its ninth digit. Raises InvalidPhone."""
    digits = re.sub(r"\D", "", text).lstrip("0")
    if len(digits) in (12, 13) and digits.startswith("55"):  # 55 is a DDD too: only then is it the country
        digits = digits[2:]
    area, number = digits[:2], digits[2:]
    if len(digits) not in (10, 11) or area not in _AREAS:
        raise InvalidPhone(f"“{text.strip()}” não é um telefone com DDD. Escreva como (27) 99999-1234.")
    if len(number) == 9 and number[0] == "9":
        return f"55{area}{number}"
    if len(number) == 8 and number[0] in "6789":
        return f"55{area}9{number}"
    if len(number) == 8 and number[0] in "2345":
        raise InvalidPhone(f"“{text.strip()}” é um telefone fixo. Informe um celular, como (27) 99999-1234.")
    raise InvalidPhone(f"“{text.strip()}” não é um celular. Escreva como (27) 99999-1234.")


def shown_phone(digits: str) -> str:
    """ "(27) 99999-1234" of E.164 digits; what is of another form is shown as it is."""
    match = re.fullmatch(r"55([0-9]{2})([0-9]{4,5})([0-9]{4})", digits)
    return f"({match[1]}) {match[2]}-{match[3]}" if match else digits


def masked_phone(digits: str) -> str:
    """ "+55 27 9••••-1234": what a log may say of a number."""
    return f"+{digits[:2]} {digits[2:4]} {digits[4:5]}••••-{digits[-4:]}" if len(digits) > 8 else "••••"
