"""Credit analyses: their queue and answers, what gerenciadoras have besides, and those on hold.

`credit_manager.keyring_key` names the credentials in the keyring; each gerenciadora that was there gets one.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "credit_pause",
        sa.Column("manager_id", sa.Integer(), nullable=False),
        sa.Column("environment", sa.String(length=20), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["manager_id"], ["credit_manager.id"], name=op.f("fk_credit_pause_manager_id_credit_manager")
        ),
        sa.PrimaryKeyConstraint("manager_id", "environment", name=op.f("pk_credit_pause")),
    )
    op.create_table(
        "credit_analysis",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.String(length=17), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("manager_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("environment", sa.String(length=20), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("user_name", sa.String(length=120), nullable=False),
        sa.Column("machine", sa.String(length=120), nullable=False),
        sa.Column("manual", sa.Boolean(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reserved_by", sa.String(length=120), nullable=False),
        sa.Column("reserved_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("consulted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("report", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("failure_kind", sa.String(length=30), nullable=False),
        sa.Column("failure", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.String(length=80), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_credit_analysis_company_id_company")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_credit_analysis_customer_id_customer")),
        sa.ForeignKeyConstraint(
            ["manager_id"], ["credit_manager.id"], name=op.f("fk_credit_analysis_manager_id_credit_manager")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_analysis")),
    )
    with op.batch_alter_table("credit_analysis", schema=None) as batch_op:
        batch_op.create_index("ix_credit_analysis_customer_id_id", ["customer_id", "id"], unique=False)
        batch_op.create_index("ix_credit_analysis_document_id", ["document", "id"], unique=False)
        batch_op.create_index("ix_credit_analysis_state_next_at", ["state", "next_at"], unique=False)
        batch_op.create_index(
            "uq_credit_analysis_in_flight",
            ["document", "source", "environment"],
            unique=True,
            sqlite_where=sa.text("state IN ('na_fila', 'consultando')"),
            postgresql_where=sa.text("state IN ('na_fila', 'consultando')"),
        )

    with op.batch_alter_table("credit_manager", schema=None) as batch_op:
        batch_op.add_column(sa.Column("report", sa.String(length=60), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(
            sa.Column("person_report", sa.String(length=60), server_default=sa.text("''"), nullable=False)
        )
        batch_op.add_column(sa.Column("features", sa.Text(), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(
            sa.Column("cost_center", sa.String(length=12), server_default=sa.text("''"), nullable=False)
        )
        batch_op.add_column(
            sa.Column("consulting_document", sa.String(length=14), server_default=sa.text("''"), nullable=False)
        )
        batch_op.add_column(
            sa.Column("mapping_file", sa.String(length=80), server_default=sa.text("''"), nullable=False)
        )
        batch_op.add_column(sa.Column("keyring_key", sa.String(length=32), nullable=True))

    managers = sa.table("credit_manager", sa.column("id", sa.Integer), sa.column("keyring_key", sa.String))
    connection = op.get_bind()
    for number in connection.execute(sa.select(managers.c.id)).scalars().all():
        key = secrets.token_hex(16)
        connection.execute(sa.update(managers).where(managers.c.id == number).values(keyring_key=key))
    with op.batch_alter_table("credit_manager", schema=None) as batch_op:
        batch_op.alter_column("keyring_key", existing_type=sa.String(length=32), nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_credit_manager_keyring_key"), ["keyring_key"])
