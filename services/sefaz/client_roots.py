"""Which roots of ICP-Brasil an authorizer is not known to take in a client's certificate."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain import Certificate
from services.sefaz.endpoints import Endpoint

_NEW_ROOT = "v12"
_NOT_LISTING = "SVRS"
"""Its production servers asked for certificates of v2, v5 and v10 alone when probed in September 2026."""


def root_doubt(certificate: Certificate, endpoints: Mapping[str, Endpoint]) -> str:
    """What is not known of this certificate's root at the addresses in force, in words; "" when nothing is doubted.

    OpenSSL presents it whatever the server lists, so only an answer will tell.
    """
    ufs = [uf for uf, endpoint in endpoints.items() if endpoint.authorizer == _NOT_LISTING and endpoint.production]
    if certificate.icp_version != _NEW_ROOT or not ufs:
        return ""
    return (
        f"A raiz {_NEW_ROOT} é nova: em setembro de 2026 os servidores da SVRS, que atendem {', '.join(sorted(ufs))}, "
        "ainda não a listavam entre as que aceitam. O certificado é apresentado assim mesmo; se só essas UFs o "
        "recusarem, peça à autoridade certificadora um emitido sob outra raiz (v5 ou v10)."
    )
