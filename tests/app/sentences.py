"""What a sentence for the operator is: it begins with a capital letter or a quotation, ends, and says what to do."""

from __future__ import annotations

import re

_TELLS_WHAT_TO_DO = re.compile(
    r"\b(escolha|grave|confira|Informe|Escreva|Escolha|Confira|Exemplo|Corrija|Instale|Reative|Restaure|Atualize|informe|escreva|consulte|"
    r"Baixe|Use|Importe|preencha|encurte|diga|Digite|digite|tire|use|são|vão|começa|Para|de -?\d+ a \d+|ou mais|"
    r"opções)\b"
)


def is_sentence(text: str) -> bool:
    """Whether the text is whole sentences, with no question left open and no shouting, that say what is expected."""
    return bool(
        re.match(r"[A-ZÁÀÂÃÉÊÍÓÔÕÚÇ“0-9\-]", text)
        and text.rstrip().endswith(".")
        and "!" not in re.sub("“.*?”", "", text, flags=re.DOTALL)
        and _TELLS_WHAT_TO_DO.search(text)
    )
