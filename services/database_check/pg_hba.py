"""The line of pg_hba.conf that lets a computer in (PostgreSQL, §21.1)."""

from __future__ import annotations

import ipaddress
import re

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_KEYWORDS = {"all", "sameuser", "samerole", "samegroup", "replication"}
_NETWORK = {4: 24, 6: 64}
"""How much of an address is the network's, as offices have it."""


def seen_address(message: str, local: str) -> str:
    """This computer's address as the server said that it sees it, else its `local` one: between the two there may be
    a router that changes it."""
    for quoted in re.findall(r"[\"“«']([0-9A-Fa-f.:]+)[\"”»']", message):
        try:
            return str(ipaddress.ip_address(quoted))
        except ValueError:
            continue
    return local


def line(database: str, user: str, address: str, *, encrypted: bool) -> str:
    """The line for that user in that database, from the network of `address`; with a loopback address, from it alone.

    Raises ValueError when `address` is none.
    """
    seen = ipaddress.ip_address(address.partition("%")[0])
    prefix = seen.max_prefixlen if seen.is_loopback else _NETWORK[seen.version]
    network = ipaddress.ip_network((seen, prefix), strict=False)
    kind = "hostssl" if encrypted else "host"
    return f"{kind}  {_name(database)}  {_name(user)}  {network}  scram-sha-256"


def _name(name: str) -> str:
    if _PLAIN.fullmatch(name) and name not in _KEYWORDS:
        return name
    return f'"{name.replace(chr(34), chr(34) * 2)}"'
