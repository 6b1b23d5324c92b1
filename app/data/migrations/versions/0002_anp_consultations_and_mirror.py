"""ANP: its consultations, the mirror of its lists, the answers of the order gate."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "anp_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("machine", sa.String(length=120), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anp_list")),
    )
    with op.batch_alter_table("anp_list", schema=None) as batch_op:
        batch_op.create_index("ix_anp_list_kind_id", ["kind", "id"], unique=False)

    op.create_table(
        "authority_pause",
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_authority_pause")),
    )
    op.create_table(
        "anp_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("cnpj", sa.String(length=14), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uf", sa.String(length=2), nullable=False),
        sa.Column("change", sa.String(length=20), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["anp_list.id"], name=op.f("fk_anp_change_list_id_anp_list")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anp_change")),
    )
    with op.batch_alter_table("anp_change", schema=None) as batch_op:
        batch_op.create_index("ix_anp_change_cnpj", ["cnpj"], unique=False)
        batch_op.create_index("ix_anp_change_list_id_id", ["list_id", "id"], unique=False)

    op.create_table(
        "anp_listed",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("cnpj", sa.String(length=14), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("short_name", sa.Text(), nullable=False),
        sa.Column("situation", sa.Text(), nullable=False),
        sa.Column("authorization", sa.Text(), nullable=False),
        sa.Column("published", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("brand_since", sa.Text(), nullable=False),
        sa.Column("simp_code", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("complement", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("postal_code", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("uf", sa.String(length=2), nullable=False),
        sa.Column("reseller_class", sa.Text(), nullable=False),
        sa.Column("vanished_list_id", sa.Integer(), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["vanished_list_id"], ["anp_list.id"], name=op.f("fk_anp_listed_vanished_list_id_anp_list")
        ),
        sa.PrimaryKeyConstraint("kind", "cnpj", name=op.f("pk_anp_listed")),
    )
    op.create_table(
        "order_check",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("machine", sa.String(length=120), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(length=17), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("operation", sa.String(length=10), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("consultation_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_order_check_company_id_company")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_order_check_customer_id_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_check")),
    )
    with op.batch_alter_table("order_check", schema=None) as batch_op:
        batch_op.create_index("ix_order_check_document_id", ["document", "id"], unique=False)

    with op.batch_alter_table("consultation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source", sa.String(length=12), nullable=False, server_default=sa.text("''")))
        batch_op.add_column(sa.Column("registration", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("listed_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index("ix_consultation_document_id", ["document", "id"], unique=False)

    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("anp_kind", sa.String(length=12), nullable=False, server_default="automotivo"))
        batch_op.add_column(sa.Column("anp_consulted", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column("anp_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("anp_status", sa.String(length=24), nullable=False, server_default=sa.text("''")))
        batch_op.add_column(sa.Column("anp_by_list", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("anp_brand", sa.String(length=150), nullable=False, server_default=sa.text("''")))
        batch_op.add_column(sa.Column("anp_tried_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("anp_outcome", sa.String(length=24), nullable=False, server_default=sa.text("''"))
        )
        batch_op.add_column(sa.Column("anp_retry_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            "ix_customer_anp_due",
            ["anp_at", "id"],
            unique=False,
            sqlite_where=sa.text("active = 1 AND anp_consulted = 1"),
            postgresql_where=sa.text("active AND anp_consulted"),
        )

    # ANP authorises companies, by CNPJ: a CPF is nobody it knows, and an inscription alone cannot be asked about.
    op.execute("UPDATE customer SET anp_kind = 'nenhum' WHERE length(document) = 11")
    op.execute("UPDATE customer SET anp_consulted = (1 = 0) WHERE length(document) <> 14 OR document LIKE 'IE %'")


def downgrade() -> None:
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_customer_anp_due",
            sqlite_where=sa.text("active = 1 AND anp_consulted = 1"),
            postgresql_where=sa.text("active AND anp_consulted"),
        )
        batch_op.drop_column("anp_retry_at")
        batch_op.drop_column("anp_outcome")
        batch_op.drop_column("anp_tried_at")
        batch_op.drop_column("anp_brand")
        batch_op.drop_column("anp_by_list")
        batch_op.drop_column("anp_status")
        batch_op.drop_column("anp_at")
        batch_op.drop_column("anp_consulted")
        batch_op.drop_column("anp_kind")

    with op.batch_alter_table("consultation", schema=None) as batch_op:
        batch_op.drop_index("ix_consultation_document_id")
        batch_op.drop_column("listed_until")
        batch_op.drop_column("listed_at")
        batch_op.drop_column("registration")
        batch_op.drop_column("source")

    with op.batch_alter_table("order_check", schema=None) as batch_op:
        batch_op.drop_index("ix_order_check_document_id")

    op.drop_table("order_check")
    op.drop_table("anp_listed")
    with op.batch_alter_table("anp_change", schema=None) as batch_op:
        batch_op.drop_index("ix_anp_change_list_id_id")
        batch_op.drop_index("ix_anp_change_cnpj")

    op.drop_table("anp_change")
    op.drop_table("authority_pause")
    with op.batch_alter_table("anp_list", schema=None) as batch_op:
        batch_op.drop_index("ix_anp_list_kind_id")

    op.drop_table("anp_list")
