"""Who is never blocked by a rule: the entities that companies chose to stand for a branch or a congênere."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from app.data.models import Entity
from app.domain import Document
from app.settings.catalog import SEFAZ_ENTITY
from app.settings.snapshot import Snapshot

# Every consultation and order runs it, and building a statement costs ten times as much as running it.
_ENTITY = select(Entity.id, Entity.name).where(Entity.document == bindparam("document"))
_ENTITIES = select(Entity.document, Entity.name).where(Entity.id.in_(bindparam("chosen", expanding=True)))


def exempting_entity(connection: Connection, document: Document, snapshot: Snapshot) -> str | None:
    """The name of the entity, among those chosen by any company, that has this document."""
    chosen = _chosen(snapshot)
    if not chosen:
        return None
    found = connection.execute(_ENTITY, {"document": document.key}).first()
    return found.name if found is not None and found.id in chosen else None


def exempt_documents(connection: Connection, snapshot: Snapshot) -> dict[str, str]:
    """The documents of all the entities chosen, with the name of each."""
    chosen = _chosen(snapshot)
    if not chosen:
        return {}
    found = connection.execute(_ENTITIES, {"chosen": sorted(chosen)})
    return {row.document: row.name for row in found.all()}


def _chosen(snapshot: Snapshot) -> set[int]:
    return {entity for entity in snapshot.everywhere(SEFAZ_ENTITY) if entity is not None}
