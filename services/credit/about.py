"""Whether an answer is about the document that was asked about."""

from __future__ import annotations

from typing import Any

from app.domain import Document
from app.policies import Environment
from services.credit.json_values import NotAReport, text


def not_about(document: Document, stated: Any, environment: Environment) -> list[str]:
    """What a person should read of an answer that states another document, nothing when it states this one or none.

    Raises NotAReport in production; what Homologação answers is made up, and nothing is decided by it.
    """
    bare = "".join(filter(str.isalnum, text(stated))).upper()
    if not bare or bare.lstrip("0") == document.value.lstrip("0"):
        return []
    if environment is Environment.PRODUCTION:
        raise NotAReport("ela é de outro documento")
    return ["Em Homologação, a resposta é de outro documento: são dados inventados para teste."]
