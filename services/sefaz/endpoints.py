"""Where each UF's Consulta Cadastro is: the shipped table, and the administrator's overrides in the data folder."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from app.file_replacing import replace_file
from app.rules.pacing import Limits
from app.uf import UFS
from services import RESOURCES
from services.override_file import parse_table, read_override

if TYPE_CHECKING:
    import tomlkit

SHIPPED = RESOURCES / "sefaz_endpoints.toml"

ENVELOPES = ("padrao", "mt")
MAX_INTERVAL_S = 3600.0
MAX_PER_MINUTE = 6000
MAX_AUTHORIZER = 10
"""As long as the history has room for."""


class EndpointStatus(Enum):
    """Whether a UF offers the service."""

    OFFICIAL = "oficial"
    TRY = "tentar"
    NONE = "nenhuma"

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        return {
            EndpointStatus.OFFICIAL: "Oficial",
            EndpointStatus.TRY: "Não listada, tentar",
            EndpointStatus.NONE: "Sem serviço",
        }[self]


@dataclass(frozen=True)
class Endpoint:
    """How one UF is consulted. URLs are "" when there is no service.

    `header` is whether the message carries nfeCabecMsg in its SOAP header. `source` is where the facts come from and
    `checked_on` when they were last compared with it. `interval_s` is the least pause in seconds between two queries to
    the authorizer, `per_minute` the most queries in a minute; 0 means no such limit. `public_page` is where a person
    consults by hand. `security_level` is the administrator's word on the lowest of OpenSSL's with which it may be
    called (1 takes a 1024-bit DH key); 0 leaves that to what was measured of its host (`tls_profile`).
    """

    uf: str
    production: str
    homologation: str
    authorizer: str
    status: EndpointStatus
    envelope: str
    header: bool
    source: str
    checked_on: date
    interval_s: float
    per_minute: int
    public_page: str = ""
    security_level: int = 0

    @property
    def limits(self) -> Limits:
        """How fast its authorizer may be asked."""
        return Limits(self.interval_s, self.per_minute)


Value = str | float | int | date
"""A value as the file has it; true and false are int too."""


class InvalidEndpoints(ValueError):
    """The table of addresses cannot be used; the message is a sentence naming the file, the UF and the key."""


FIELDS = {
    "producao": "production",
    "homologacao": "homologation",
    "autorizador": "authorizer",
    "status": "status",
    "envelope": "envelope",
    "cabecalho": "header",
    "fonte": "source",
    "conferido_em": "checked_on",
    "intervalo_s": "interval_s",
    "por_minuto": "per_minute",
    "nivel_seguranca": "security_level",
}
"""The keys an administrator may override, and the field of `Endpoint` each one sets."""

LABELS = {
    "producao": "Produção",
    "homologacao": "Homologação",
    "autorizador": "Autorizador",
    "status": "Situação",
    "envelope": "Envelope",
    "cabecalho": "Cabeçalho",
    "fonte": "Fonte",
    "conferido_em": "Conferido em",
    "intervalo_s": "Intervalo (segundos)",
    "por_minuto": "Consultas por minuto",
    "nivel_seguranca": "Nível de segurança do TLS",
}
"""The keys of the file as a person reads them."""


def load_endpoints(override: Path | None) -> dict[str, Endpoint]:
    """The 27 endpoints by UF, with the overrides of that file applied when it exists.

    Raises InvalidEndpoints when the file cannot be read or says something that makes no sense.
    """
    endpoints = dict(_shipped())
    if override is None:
        return endpoints
    return _overridden(endpoints, read_override(override, InvalidEndpoints), override.name)


def save_override(path: Path, uf: str, changes: Mapping[str, Value]) -> None:
    """Set those keys of one UF (named as in `FIELDS`), keeping the rest of the file and its comments.

    The whole result is checked first and the file is replaced at once. Raises InvalidEndpoints.
    """
    document = _editable(path)
    table = document.setdefault(uf, {})
    if not isinstance(table, dict):
        _refuse(path.name, uf, None, "deveria ser uma tabela")
    for key, value in changes.items():
        table[key] = value
    _write(path, document)


def remove_override(path: Path, uf: str, key: str | None = None) -> None:
    """Go back to the shipped value of one key of a UF, or of the whole UF; nothing happens when it is not overridden.

    Raises InvalidEndpoints.
    """
    document = _editable(path)
    table = document.get(uf)
    if table is None or (key is not None and key not in table):
        return
    if key is not None:
        del table[key]
    if key is None or not table:
        del document[uf]
    _write(path, document)


_BLANK = Endpoint("", "", "", "", EndpointStatus.NONE, "padrao", False, "", date.min, 0.0, 0)
"""What the shipped table fills in."""


@functools.cache
def _shipped() -> Mapping[str, Endpoint]:
    tables = parse_table(SHIPPED.read_text("utf-8"), SHIPPED.name, InvalidEndpoints)
    blank = {uf: replace(_BLANK, uf=uf, public_page=table.pop("consulta_publica")) for uf, table in tables.items()}
    return _overridden(blank, tables, SHIPPED.name)


def _overridden(endpoints: dict[str, Endpoint], tables: Mapping[str, Any], file: str) -> dict[str, Endpoint]:
    merged = dict(endpoints)
    for uf, table in tables.items():
        if uf not in UFS:
            raise InvalidEndpoints(f"O arquivo {file} traz “{uf}”, que não é uma UF. Use a sigla em maiúsculas.")
        if not isinstance(table, dict):
            _refuse(file, uf, None, "deveria ser uma tabela")
        values = {}
        for key, value in table.items():
            if key not in FIELDS:
                _refuse(file, uf, key, f"não existe; as chaves são {', '.join(FIELDS)}")
            values[FIELDS[key]] = _checked(file, uf, key, value)
        merged[uf] = replace(endpoints[uf], **values)
        if merged[uf].status is not EndpointStatus.NONE and not merged[uf].production:
            _refuse(file, uf, "producao", f"está vazia, mas o status é “{merged[uf].status.value}”")
    return merged


def _checked(file: str, uf: str, key: str, value: object) -> Any:
    match key:
        case "producao" | "homologacao":
            return _url(file, uf, key, value)
        case "status":
            statuses = {status.value: status for status in EndpointStatus}
            if not isinstance(value, str) or value not in statuses:
                _refuse(file, uf, key, f"deve ser uma destas: {', '.join(statuses)}")
            return statuses[value]
        case "envelope":
            if value not in ENVELOPES:
                _refuse(file, uf, key, f"deve ser um destes: {', '.join(ENVELOPES)}")
            return value
        case "cabecalho":
            if not isinstance(value, bool):
                _refuse(file, uf, key, "deve ser true ou false")
            return value
        case "conferido_em":
            if not isinstance(value, date) or isinstance(value, datetime):
                _refuse(file, uf, key, "deve ser uma data sem aspas, como 2026-11-20")
            return value
        case "intervalo_s":
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_INTERVAL_S:
                _refuse(file, uf, key, f"deve ser um número de segundos de 0 (sem pausa) a {MAX_INTERVAL_S:.0f}")
            return float(value)
        case "por_minuto":
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_PER_MINUTE:
                _refuse(file, uf, key, f"deve ser um número inteiro de 0 (sem limite) a {MAX_PER_MINUTE}")
            return int(value)
        case "nivel_seguranca":
            if isinstance(value, bool) or not isinstance(value, int) or value not in (1, 2):
                _refuse(file, uf, key, "deve ser 2, ou 1 para aceitar uma chave DH de 1024 bits")
            return value
        case "autorizador":
            if not isinstance(value, str) or not 0 < len(value.strip()) <= MAX_AUTHORIZER:
                _refuse(file, uf, key, f"deve ser um texto de até {MAX_AUTHORIZER} caracteres, como SVRS")
            return value.strip()
        case _:
            if not isinstance(value, str):
                _refuse(file, uf, key, "deve ser um texto")
            return value.strip()


def _url(file: str, uf: str, key: str, value: object) -> str:
    if value == "":
        return ""
    if not isinstance(value, str):
        _refuse(file, uf, key, "deve ser um texto com o endereço https do serviço")
    try:
        parts = urlsplit(value)
        usable = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username is not None or not value.isascii() or any(c.isspace() for c in value):
        _refuse(file, uf, key, f"deve ser um endereço https completo, e não “{value}”")
    if parts.query or parts.fragment:
        _refuse(file, uf, key, "deve ser o endereço do serviço, sem “?wsdl” nem nada depois dele")
    return value


def _refuse(file: str, uf: str, key: str | None, why: str) -> NoReturn:
    raise InvalidEndpoints(f"No arquivo {file}, UF {uf}{f', a chave “{key}”' if key else ''} {why}.")


def _editable(path: Path) -> tomlkit.TOMLDocument:
    import tomlkit

    load_endpoints(path)
    if path.exists():
        return tomlkit.parse(path.read_bytes().decode("utf-8-sig"))
    document = tomlkit.document()
    document.add(
        tomlkit.comment("Endereços trocados nesta instalação; o que não está aqui vale como veio com o programa.")
    )
    return document


def _write(path: Path, document: tomlkit.TOMLDocument) -> None:
    import tomlkit

    text = tomlkit.dumps(document)
    _overridden(dict(_shipped()), parse_table(text, path.name, InvalidEndpoints), path.name)
    try:
        replace_file(path, text, newline="")
    except OSError as error:
        raise InvalidEndpoints(f"Não foi possível gravar {path}: {error.strerror}.") from error
