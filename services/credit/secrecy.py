"""Keeps what a gerenciadora knows us by out of the failures that repeat its words: they are kept, and shown to all."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import quote, quote_plus

from app.domain import Failure
from services.credit.credentials import Credentials
from services.credit.provider import AnalysisFailed

_HIDDEN = "…"


@contextmanager
def keeping_secret(credentials: Credentials) -> Iterator[None]:
    """An AnalysisFailed raised inside tells nothing of that password, however the answer wrote it."""
    try:
        yield
    except AnalysisFailed as failed:
        failed.failure = _without(failed.failure, credentials)
        raise


def _without(failure: Failure, credentials: Credentials) -> Failure:
    password = credentials.password
    pair = base64.b64encode(f"{credentials.user}:{password}".encode("utf-8", "replace")).decode()
    forms = {password, quote(password, safe="", errors="replace"), quote_plus(password, errors="replace"), pair}
    texts = {name: getattr(failure, name) for name in ("what", "cause", "todo", "details")}
    for form in sorted(filter(None, forms), key=len, reverse=True):
        texts = {name: text.replace(form, _HIDDEN) for name, text in texts.items()}
    return replace(failure, **texts)
