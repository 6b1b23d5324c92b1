"""A certificate as it is kept, for tests that open no connection with it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app.domain import Certificate


def certificate_until(not_after: datetime, **values: Any) -> Certificate:
    """One of branch 1 that is valid for a year until that moment."""
    given: dict[str, Any] = {
        "branch_id": 1,
        "holder": "POSTO MODELO LTDA",
        "cnpj": "11222333000181",
        "issuer": "AC EXEMPLO RFB G5",
        "root": "Autoridade Certificadora Raiz Brasileira v10",
        "serial": "1a2b",
        "fingerprint": "f1",
        "not_before": not_after - timedelta(days=365),
        "not_after": not_after,
        "chain_pem": b"cadeia",
        "key_pem": b"chave",
        "secret_name": "certificado/f1",
        "installed_at": not_after - timedelta(days=360),
        **values,
    }
    return Certificate(**given)
