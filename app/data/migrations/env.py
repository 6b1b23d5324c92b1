"""Alembic's entry point: runs the migrations on the connection that `Database.migrate` hands over."""

from __future__ import annotations

from alembic import context

from app.data.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
