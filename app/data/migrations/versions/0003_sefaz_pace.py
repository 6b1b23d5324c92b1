"""SEFAZ: how each certificate stands with each authorizer, and what UFs said that they do not offer."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pace = op.create_table(
        "authorizer_pace",
        sa.Column("certificate_cnpj", sa.String(length=14), nullable=False),
        sa.Column("authorizer", sa.String(length=10), nullable=False),
        sa.Column("calls", sa.JSON(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("streak_of", sa.String(length=20), nullable=False),
        sa.Column("streak", sa.Integer(), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_why", sa.Text(), nullable=False),
        sa.Column("last_limit_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("frozen_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("certificate_cnpj", "authorizer", name=op.f("pk_authorizer_pace")),
    )
    op.create_table(
        "uf_gap",
        sa.Column("uf", sa.String(length=2), nullable=False),
        sa.Column("missing", sa.String(length=10), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("c_stat", sa.String(length=3), nullable=False),
        sa.Column("x_motivo", sa.Text(), nullable=False),
        sa.Column("learnt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("uf", "missing", name=op.f("pk_uf_gap")),
    )
    _carry_freezes(pace)
    op.drop_index("ix_consultation_authorizer_asked_at", table_name="consultation")
    op.drop_index("ix_consultation_limit", table_name="consultation")


def _carry_freezes(pace: sa.Table) -> None:
    """A silence after a 656 (65 minutes) is still kept by the program that has just been updated."""
    asked_at = sa.column("asked_at", sa.DateTime(timezone=True))
    c = sa.table(
        "consultation", sa.column("certificate_cnpj"), sa.column("authorizer"), asked_at, sa.column("failure_kind")
    )
    last = sa.func.max(c.c.asked_at, type_=sa.DateTime(timezone=True)).label("last_limit_at")
    refused = (
        sa.select(c.c.certificate_cnpj, c.c.authorizer, last)
        .where(c.c.failure_kind == "consumo_indevido", c.c.certificate_cnpj != "")
        .group_by(c.c.certificate_cnpj, c.c.authorizer)
    )
    for row in op.get_bind().execute(refused).mappings().all():
        op.get_bind().execute(
            sa.insert(pace).values(
                **row,
                calls=[],
                streak_of="",
                streak=0,
                held_why="",
                frozen_until=row["last_limit_at"] + timedelta(minutes=65),
                fingerprint="",
            )
        )
