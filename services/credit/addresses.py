"""Where the providers of credit analyses are and their basic report, from `resources/credit_providers.toml`."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.policies import Environment
from app.tables import Provider
from services import RESOURCES


@dataclass(frozen=True)
class Published:
    """What a provider makes known: its base by environment, with no final slash, and its basic report of a company,
    "" when it has none."""

    addresses: Mapping[Environment, str]
    report: str


@functools.cache
def published() -> Mapping[Provider, Published]:
    """What each provider publishes; of one that publishes nothing, there is nothing."""
    tables = tomllib.loads((RESOURCES / "credit_providers.toml").read_text("utf-8"))
    return {provider: _published(tables.get(provider.value, {})) for provider in Provider}


def host_of(address: str) -> str:
    """The host of an address, without its port, for words and comparisons; "" when it is no address."""
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _published(table: Mapping[str, str]) -> Published:
    found = {environment: table[environment.value] for environment in Environment if environment.value in table}
    return Published(found, table.get("relatorio", ""))
