"""Names of brands seen at ANP that the Tabela de Bandeiras does not have, and the ways to give each one a brand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from app.brands import BrandRow, BrandSaid, BrandTable
from app.data import mirror, records
from app.data.models import AnpListed, Customer
from app.domain import ListKind
from app.kinds import folded
from app.policies import BrandKind
from app.rules.brand_suggestion import NO_BRAND, KnownBrand, Suggestion, suggest
from app.settings.snapshot import Snapshot
from app.tables import BRANDS

_AUTHORISED = "autorizada"  # the situation of a distributor that may operate, as ANP's list writes it
_WHITE_NAME = "Bandeira branca"


@dataclass(frozen=True)
class SeenBrand:
    """A name as ANP writes it most often, and how many of our active customers and of its establishments have it."""

    name: str
    customers: int
    establishments: int


@dataclass(frozen=True)
class UnknownBrand:
    """A name seen that no active brand has, and which brand it may be."""

    seen: SeenBrand
    suggestion: Suggestion | None


@dataclass(frozen=True)
class BrandInbox:
    """The names that no active brand has, the active brands they may go to, and whether a list of resellers was ever
    taken: without one only the names of our customers are known."""

    unknown: list[UnknownBrand]
    brands: list[KnownBrand]
    listed: bool


@dataclass(frozen=True)
class BrandProposal:
    """A brand that may be created, with the names that ANP calls it by; nothing is kept until it is accepted."""

    name: str
    kind: BrandKind
    anp_names: tuple[str, ...]
    customers: int
    establishments: int


def read(connection: Connection) -> BrandInbox:
    """The names seen that no active brand has: those of our customers first, then by how many establishments."""
    brands = [
        KnownBrand(BrandRow(record.id, record.values["nome"], record.values["nomes_anp"]), record.values["tipo"])
        for record in records.every(connection, BRANDS, only_active=True)
    ]
    table = BrandTable(brand.row for brand in brands)
    missing = [seen for seen in _seen(connection) if table.read(seen.name).said is BrandSaid.UNKNOWN]
    unknown = [UnknownBrand(seen, suggest(seen.name, brands)) for seen in missing]
    return BrandInbox(unknown, brands, _resellers_listed(connection))


def associate(connection: Connection, name: str, brand_id: int, actor: str) -> None:
    """Give the name to a brand. Raises InvalidRecord when another brand has it, or RecordNotFound."""
    names = records.get(connection, BRANDS, brand_id).values["nomes_anp"]
    if folded(name) not in {folded(known) for known in names}:
        records.change(connection, BRANDS, brand_id, {"nomes_anp": (*names, name)}, actor)


def proposals(connection: Connection) -> list[BrandProposal]:
    """The brands that the list of distributors suggests: its authorised ones, named as ANP calls them in short.

    When a list of resellers was taken, only those whose name some reseller shows. Names that a brand has already are
    left out, and so are brands that exist. A white brand is proposed when there is none.
    """
    every = records.every(connection, BRANDS)
    taken = {folded(record.values["nome"]) for record in every}
    mapped = {folded(name) for record in every if record.active for name in record.values["nomes_anp"]}
    seen = {folded(each.name): each for each in _seen(connection)}
    listed = _resellers_listed(connection)
    found = []
    white = tuple(name for name in NO_BRAND if folded(name) not in mapped)
    has_white = any(record.active and record.values["tipo"] is BrandKind.WHITE for record in every)
    if white and not has_white and folded(_WHITE_NAME) not in taken:
        found.append(_proposal(_WHITE_NAME, BrandKind.WHITE, white, seen))
    distributors: dict[str, str] = {}
    for name in _authorised_distributors(connection):
        distributors.setdefault(folded(name), name)
    for key, name in sorted(distributors.items()):
        if key not in taken | mapped and (key in seen or not listed):
            found.append(_proposal(name, BrandKind.COMPETITOR, (name,), seen))
    return found


def create(connection: Connection, chosen: Iterable[BrandProposal], snapshot: Snapshot, actor: str) -> list[int]:
    """Add the brands chosen and return their numbers. Raises InvalidRecord; then none should be kept."""
    added = []
    for each in chosen:
        values = {**records.parse(BRANDS, {"nome": each.name}), "tipo": each.kind, "nomes_anp": each.anp_names}
        added.append(records.add(connection, BRANDS, values, snapshot, actor))
    return added


def _resellers_listed(connection: Connection) -> bool:
    return any(mirror.current(connection, kind) for kind in (ListKind.AUTOMOTIVE, ListKind.GLP))


def _seen(connection: Connection) -> list[SeenBrand]:
    customers = connection.execute(
        select(Customer.anp_brand, func.count())
        .where(Customer.active, Customer.anp_brand != "")
        .group_by(Customer.anp_brand)
    )
    listed = connection.execute(
        select(AnpListed.brand, func.count())
        .where(AnpListed.vanished_list_id.is_(None), AnpListed.brand != "")
        .group_by(AnpListed.brand)
    )
    ours: dict[str, int] = {row[0]: row[1] for row in customers}
    theirs: dict[str, int] = {row[0]: row[1] for row in listed}
    spellings: dict[str, Counter[str]] = {}
    for name in [*ours, *theirs]:
        if folded(name):
            spellings.setdefault(folded(name), Counter())[name] = ours.get(name, 0) + theirs.get(name, 0)
    found = [
        SeenBrand(
            max(names, key=lambda name: (names[name], name)),
            sum(ours.get(name, 0) for name in names),
            sum(theirs.get(name, 0) for name in names),
        )
        for names in spellings.values()
    ]
    return sorted(found, key=lambda seen: (-seen.customers, -seen.establishments, seen.name))


def _authorised_distributors(connection: Connection) -> list[str]:
    rows = connection.execute(
        select(AnpListed.short_name, AnpListed.situation)
        .where(
            AnpListed.kind == ListKind.DISTRIBUTOR.value,
            AnpListed.vanished_list_id.is_(None),
            AnpListed.short_name != "",
        )
        .order_by(AnpListed.short_name)
    )
    return [name for name, situation in rows if folded(situation) == _AUTHORISED]


def _proposal(name: str, kind: BrandKind, anp_names: tuple[str, ...], seen: dict[str, SeenBrand]) -> BrandProposal:
    found = [seen[folded(each)] for each in anp_names if folded(each) in seen]
    customers, establishments = sum(each.customers for each in found), sum(each.establishments for each in found)
    return BrandProposal(name, kind, anp_names, customers, establishments)
