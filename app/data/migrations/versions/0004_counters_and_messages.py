"""Counters, store credit, releases, idempotent answers, service orders, the outbox, and the revision of customers.

`customer.revision` grows with every change that counters are told of, whoever makes it, so triggers set it. A later
migration that makes the table `customer` anew in SQLite must make its triggers anew too.
In PostgreSQL it is the number of the transaction: a reader takes only those older than any still running
(`txid_snapshot_xmin`), so that no change is passed over by one that was committed first. In SQLite writers are alone,
and it simply counts.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


_TOLD = (
    "document",
    "ie",
    "name",
    "trade_name",
    "uf",
    "city",
    "street",
    "complement",
    "district",
    "postal_code",
    "phone",
    "mobile",
    "whatsapp_consent",
    "brand_id",
    "region_id",
    "active",
    "blocked",
)
_COLUMNS = ", ".join(_TOLD)
_DIFFERS = {
    name: " OR ".join(f"OLD.{column} {operator} NEW.{column}" for column in _TOLD)
    for name, operator in (("postgresql", "IS DISTINCT FROM"), ("sqlite", "IS NOT"))
}
_NEXT = "UPDATE customer SET revision = (SELECT max(revision) FROM customer) + 1 WHERE id = NEW.id;"
_TRIGGERS = {
    "postgresql": (
        "CREATE FUNCTION set_customer_revision() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN NEW.revision := txid_current(); RETURN NEW; END $$",
        "CREATE TRIGGER customer_added BEFORE INSERT ON customer FOR EACH ROW EXECUTE FUNCTION set_customer_revision()",
        f"CREATE TRIGGER customer_changed BEFORE UPDATE OF {_COLUMNS} ON customer FOR EACH ROW "
        f"WHEN ({_DIFFERS['postgresql']}) EXECUTE FUNCTION set_customer_revision()",
    ),
    "sqlite": (
        f"CREATE TRIGGER customer_added AFTER INSERT ON customer BEGIN {_NEXT} END",
        f"CREATE TRIGGER customer_changed AFTER UPDATE OF {_COLUMNS} ON customer "
        f"WHEN {_DIFFERS['sqlite']} BEGIN {_NEXT} END",
    ),
}


def _identity() -> sa.Insert:
    table = sa.table("database_identity", sa.column("id", sa.Integer), sa.column("value", sa.String))
    return sa.insert(table).values(id=1, value=secrets.token_hex(16))


def upgrade() -> None:
    op.create_table(
        "database_identity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_database_identity")),
    )
    op.create_table(
        "whatsapp_pause",
        sa.Column("what", sa.String(length=560), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("what", name=op.f("pk_whatsapp_pause")),
    )
    op.create_table(
        "counter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("token_hint", sa.String(length=4), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(length=120), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_address", sa.String(length=64), nullable=False),
        sa.Column("last_version", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_counter_company_id_company")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counter")),
        sa.UniqueConstraint("name", name=op.f("uq_counter_name")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_counter_token_hash")),
    )
    with op.batch_alter_table("order_check", schema=None) as batch_op:
        batch_op.add_column(sa.Column("counter_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("reference", sa.String(length=60), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column("previous_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("release_needed", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.create_foreign_key(batch_op.f("fk_order_check_counter_id_counter"), "counter", ["counter_id"], ["id"])

    op.create_table(
        "instalment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=60), nullable=False),
        sa.Column("document", sa.String(length=17), nullable=False),
        sa.Column("contract", sa.String(length=60), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("paid_cents", sa.BigInteger(), nullable=False),
        sa.Column("situation", sa.String(length=12), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_instalment_company_id_company")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instalment")),
        sa.UniqueConstraint("company_id", "external_id", name=op.f("uq_instalment_company_id")),
    )
    with op.batch_alter_table("instalment", schema=None) as batch_op:
        batch_op.create_index("ix_instalment_document_due_on", ["document", "due_on"], unique=False)

    op.create_table(
        "instalment_load",
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_instalment_load_company_id_company")),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_instalment_load")),
    )
    op.create_table(
        "user_password",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=120), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_user_password_user_id_app_user")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_password")),
    )
    op.create_table(
        "idempotent_answer",
        sa.Column("counter_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["counter_id"], ["counter.id"], name=op.f("fk_idempotent_answer_counter_id_counter")),
        sa.PrimaryKeyConstraint("counter_id", "key", name=op.f("pk_idempotent_answer")),
    )
    with op.batch_alter_table("idempotent_answer", schema=None) as batch_op:
        batch_op.create_index("ix_idempotent_answer_at", ["at"], unique=False)

    op.create_table(
        "service_order_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("order_number", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(length=17), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("situation", sa.String(length=80), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counter_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_service_order_event_company_id_company")),
        sa.ForeignKeyConstraint(["counter_id"], ["counter.id"], name=op.f("fk_service_order_event_counter_id_counter")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_service_order_event_customer_id_customer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_order_event")),
        sa.UniqueConstraint("company_id", "order_number", "stage", "version", name="uq_service_order_event"),
    )
    op.create_table(
        "overdue_release",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("check_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("counter_id", sa.Integer(), nullable=True),
        sa.Column("machine", sa.String(length=120), nullable=False),
        sa.Column("instalments", sa.JSON(), nullable=False),
        sa.Column("sold_as", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["check_id"], ["order_check.id"], name=op.f("fk_overdue_release_check_id_order_check")),
        sa.ForeignKeyConstraint(["counter_id"], ["counter.id"], name=op.f("fk_overdue_release_counter_id_counter")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_overdue_release_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overdue_release")),
        sa.UniqueConstraint("check_id", name=op.f("uq_overdue_release_check_id")),
    )
    op.create_table(
        "whatsapp_message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("order_number", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("customer_name", sa.String(length=150), nullable=False),
        sa.Column("destination", sa.String(length=13), nullable=False),
        sa.Column("template", sa.String(length=512), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("unique_key", sa.String(length=160), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("wa_id", sa.String(length=20), nullable=False),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=False),
        sa.Column("reserved_by", sa.String(length=120), nullable=False),
        sa.Column("reserved_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_whatsapp_message_company_id_company")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_whatsapp_message_customer_id_customer")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["service_order_event.id"], name=op.f("fk_whatsapp_message_event_id_service_order_event")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_whatsapp_message")),
        sa.UniqueConstraint("unique_key", name=op.f("uq_whatsapp_message_unique_key")),
    )
    with op.batch_alter_table("whatsapp_message", schema=None) as batch_op:
        batch_op.create_index("ix_whatsapp_message_customer_id", ["customer_id"], unique=False)
        batch_op.create_index("ix_whatsapp_message_event_id", ["event_id"], unique=False)
        batch_op.create_index("ix_whatsapp_message_state_at", ["state_at"], unique=False)
        batch_op.create_index("ix_whatsapp_message_state_next_at", ["state", "next_at", "id"], unique=False)

    with op.batch_alter_table("app_user", schema=None) as batch_op:
        batch_op.add_column(sa.Column("may_release", sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mobile", sa.String(length=13), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column("whatsapp_consent", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(
            sa.Column("consent_note", sa.String(length=150), server_default=sa.text("''"), nullable=False)
        )
        batch_op.add_column(sa.Column("revision", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
        batch_op.create_index("ix_customer_revision", ["revision", "id"], unique=False)
    op.execute(_identity())
    for statement in _TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)
