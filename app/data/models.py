"""The tables. Names of tables and columns are the program's own; words on screen are in `app.tables`."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC moment. SQLite keeps no offset and gives naive values back; they are UTC here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments, whose meaning would depend on the machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Always aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The declarative base, with constraint names that migrations can rely on."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        datetime: UtcDateTime,
        date: Date,
        list[dict[str, Any]]: JSON,
        bytes: LargeBinary,
    }


def _random_key() -> str:
    return secrets.token_hex(16)


class Company(Base):
    """An empresa."""

    __tablename__ = "company"
    id: Mapped[int] = mapped_column(primary_key=True)
    cnpj: Mapped[str] = mapped_column(String(14), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    uf: Mapped[str] = mapped_column(String(2))
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class Branch(Base):
    """A filial of a company; certificates belong to branches."""

    __tablename__ = "branch"
    id: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    cnpj: Mapped[str] = mapped_column(String(14), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    uf: Mapped[str] = mapped_column(String(2))
    zone: Mapped[str] = mapped_column(String(64))
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class BranchCertificate(Base):
    """The A1 certificate in use by a branch: one row a branch, replaced as a whole. Its keys are in CertificateKey."""

    __tablename__ = "branch_certificate"
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    holder: Mapped[str] = mapped_column(String(200))
    cnpj: Mapped[str] = mapped_column(String(14))
    issuer: Mapped[str] = mapped_column(String(200))
    root: Mapped[str] = mapped_column(String(200))
    serial: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[str] = mapped_column(String(64))
    not_before: Mapped[datetime]
    not_after: Mapped[datetime]
    chain_pem: Mapped[bytes]
    installed_at: Mapped[datetime]


class CertificateKey(Base):
    """The key of a branch's certificate on one station: encrypted with a password that only its keyring has."""

    __tablename__ = "certificate_key"
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch_certificate.branch_id"), primary_key=True)
    station: Mapped[str] = mapped_column(String(200), primary_key=True)
    key_pem: Mapped[bytes]
    secret_name: Mapped[str] = mapped_column(String(120))


class Entity(Base):
    """An entidade that stands for a branch or a congênere, and is never blocked by the rules."""

    __tablename__ = "entity"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    document: Mapped[str] = mapped_column(String(17), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class User(Base):
    """A usuário of the program."""

    __tablename__ = "app_user"
    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    profile: Mapped[str] = mapped_column(String(20))
    may_release: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class UserPassword(Base):
    """A user's password as argon2id keeps it."""

    __tablename__ = "user_password"
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    hash: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(120))


class LoginAttempt(Base):
    """A login, of somebody or nobody, with which passwords were tried: `failures` in a row, the last one `at`.

    Until `retry_at` no password is looked at with it.
    """

    __tablename__ = "login_attempt"
    __table_args__ = (Index("ix_login_attempt_at", "at"),)
    login_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]
    failures: Mapped[int]
    retry_at: Mapped[datetime | None]


class Brand(Base):
    """A bandeira, with the names by which ANP calls it (normalised ones are compared)."""

    __tablename__ = "brand"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    anp_names: Mapped[str] = mapped_column(Text, default="")
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class Region(Base):
    """A região de vendas."""

    __tablename__ = "region"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class CreditManager(Base):
    """A gerenciadora de análise de crédito. Its credentials are in the keyring, under `keyring_key`: a number would be
    of another one in another database."""

    __tablename__ = "credit_manager"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    provider: Mapped[str] = mapped_column(String(20))
    environment: Mapped[str] = mapped_column(String(20), default="")
    production_url: Mapped[str] = mapped_column(String(300), default="")
    test_url: Mapped[str] = mapped_column(String(300), default="")
    report: Mapped[str] = mapped_column(String(60), default="", server_default=text("''"))
    person_report: Mapped[str] = mapped_column(String(60), default="", server_default=text("''"))
    features: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    cost_center: Mapped[str] = mapped_column(String(12), default="", server_default=text("''"))
    consulting_document: Mapped[str] = mapped_column(String(14), default="", server_default=text("''"))
    mapping_file: Mapped[str] = mapped_column(String(80), default="", server_default=text("''"))
    keyring_key: Mapped[str] = mapped_column(String(32), unique=True, default=_random_key)
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class Customer(Base):
    """A cliente.

    The `sefaz_*` moments and verdicts repeat its history, so that lists and the service need no join:
    `sefaz_at` and `sefaz_verdict` are of the last answer (what is true now), `sefaz_tried_at` and `sefaz_outcome`
    of the last consultation, answered or failed; after a failure the service waits until `sefaz_retry_at`.
    The `anp_*` ones are the same of ANP: `anp_status` is an AnpOutcome that is an answer, `anp_brand` the brand as that
    answer wrote it, `anp_by_list` whether ANP's published list gave it, `anp_consulted` whether ANP can be asked at all
    (a reseller with CNPJ).
    `revision` grows with every change that the counters are told of; triggers set it, see migration 0004.
    """

    __tablename__ = "customer"
    __table_args__ = (
        UniqueConstraint("document", "uf", "ie", name="uq_customer_document_uf_ie"),
        Index(
            "ix_customer_sefaz_due",
            "sefaz_at",
            "id",
            sqlite_where=text("active = 1 AND sefaz_automatic = 1"),
            postgresql_where=text("active AND sefaz_automatic"),
        ),
        Index(
            "ix_customer_anp_due",
            "anp_at",
            "id",
            sqlite_where=text("active = 1 AND anp_consulted = 1"),
            postgresql_where=text("active AND anp_consulted"),
        ),
        Index("ix_customer_name", "search_text", "id"),
        Index("ix_customer_revision", "revision", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[str] = mapped_column(String(17))
    ie: Mapped[str] = mapped_column(String(14), default="")
    name: Mapped[str] = mapped_column(String(150))
    trade_name: Mapped[str] = mapped_column(String(150), default="")
    uf: Mapped[str] = mapped_column(String(2))
    city: Mapped[str] = mapped_column(String(80), default="")
    street: Mapped[str] = mapped_column(String(150), default="")
    complement: Mapped[str] = mapped_column(String(150), default="")
    district: Mapped[str] = mapped_column(String(80), default="")
    postal_code: Mapped[str] = mapped_column(String(8), default="")
    phone: Mapped[str] = mapped_column(String(20), default="")
    mobile: Mapped[str] = mapped_column(String(13), default="", server_default=text("''"))
    whatsapp_consent: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    consent_note: Mapped[str] = mapped_column(String(150), default="", server_default=text("''"))
    anp_authorization: Mapped[str] = mapped_column(String(30), default="")
    brand_id: Mapped[int | None] = mapped_column(ForeignKey("brand.id"))
    region_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"))
    sefaz_automatic: Mapped[bool] = mapped_column(Boolean, default=True)
    sefaz_action: Mapped[str] = mapped_column(String(20))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    search_text: Mapped[str] = mapped_column(Text, default="")
    sefaz_at: Mapped[datetime | None]
    sefaz_verdict: Mapped[str] = mapped_column(String(20), default="")
    sefaz_tried_at: Mapped[datetime | None]
    sefaz_outcome: Mapped[str] = mapped_column(String(20), default="")
    sefaz_retry_at: Mapped[datetime | None]
    anp_kind: Mapped[str] = mapped_column(String(12), default="automotivo", server_default="automotivo")
    anp_consulted: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true())
    anp_at: Mapped[datetime | None]
    anp_status: Mapped[str] = mapped_column(String(24), default="", server_default=text("''"))
    anp_by_list: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    anp_brand: Mapped[str] = mapped_column(String(150), default="", server_default=text("''"))
    anp_tried_at: Mapped[datetime | None]
    anp_outcome: Mapped[str] = mapped_column(String(24), default="", server_default=text("''"))
    anp_retry_at: Mapped[datetime | None]
    blocked: Mapped[bool] = mapped_column(Boolean, default=False)
    revision: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))


class Consultation(Base):
    """One consultation of an authority, answered or failed, with both raw messages.

    `failure_kind` is why the authority itself did not answer, also where the mirror of ANP's list did in its place;
    `failure` is set only when nobody did. `c_stat` to `certificate_cnpj` are SEFAZ's, `source` on ANP's.
    """

    __tablename__ = "consultation"
    __table_args__ = (
        Index("ix_consultation_customer_id_id", "customer_id", "id"),
        Index("ix_consultation_document_id", "document", "id"),
    )
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    authority: Mapped[str] = mapped_column(String(10))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    document: Mapped[str] = mapped_column(String(17))
    uf: Mapped[str] = mapped_column(String(2))
    origin: Mapped[str] = mapped_column(String(20))
    user_name: Mapped[str] = mapped_column(String(120))
    machine: Mapped[str] = mapped_column(String(120))
    asked_at: Mapped[datetime]
    duration_ms: Mapped[int]
    verdict: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    applied: Mapped[bool] = mapped_column(Boolean)
    decision: Mapped[str] = mapped_column(Text)
    c_stat: Mapped[str] = mapped_column(String(3))
    x_motivo: Mapped[str] = mapped_column(Text)
    inscriptions: Mapped[list[dict[str, Any]]]
    failure_kind: Mapped[str] = mapped_column(String(30))
    failure: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    authorizer: Mapped[str] = mapped_column(String(10))
    certificate_cnpj: Mapped[str] = mapped_column(String(14))
    source: Mapped[str] = mapped_column(String(12), default="", server_default=text("''"))
    registration: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    listed_at: Mapped[datetime | None]
    listed_until: Mapped[datetime | None]
    request: Mapped[bytes]
    response: Mapped[bytes]


class BlockReason(Base):
    """One reason for which a customer is or was blocked. Active while `lifted_at` is null."""

    __tablename__ = "block_reason"
    __table_args__ = (
        Index(
            "ix_block_reason_active",
            "customer_id",
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    origin: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    raised_at: Mapped[datetime]
    raised_by: Mapped[str] = mapped_column(String(120))
    consultation_id: Mapped[int | None] = mapped_column(ForeignKey("consultation.id"))
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str] = mapped_column(String(120), default="")
    lift_reason: Mapped[str] = mapped_column(Text, default="")
    lift_consultation_id: Mapped[int | None] = mapped_column(ForeignKey("consultation.id"))


class AuthorityPause(Base):
    """A host that asked not to be asked before a moment (Retry-After)."""

    __tablename__ = "authority_pause"
    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    until: Mapped[datetime]


class AuthorizerPace(Base):
    """How one certificate stands with one authorizer; see `rules.pacing.Pace`. The CNPJ is "" where none is presented.

    `calls` has the moments of the last minute in ISO form.
    """

    __tablename__ = "authorizer_pace"
    certificate_cnpj: Mapped[str] = mapped_column(String(14), primary_key=True)
    authorizer: Mapped[str] = mapped_column(String(10), primary_key=True)
    calls: Mapped[list[str]] = mapped_column(JSON)
    next_at: Mapped[datetime | None]
    streak_of: Mapped[str] = mapped_column(String(20))
    streak: Mapped[int]
    held_until: Mapped[datetime | None]
    held_why: Mapped[str] = mapped_column(Text)
    last_limit_at: Mapped[datetime | None]
    frozen_until: Mapped[datetime | None]
    fingerprint: Mapped[str] = mapped_column(String(64))


class UfGap(Base):
    """What the SEFAZ of a UF said that it does not offer at an address; it is not asked there before `until`."""

    __tablename__ = "uf_gap"
    uf: Mapped[str] = mapped_column(String(2), primary_key=True)
    missing: Mapped[str] = mapped_column(String(10), primary_key=True)
    address: Mapped[str] = mapped_column(Text)
    c_stat: Mapped[str] = mapped_column(String(3))
    x_motivo: Mapped[str] = mapped_column(Text)
    learnt_at: Mapped[datetime]
    until: Mapped[datetime]


class AnpList(Base):
    """One list that ANP publishes, taken whole: a snapshot of the mirror, and what it changed there.

    `taken_at` is the moment that the list represents, `confirmed_at` the last at which ANP still published the same.
    `rejected` has the lines that could not be read, as {"line": n, "reason": "…"}.
    """

    __tablename__ = "anp_list"
    __table_args__ = (Index("ix_anp_list_kind_id", "kind", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    taken_at: Mapped[datetime]
    confirmed_at: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(300))
    sha256: Mapped[str] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(120))
    machine: Mapped[str] = mapped_column(String(120))
    rows: Mapped[int]
    rejected: Mapped[list[dict[str, Any]]]


class AnpListed(Base):
    """The mirror: one establishment that is, or was, in a list of ANP.

    It left with the list `vanished_list_id`; `last_seen_at` is then the moment of the last list that had it.
    Dates are as ANP writes them. `situation` is only in the list of distributors.
    """

    __tablename__ = "anp_listed"
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    cnpj: Mapped[str] = mapped_column(String(14), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    short_name: Mapped[str] = mapped_column(Text)
    situation: Mapped[str] = mapped_column(Text)
    authorization: Mapped[str] = mapped_column(Text)
    published: Mapped[str] = mapped_column(Text)
    brand: Mapped[str] = mapped_column(Text)
    brand_since: Mapped[str] = mapped_column(Text)
    simp_code: Mapped[str] = mapped_column(Text)
    street: Mapped[str] = mapped_column(Text)
    complement: Mapped[str] = mapped_column(Text)
    district: Mapped[str] = mapped_column(Text)
    postal_code: Mapped[str] = mapped_column(Text)
    city: Mapped[str] = mapped_column(Text)
    uf: Mapped[str] = mapped_column(String(2))
    reseller_class: Mapped[str] = mapped_column(Text)
    vanished_list_id: Mapped[int | None] = mapped_column(ForeignKey("anp_list.id"))
    last_seen_at: Mapped[datetime | None]


class AnpChange(Base):
    """What one list changed in the mirror: an establishment that came, left or came back, or one field of it."""

    __tablename__ = "anp_change"
    __table_args__ = (
        Index("ix_anp_change_list_id_id", "list_id", "id"),
        Index("ix_anp_change_cnpj", "cnpj"),
    )
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("anp_list.id"))
    cnpj: Mapped[str] = mapped_column(String(14))
    name: Mapped[str] = mapped_column(Text)
    uf: Mapped[str] = mapped_column(String(2))
    change: Mapped[str] = mapped_column(String(20))
    before: Mapped[str] = mapped_column(Text)
    after: Mapped[str] = mapped_column(Text)


class OrderCheck(Base):
    """One answer of the order gate: everything it looked at, the rules that decided and why.

    `consultation_id` may be of a consultation no longer kept. `counter_id` is the counter that asked, None for the
    program itself; `reference` is the number of the document there. `previous_id` is the check of the pre-sale that
    this order or invoice came from. With `release_needed` it is refused, but a person may release it.
    """

    __tablename__ = "order_check"
    __table_args__ = (Index("ix_order_check_document_id", "document", "id"),)
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(120))
    machine: Mapped[str] = mapped_column(String(120))
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    document: Mapped[str] = mapped_column(String(17))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    kind: Mapped[str] = mapped_column(String(10))
    operation: Mapped[str] = mapped_column(String(10))
    allowed: Mapped[bool] = mapped_column(Boolean)
    reasons: Mapped[list[str]] = mapped_column(JSON)
    rules: Mapped[list[str]] = mapped_column(JSON)
    inputs: Mapped[dict[str, Any]] = mapped_column(JSON)
    consultation_id: Mapped[int | None] = mapped_column(BigInteger)
    counter_id: Mapped[int | None] = mapped_column(ForeignKey("counter.id"))
    reference: Mapped[str] = mapped_column(String(60), default="", server_default=text("''"))
    previous_id: Mapped[int | None] = mapped_column(BigInteger)
    release_needed: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())


class CreditAnalysis(Base):
    """One analysis of a document by a gerenciadora: asked for, then made. See `app.credit_analysis`.

    `source` is whose answer it is: the same for every gerenciadora of a provider whose answers are alike. Of one
    document, source and environment one is in flight at a time. `next_at` is when it may be tried (again); whoever
    asks reserves it first until `reserved_until`. `urgent` leaves without waiting for the service's next round.
    `outcome`, `reasons` and `report` are of the answer; `failure` of the last try that failed. `raw` is the provider's
    own answer, b"" once it was kept as long as the settings say.
    """

    __tablename__ = "credit_analysis"
    __table_args__ = (
        Index("ix_credit_analysis_document_id", "document", "id"),
        Index("ix_credit_analysis_customer_id_id", "customer_id", "id"),
        Index("ix_credit_analysis_state_next_at", "state", "next_at"),
        Index(
            "uq_credit_analysis_in_flight",
            "document",
            "source",
            "environment",
            unique=True,
            sqlite_where=text("state IN ('na_fila', 'consultando')"),
            postgresql_where=text("state IN ('na_fila', 'consultando')"),
        ),
    )
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    created_at: Mapped[datetime]
    document: Mapped[str] = mapped_column(String(17))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    manager_id: Mapped[int] = mapped_column(ForeignKey("credit_manager.id"))
    source: Mapped[str] = mapped_column(String(40))
    environment: Mapped[str] = mapped_column(String(20))
    origin: Mapped[str] = mapped_column(String(20))
    user_name: Mapped[str] = mapped_column(String(120))
    machine: Mapped[str] = mapped_column(String(120))
    manual: Mapped[bool] = mapped_column(Boolean)
    urgent: Mapped[bool] = mapped_column(Boolean)
    state: Mapped[str] = mapped_column(String(12))
    next_at: Mapped[datetime]
    attempts: Mapped[int]
    reserved_by: Mapped[str] = mapped_column(String(120))
    reserved_until: Mapped[datetime | None]
    consulted_at: Mapped[datetime | None]
    duration_ms: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(12))
    reasons: Mapped[list[str]] = mapped_column(JSON)
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    failure_kind: Mapped[str] = mapped_column(String(30))
    failure: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    http_status: Mapped[int | None]
    request_id: Mapped[str] = mapped_column(String(80))
    raw: Mapped[bytes]


class CreditPause(Base):
    """A gerenciadora that is not asked in one environment before `until`; without it, until a person mends it."""

    __tablename__ = "credit_pause"
    manager_id: Mapped[int] = mapped_column(ForeignKey("credit_manager.id"), primary_key=True)
    environment: Mapped[str] = mapped_column(String(20), primary_key=True)
    until: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(Text)


class OverdueRelease(Base):
    """One operation that a person let go on in spite of overdue store credit.

    It covers those instalments and no others. `instalments` are numbers of `instalment`; empty when what was released
    is that nothing could be checked. `sold_as` is the reference of the one sale that it served, None while there is
    none.
    """

    __tablename__ = "overdue_release"
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    check_id: Mapped[int] = mapped_column(ForeignKey("order_check.id"), unique=True)
    at: Mapped[datetime]
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    reason: Mapped[str] = mapped_column(Text)
    counter_id: Mapped[int | None] = mapped_column(ForeignKey("counter.id"))
    machine: Mapped[str] = mapped_column(String(120))
    instalments: Mapped[list[int]] = mapped_column(JSON)
    sold_as: Mapped[str | None] = mapped_column(String(60))


class Instalment(Base):
    """One parcela of store credit (crediário), as a counter or the ERP last told it; `external_id` is its number there.

    Amounts are in cents, since SQLite has no decimals.
    """

    __tablename__ = "instalment"
    __table_args__ = (
        UniqueConstraint("company_id", "external_id"),
        Index("ix_instalment_document_due_on", "document", "due_on"),
    )
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    external_id: Mapped[str] = mapped_column(String(60))
    document: Mapped[str] = mapped_column(String(17))
    contract: Mapped[str] = mapped_column(String(60))
    due_on: Mapped[date]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    paid_cents: Mapped[int] = mapped_column(BigInteger)
    situation: Mapped[str] = mapped_column(String(12))
    updated_at: Mapped[datetime]


class InstalmentLoad(Base):
    """When a company's instalments were last told, also when none had changed: before that nothing can be checked."""

    __tablename__ = "instalment_load"
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), primary_key=True)
    received_at: Mapped[datetime]


class Counter(Base):
    """A balcão that talks to the integration service. Its token was shown once; only its SHA-256 is kept.

    `company_id` is the only company that it may speak for; None for every one. `token_hint` is the end of the token,
    by which a person tells two apart.
    """

    __tablename__ = "counter"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    token_hint: Mapped[str] = mapped_column(String(4))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(120))
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str] = mapped_column(String(120), default="")
    last_seen_at: Mapped[datetime | None]
    last_address: Mapped[str] = mapped_column(String(64), default="")
    last_version: Mapped[str] = mapped_column(String(60), default="")


class IdempotentAnswer(Base):
    """What a counter was answered to a write, so that the same write sent again is answered and not made again."""

    __tablename__ = "idempotent_answer"
    __table_args__ = (Index("ix_idempotent_answer_at", "at"),)
    counter_id: Mapped[int] = mapped_column(ForeignKey("counter.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    request_sha256: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    body: Mapped[bytes]
    at: Mapped[datetime]


class DatabaseIdentity(Base):
    """Which database this is: a cursor given by one means nothing in another. One row."""

    __tablename__ = "database_identity"
    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(String(32))


class ServiceOrderEvent(Base):
    """What happened to a service order, as a counter told it; `version` counts how often the same stage was told."""

    __tablename__ = "service_order_event"
    __table_args__ = (
        UniqueConstraint("company_id", "order_number", "stage", "version", name="uq_service_order_event"),
    )
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    order_number: Mapped[str] = mapped_column(String(40))
    stage: Mapped[str] = mapped_column(String(20))
    version: Mapped[int]
    document: Mapped[str] = mapped_column(String(17))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    situation: Mapped[str] = mapped_column(String(80))
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    counter_id: Mapped[int | None] = mapped_column(ForeignKey("counter.id"))


class WhatsAppMessage(Base):
    """The outbox: one message to one customer, written with the event that it tells of; a test has no event.

    `destination` is E.164 digits. `reason` says why it is in its state. Whoever sends reserves it first, so that no two
    machines do; after `expires_at` it is not sent any more.
    """

    __tablename__ = "whatsapp_message"
    __table_args__ = (
        Index("ix_whatsapp_message_state_next_at", "state", "next_at", "id"),
        Index("ix_whatsapp_message_state_at", "state_at"),
        Index("ix_whatsapp_message_event_id", "event_id"),
        Index("ix_whatsapp_message_customer_id", "customer_id"),
    )
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    created_at: Mapped[datetime]
    event_id: Mapped[int | None] = mapped_column(ForeignKey("service_order_event.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    order_number: Mapped[str] = mapped_column(String(40))
    stage: Mapped[str] = mapped_column(String(20))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    customer_name: Mapped[str] = mapped_column(String(150))
    destination: Mapped[str] = mapped_column(String(13))
    template: Mapped[str] = mapped_column(String(512))
    language: Mapped[str] = mapped_column(String(10))
    parameters: Mapped[list[str]] = mapped_column(JSON)
    unique_key: Mapped[str] = mapped_column(String(160), unique=True)
    state: Mapped[str] = mapped_column(String(12))
    state_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int]
    next_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    external_id: Mapped[str] = mapped_column(String(200))
    wa_id: Mapped[str] = mapped_column(String(20))
    error_code: Mapped[int | None]
    error_detail: Mapped[str] = mapped_column(Text)
    reserved_by: Mapped[str] = mapped_column(String(120))
    reserved_until: Mapped[datetime | None]


class WhatsAppPause(Base):
    """What is not sent for now: all of a sender ("canal:ID"), one template of it ("modelo:ID:nome") or what goes to one
    person ("numero:…"). ID is the sender's Phone Number ID.

    With no `until` it holds until a person resumes it.
    """

    __tablename__ = "whatsapp_pause"
    what: Mapped[str] = mapped_column(String(560), primary_key=True)
    until: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text)
    error_code: Mapped[int | None]
    since: Mapped[datetime]


class SettingValue(Base):
    """A value that is not the default. Company 0 stands for Geral, since NULLs are never equal in a key."""

    __tablename__ = "setting_value"
    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    company_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(120))


class AuditEntry(Base):
    """Who changed what, when and where; values as people read them."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_at", "at"),)
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(120))
    machine: Mapped[str] = mapped_column(String(120))
    subject: Mapped[str] = mapped_column(String(60))
    what: Mapped[str] = mapped_column(String(200))
    company_id: Mapped[int]
    old: Mapped[str] = mapped_column(Text)
    new: Mapped[str] = mapped_column(Text)


class Lease(Base):
    """Which machine runs the service of one authority, and until when it may."""

    __tablename__ = "lease"
    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    owner: Mapped[str] = mapped_column(String(120))
    until: Mapped[datetime]
