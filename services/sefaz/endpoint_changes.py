"""Changing the address or the pace of a UF: the administrator's file and the audit change together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.data import audit
from app.kinds import is_this_computer
from services.sefaz.endpoints import FIELDS, Endpoint, EndpointStatus, load_endpoints, remove_override, save_override

if TYPE_CHECKING:
    from app.data.database import Database

LABELS = {
    "producao": "Produção",
    "homologacao": "Homologação",
    "autorizador": "Autorizador",
    "status": "Situação",
    "envelope": "Envelope",
    "fonte": "Fonte",
    "intervalo_s": "Intervalo (segundos)",
    "por_minuto": "Consultas por minuto",
}
"""The keys of the file as a person reads them."""


def written(endpoint: Endpoint, key: str) -> str | float | int:
    """The value of one key as the file has it."""
    value: str | float | int | EndpointStatus = getattr(endpoint, FIELDS[key])
    return value.value if isinstance(value, EndpointStatus) else value


def overridden(endpoint: Endpoint, shipped: Endpoint) -> tuple[str, ...]:
    """The keys in which an endpoint differs from the shipped one."""
    return tuple(key for key in FIELDS if written(endpoint, key) != written(shipped, key))


def riskier(endpoint: Endpoint, shipped: Endpoint, changes: Mapping[str, str | float | int]) -> bool:
    """Whether, after the changes, a real authority may be asked faster than the shipped limits allow.

    Asking too fast brings a 656 (consumo indevido), and SEFAZ then refuses everything of that certificate and address,
    invoices too, for up to an hour (MOC 7.0 Anexo I §4.3.6). An address on this computer is no authority.
    """
    after = {key: changes.get(key, written(endpoint, key)) for key in ("producao", "intervalo_s", "por_minuto")}
    host = urlsplit(str(after["producao"])).hostname
    if host is None or is_this_computer(host):
        return False
    interval, pace = float(after["intervalo_s"]), float(after["por_minuto"])
    return interval < shipped.interval_s or pace == 0 or pace > shipped.per_minute > 0


def change_endpoint(
    database: Database, file: Path, uf: str, changes: Mapping[str, str | float | int], *, actor: str
) -> dict[str, Endpoint]:
    """Override those keys of one UF (named as in `FIELDS`); a key equal to the shipped value is no override.

    Returns all endpoints as they are now. Raises InvalidEndpoints; then nothing has changed.
    """
    shipped = load_endpoints(None)[uf]
    wanted = {key: value for key, value in changes.items() if value != written(shipped, key)}

    def rewrite() -> None:
        if wanted:
            save_override(file, uf, wanted)
        for key in set(changes) - set(wanted):
            remove_override(file, uf, key)

    return _audited(database, file, uf, rewrite, actor)


def restore_endpoint(database: Database, file: Path, uf: str, *, actor: str) -> dict[str, Endpoint]:
    """Go back to everything shipped for one UF. Returns and raises as `change_endpoint`."""
    return _audited(database, file, uf, lambda: remove_override(file, uf), actor)


def _audited(database: Database, file: Path, uf: str, rewrite: Callable[[], None], actor: str) -> dict[str, Endpoint]:
    before = load_endpoints(file)
    content = file.read_bytes() if file.exists() else None
    try:
        with database.writing() as connection:
            rewrite()
            after = load_endpoints(file)
            for key in overridden(after[uf], before[uf]):
                audit.record(
                    connection,
                    actor=actor,
                    subject=f"enderecos/{uf}",
                    what=f"Endereço da SEFAZ de {uf}: {LABELS[key]}",
                    old=str(written(before[uf], key)),
                    new=str(written(after[uf], key)),
                    at=datetime.now(UTC),
                )
    except BaseException:
        # The file is not part of the database's transaction: when that one failed, the file goes back too.
        if content is not None:
            file.write_bytes(content)
        else:
            file.unlink(missing_ok=True)
        raise
    return after
