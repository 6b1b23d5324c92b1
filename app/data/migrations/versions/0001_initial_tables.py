"""Initial tables, and the sales region that every customer starts in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "app_user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("profile", sa.String(length=20), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("login", name=op.f("uq_app_user_login")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("machine", sa.String(length=120), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entry_at", ["at"], unique=False)

    op.create_table(
        "brand",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("anp_names", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brand")),
        sa.UniqueConstraint("name", name=op.f("uq_brand_name")),
    )
    op.create_table(
        "company",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cnpj", sa.String(length=14), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("uf", sa.String(length=2), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
        sa.UniqueConstraint("cnpj", name=op.f("uq_company_cnpj")),
    )
    op.create_table(
        "credit_manager",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("environment", sa.String(length=20), nullable=False),
        sa.Column("production_url", sa.String(length=300), nullable=False),
        sa.Column("test_url", sa.String(length=300), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_manager")),
        sa.UniqueConstraint("name", name=op.f("uq_credit_manager_name")),
    )
    op.create_table(
        "entity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("document", sa.String(length=17), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entity")),
        sa.UniqueConstraint("document", name=op.f("uq_entity_document")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "region",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_region")),
        sa.UniqueConstraint("name", name=op.f("uq_region_name")),
    )
    op.create_table(
        "setting_value",
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("company_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("key", "company_id", name=op.f("pk_setting_value")),
    )
    op.create_table(
        "branch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("cnpj", sa.String(length=14), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("uf", sa.String(length=2), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_branch_company_id_company")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branch")),
        sa.UniqueConstraint("cnpj", name=op.f("uq_branch_cnpj")),
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(length=17), nullable=False),
        sa.Column("ie", sa.String(length=14), nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.Column("trade_name", sa.String(length=150), nullable=False),
        sa.Column("uf", sa.String(length=2), nullable=False),
        sa.Column("city", sa.String(length=80), nullable=False),
        sa.Column("street", sa.String(length=150), nullable=False),
        sa.Column("complement", sa.String(length=150), nullable=False),
        sa.Column("district", sa.String(length=80), nullable=False),
        sa.Column("postal_code", sa.String(length=8), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("anp_authorization", sa.String(length=30), nullable=False),
        sa.Column("brand_id", sa.Integer(), nullable=True),
        sa.Column("region_id", sa.Integer(), nullable=True),
        sa.Column("sefaz_automatic", sa.Boolean(), nullable=False),
        sa.Column("sefaz_action", sa.String(length=20), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("sefaz_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sefaz_verdict", sa.String(length=20), nullable=False),
        sa.Column("sefaz_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sefaz_outcome", sa.String(length=20), nullable=False),
        sa.Column("sefaz_retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_customer_brand_id_brand")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_customer_region_id_region")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("document", "uf", "ie", name="uq_customer_document_uf_ie"),
    )
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.create_index("ix_customer_name", ["search_text", "id"], unique=False)
        batch_op.create_index(
            "ix_customer_sefaz_due",
            ["sefaz_at", "id"],
            unique=False,
            sqlite_where=sa.text("active = 1 AND sefaz_automatic = 1"),
            postgresql_where=sa.text("active AND sefaz_automatic"),
        )

    op.create_table(
        "branch_certificate",
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("cnpj", sa.String(length=14), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("root", sa.String(length=200), nullable=False),
        sa.Column("serial", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chain_pem", sa.LargeBinary(), nullable=False),
        sa.Column("installed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_branch_certificate_branch_id_branch")),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_branch_certificate")),
    )
    op.create_table(
        "consultation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("authority", sa.String(length=10), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("document", sa.String(length=17), nullable=False),
        sa.Column("uf", sa.String(length=2), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("user_name", sa.String(length=120), nullable=False),
        sa.Column("machine", sa.String(length=120), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("c_stat", sa.String(length=3), nullable=False),
        sa.Column("x_motivo", sa.Text(), nullable=False),
        sa.Column("inscriptions", sa.JSON(), nullable=False),
        sa.Column("failure_kind", sa.String(length=30), nullable=False),
        sa.Column("failure", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("authorizer", sa.String(length=10), nullable=False),
        sa.Column("certificate_cnpj", sa.String(length=14), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("response", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_consultation_customer_id_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation")),
    )
    with op.batch_alter_table("consultation", schema=None) as batch_op:
        batch_op.create_index("ix_consultation_authorizer_asked_at", ["authorizer", "asked_at"], unique=False)
        batch_op.create_index("ix_consultation_customer_id_id", ["customer_id", "id"], unique=False)
        batch_op.create_index(
            "ix_consultation_limit",
            ["authorizer", "asked_at"],
            unique=False,
            sqlite_where=sa.text("failure_kind = 'consumo_indevido'"),
            postgresql_where=sa.text("failure_kind = 'consumo_indevido'"),
        )

    op.create_table(
        "block_reason",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_by", sa.String(length=120), nullable=False),
        sa.Column("consultation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(length=120), nullable=False),
        sa.Column("lift_reason", sa.Text(), nullable=False),
        sa.Column("lift_consultation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_block_reason_consultation_id_consultation")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_block_reason_customer_id_customer")),
        sa.ForeignKeyConstraint(
            ["lift_consultation_id"],
            ["consultation.id"],
            name=op.f("fk_block_reason_lift_consultation_id_consultation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_reason")),
    )
    with op.batch_alter_table("block_reason", schema=None) as batch_op:
        batch_op.create_index(
            "ix_block_reason_active",
            ["customer_id"],
            unique=False,
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        )

    op.create_table(
        "certificate_key",
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("station", sa.String(length=200), nullable=False),
        sa.Column("key_pem", sa.LargeBinary(), nullable=False),
        sa.Column("secret_name", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"],
            ["branch_certificate.branch_id"],
            name=op.f("fk_certificate_key_branch_id_branch_certificate"),
        ),
        sa.PrimaryKeyConstraint("branch_id", "station", name=op.f("pk_certificate_key")),
    )
    region = sa.table("region", sa.column("name", sa.String), sa.column("active", sa.Boolean))
    op.bulk_insert(region, [{"name": "Geral", "active": True}])


def downgrade() -> None:
    op.drop_table("certificate_key")
    with op.batch_alter_table("block_reason", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_block_reason_active",
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        )

    op.drop_table("block_reason")
    with op.batch_alter_table("consultation", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_consultation_limit",
            sqlite_where=sa.text("failure_kind = 'consumo_indevido'"),
            postgresql_where=sa.text("failure_kind = 'consumo_indevido'"),
        )
        batch_op.drop_index("ix_consultation_customer_id_id")
        batch_op.drop_index("ix_consultation_authorizer_asked_at")

    op.drop_table("consultation")
    op.drop_table("branch_certificate")
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_customer_sefaz_due",
            sqlite_where=sa.text("active = 1 AND sefaz_automatic = 1"),
            postgresql_where=sa.text("active AND sefaz_automatic"),
        )
        batch_op.drop_index("ix_customer_name")

    op.drop_table("customer")
    op.drop_table("branch")
    op.drop_table("setting_value")
    op.drop_table("region")
    op.drop_table("lease")
    op.drop_table("entity")
    op.drop_table("credit_manager")
    op.drop_table("company")
    op.drop_table("brand")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entry_at")

    op.drop_table("audit_entry")
    op.drop_table("app_user")
