"""Cohorts and reservations.

Revision 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cohorts",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("program_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "status",
            sa.Enum("planned", "cancelled", name=None, native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("return_by", sa.Date(), nullable=False),
        sa.Column("pickup_from", sa.Date(), nullable=False),
        sa.Column("capacity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("languages", sa.String(length=60), nullable=False),
        sa.Column("partners", sa.String(length=240), nullable=False),
        sa.Column("captains", sa.String(length=240), nullable=False),
        sa.Column("materials", sa.String(length=500), nullable=False),
        sa.Column("first_day_mandatory", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("capacity > 0", name=op.f("ck_cohorts_capacity")),
        sa.CheckConstraint("pickup_from <= starts_on", name=op.f("ck_cohorts_pickup_before_start")),
        sa.CheckConstraint("starts_on <= ends_on AND ends_on <= return_by", name=op.f("ck_cohorts_dates_in_order")),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name=op.f("fk_cohorts_program_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohorts")),
        sa.UniqueConstraint("code", name=op.f("uq_cohorts_code")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("cohorts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cohorts_program_id"), ["program_id"], unique=False)
    op.create_table(
        "enrolments",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("cohort_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("patron_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("pickup_branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wants_kit", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "offered",
                "enrolled",
                "withdrawn",
                "dropped",
                "transferred",
                "completed",
                name=None,
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("offered_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_reason", sa.String(length=240), nullable=True),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_enrolments_cohort_id")),
        sa.ForeignKeyConstraint(["patron_id"], ["patrons.id"], name=op.f("fk_enrolments_patron_id")),
        sa.ForeignKeyConstraint(["pickup_branch_id"], ["branches.id"], name=op.f("fk_enrolments_pickup_branch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
        sa.UniqueConstraint("public_id", name=op.f("uq_enrolments_public_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("enrolments", schema=None) as batch_op:
        batch_op.create_index("ix_enrolments_cohort_id_state", ["cohort_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_enrolments_patron_id"), ["patron_id"], unique=False)
        batch_op.create_index(
            "uq_enrolments_live_patron_id_cohort_id",
            ["patron_id", "cohort_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('waiting', 'offered', 'enrolled')"),
            postgresql_where=sa.text("state IN ('waiting', 'offered', 'enrolled')"),
        )
    op.create_table(
        "pools",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("cohort_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stock_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kits", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("kits >= 0", name=op.f("ck_pools_kits")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_pools_cohort_id")),
        sa.ForeignKeyConstraint(["stock_id"], ["stocks.id"], name=op.f("fk_pools_stock_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pools")),
        sa.UniqueConstraint("cohort_id", "stock_id", name=op.f("uq_pools_cohort_id_stock_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("pools", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pools_stock_id"), ["stock_id"], unique=False)
    op.create_table(
        "workshops",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("cohort_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("onsite", "virtual", "hybrid", name=None, native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_workshops_branch_id")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_workshops_cohort_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workshops")),
        sa.UniqueConstraint("cohort_id", "n", name=op.f("uq_workshops_cohort_id_n")),
        sa.UniqueConstraint("public_id", name=op.f("uq_workshops_public_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "reservations",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("patron_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kit_type_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stock_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("pickup_branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cohort_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("pool_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("enrolment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "promised",
                "pulling",
                "in_transit",
                "ready",
                "picked_up",
                "expired",
                "cancelled",
                name=None,
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("kit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("pickup_code", sa.String(length=8), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ready_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_reason", sa.String(length=240), nullable=True),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_reservations_cohort_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"], name=op.f("fk_reservations_enrolment_id")),
        sa.ForeignKeyConstraint(["kit_id"], ["kits.id"], name=op.f("fk_reservations_kit_id")),
        sa.ForeignKeyConstraint(["kit_type_id"], ["kit_types.id"], name=op.f("fk_reservations_kit_type_id")),
        sa.ForeignKeyConstraint(["patron_id"], ["patrons.id"], name=op.f("fk_reservations_patron_id")),
        sa.ForeignKeyConstraint(["pickup_branch_id"], ["branches.id"], name=op.f("fk_reservations_pickup_branch_id")),
        sa.ForeignKeyConstraint(["pool_id"], ["pools.id"], name=op.f("fk_reservations_pool_id")),
        sa.ForeignKeyConstraint(["stock_id"], ["stocks.id"], name=op.f("fk_reservations_stock_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservations")),
        sa.UniqueConstraint("public_id", name=op.f("uq_reservations_public_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("reservations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reservations_cohort_id"), ["cohort_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reservations_enrolment_id"), ["enrolment_id"], unique=False)
        batch_op.create_index("ix_reservations_patron_id_state", ["patron_id", "state"], unique=False)
        batch_op.create_index("ix_reservations_pool_id_state", ["pool_id", "state"], unique=False)
        batch_op.create_index("ix_reservations_stock_id_state", ["stock_id", "state"], unique=False)
        batch_op.create_index(
            "uq_reservations_live_kit_id",
            ["kit_id"],
            unique=True,
            sqlite_where=sa.text(
                "kit_id IS NOT NULL AND state IN ('waiting', 'promised', 'pulling', 'in_transit', 'ready')"
            ),
            postgresql_where=sa.text(
                "kit_id IS NOT NULL AND state IN ('waiting', 'promised', 'pulling', 'in_transit', 'ready')"
            ),
        )
        batch_op.create_index(
            "uq_reservations_live_open_patron_id_kit_type_id",
            ["patron_id", "kit_type_id"],
            unique=True,
            sqlite_where=sa.text(
                "cohort_id IS NULL AND state IN ('waiting', 'promised', 'pulling', 'in_transit', 'ready')"
            ),
            postgresql_where=sa.text(
                "cohort_id IS NULL AND state IN ('waiting', 'promised', 'pulling', 'in_transit', 'ready')"
            ),
        )
        batch_op.create_index(
            "uq_reservations_live_patron_id_cohort_id",
            ["patron_id", "cohort_id"],
            unique=True,
            sqlite_where=sa.text(
                "cohort_id IS NOT NULL AND state IN ('waiting', 'promised', 'pulling', 'in_transit', 'ready')"
            ),
            postgresql_where=sa.text(
                "cohort_id IS NOT NULL AND state IN ('waiting', 'promised', 'pulling', 'in_transit', 'ready')"
            ),
        )


def downgrade() -> None:
    op.drop_table("reservations")
    op.drop_table("workshops")
    op.drop_table("pools")
    op.drop_table("enrolments")
    op.drop_table("cohorts")
