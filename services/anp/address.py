"""The address at which ANP is asked about one reseller, made from the one in the settings."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_plus, urlsplit, urlunsplit

from app.kinds import CNPJ_PLACE
from app.policies import AnpKind

# Browsers copy the braces of an address encoded.
_PLACE = re.compile(f"{re.escape(CNPJ_PLACE)}|{re.escape(quote(CNPJ_PLACE))}", re.IGNORECASE)
_REGISTERS = {AnpKind.AUTOMOTIVE: "combustivel", AnpKind.GLP: "glp"}
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PATH_SAFE = "%/:@!$&'()*+,;="
_QUERY_SAFE = "%/:@!$&()*+,;=?"


def address_for(template: str, cnpj: str, kind: AnpKind) -> str:
    """The address that asks about `cnpj` (14 characters), with everything that needs it percent-encoded.

    `{cnpj}` in the path or the query of `template` gives its place to the CNPJ; without it, `cnpj=` is put in the
    query, instead of one that is there. The last part of the path, when it is `combustivel` or `glp`, becomes that of
    the kind: the API has one address for each register. An address of any other form is the same for both.
    """
    parts = urlsplit(template)
    path = _of_register(parts.path, kind)
    query = parts.query
    if not _PLACE.search(path) and not _PLACE.search(query):
        others = [field for field in query.split("&") if field and _name(field) != "cnpj"]
        query = "&".join((*others, f"cnpj={CNPJ_PLACE}"))
    return urlunsplit(
        (parts.scheme, parts.netloc, _filled(path, cnpj, _PATH_SAFE), _filled(query, cnpj, _QUERY_SAFE), "")
    )


def _of_register(path: str, kind: AnpKind) -> str:
    segments = path.split("/")
    for place in reversed(range(len(segments))):
        if segments[place] and not _PLACE.fullmatch(segments[place]):
            if segments[place].casefold() in _REGISTERS.values():
                segments[place] = _REGISTERS[kind]
            break
    return "/".join(segments)


def _name(field: str) -> str:
    return unquote_plus(field.partition("=")[0]).casefold()


def _filled(text: str, cnpj: str, safe: str) -> str:
    return quote(_LONE_PERCENT.sub("%25", _PLACE.sub(cnpj, text)), safe=safe)
