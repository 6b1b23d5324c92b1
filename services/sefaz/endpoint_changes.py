"""What the operator changes of a UF: its address and pace, in the administrator's file, and what it was found to lack.

Each change is in the audit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from app.data import audit, uf_gaps
from app.data.uf_gaps import Gap
from app.kinds import is_this_computer
from app.portuguese import day
from services.sefaz.endpoints import (
    FIELDS,
    LABELS,
    Endpoint,
    EndpointStatus,
    Value,
    load_endpoints,
    remove_override,
    save_override,
)

if TYPE_CHECKING:
    from app.data.database import Database


def written(endpoint: Endpoint, key: str) -> Value:
    """The value of one key as the file has it."""
    value: Value | EndpointStatus = getattr(endpoint, FIELDS[key])
    return value.value if isinstance(value, EndpointStatus) else value


def overridden(endpoint: Endpoint, shipped: Endpoint) -> tuple[str, ...]:
    """The keys in which an endpoint differs from the shipped one."""
    return tuple(key for key in FIELDS if written(endpoint, key) != written(shipped, key))


class Risk(Enum):
    """What may bring a 656 (consumo indevido): SEFAZ then refuses everything of that certificate and address, invoices
    too, for up to an hour (MOC 7.0 Anexo I §4.3.6)."""

    FASTER = "depressa"
    """The authority may be asked faster than the shipped limits allow."""
    APART = "separado"
    """Its queries are not counted together with those of the other UFs that the same authority serves."""

    @property
    def sentence(self) -> str:
        """The risk as the operator reads it."""
        return {
            Risk.FASTER: "Esta UF poderá ser consultada mais depressa que o limite de fábrica.",
            Risk.APART: "Este servidor atende outras UFs, com outro autorizador: sob nomes diferentes as consultas não "
            "são contadas juntas, e o total pode passar do limite dele.",
        }[self]


def risks(endpoint: Endpoint, shipped: Mapping[str, Endpoint], changes: Mapping[str, Value]) -> tuple[Risk, ...]:
    """The risks there are after the changes, by the table as shipped. An address on this computer is no authority."""
    keys = ("producao", "autorizador", "intervalo_s", "por_minuto")
    after: dict[str, Any] = {key: changes.get(key, written(endpoint, key)) for key in keys}
    host = _host(after["producao"])
    if not host or is_this_computer(host):
        return ()
    own = shipped[endpoint.uf]
    pace = after["por_minuto"]
    faster = after["intervalo_s"] < own.interval_s or pace == 0 or pace > own.per_minute > 0
    authorities = {other.authorizer for other in shipped.values() if _host(other.production) == host}
    apart = bool(authorities) and after["autorizador"] not in authorities
    return tuple(risk for risk, taken in ((Risk.FASTER, faster), (Risk.APART, apart)) if taken)


def _host(address: str) -> str:
    return (urlsplit(address).hostname or "").rstrip(".")


def change_endpoint(
    database: Database, file: Path, uf: str, changes: Mapping[str, Value], *, actor: str
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


def try_again(database: Database, gap: Gap, *, actor: str) -> None:
    """Forget what a UF said that it lacks: it is asked again from now on."""
    with database.writing() as connection:
        uf_gaps.forget(connection, gap.uf, gap.missing)
        audit.record(
            connection,
            actor=actor,
            subject=f"enderecos/{gap.uf}",
            what=f"Endereço da SEFAZ de {gap.uf}: {gap.missing.label} ({gap.c_stat})",
            old=f"até {day(gap.until)}",
            new="tentar de novo",
            at=datetime.now(UTC),
        )


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
                    old=_said(written(before[uf], key)),
                    new=_said(written(after[uf], key)),
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


def _said(value: Value) -> str:
    if isinstance(value, bool):
        return "sim" if value else "não"
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value)
