"""Kits, lines and policies.

Revision 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kit_types",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("whole_price_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cohort_only", sa.Boolean(), nullable=False),
        sa.CheckConstraint("whole_price_cents >= 0", name=op.f("ck_kit_types_price")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_types")),
        sa.UniqueConstraint("code", name=op.f("uq_kit_types_code")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "lines",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("iccid", sa.String(length=20), nullable=False),
        sa.Column("carrier", sa.String(length=80), nullable=False),
        sa.Column("plan", sa.String(length=80), nullable=False),
        sa.Column("upload_mbps", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("download_mbps", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("data_cap_gb", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("fund", sa.String(length=60), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "active",
                "suspending",
                "suspended",
                "restoring",
                "ended",
                name=None,
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lines")),
        sa.UniqueConstraint("iccid", name=op.f("uq_lines_iccid")),
        sa.UniqueConstraint("number", name=op.f("uq_lines_number")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "kit_type_parts",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("kit_type_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("returnable", sa.Boolean(), nullable=False),
        sa.Column("price_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bills_alone", sa.Boolean(), nullable=False),
        sa.Column("photo", sa.String(length=200), nullable=True),
        sa.CheckConstraint("price_cents >= 0", name=op.f("ck_kit_type_parts_price")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_kit_type_parts_quantity")),
        sa.ForeignKeyConstraint(["kit_type_id"], ["kit_types.id"], name=op.f("fk_kit_type_parts_kit_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_type_parts")),
        sa.UniqueConstraint("kit_type_id", "name", name=op.f("uq_kit_type_parts_kit_type_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "policies",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("kit_type_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("loan_days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("renewals", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kit_limit", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("household_limit", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("cool_down_hours", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owes_limit_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("adult_age", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "agreement",
            sa.Enum(
                "none",
                "once",
                "per_cohort",
                "per_loan",
                name=None,
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("shelf_open_days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("missing_part_days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("not_billed_hours", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("notice_days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("quarantine_hours", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("turnaround_open_days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("overdue_hold_days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("needs_wipe", sa.Boolean(), nullable=False),
        sa.Column("needs_charge", sa.Boolean(), nullable=False),
        sa.Column("needs_restock", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kit_limit > 0", name=op.f("ck_policies_kit_limit")),
        sa.CheckConstraint("loan_days > 0", name=op.f("ck_policies_loan_days")),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_policies_branch_id")),
        sa.ForeignKeyConstraint(["kit_type_id"], ["kit_types.id"], name=op.f("fk_policies_kit_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("policies", schema=None) as batch_op:
        batch_op.create_index(
            "ix_policies_kit_type_id_branch_id", ["kit_type_id", "branch_id", "valid_from"], unique=False
        )
    op.create_table(
        "stocks",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kit_type_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_stocks_branch_id")),
        sa.ForeignKeyConstraint(["kit_type_id"], ["kit_types.id"], name=op.f("fk_stocks_kit_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stocks")),
        sa.UniqueConstraint("branch_id", "kit_type_id", name=op.f("uq_stocks_branch_id_kit_type_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("stocks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stocks_kit_type_id"), ["kit_type_id"], unique=False)
    op.create_table(
        "kits",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("barcode", sa.String(length=32), nullable=False),
        sa.Column("kit_type_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stock_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("in_transit_to_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("place", sa.String(length=60), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "available",
                "on_shelf",
                "on_loan",
                "to_inspect",
                "turnaround",
                "incomplete",
                "repair",
                "missing",
                "lost",
                "withdrawn",
                name=None,
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("round", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("turnaround_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("quarantine_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=240), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_kits_branch_id")),
        sa.ForeignKeyConstraint(["in_transit_to_id"], ["branches.id"], name=op.f("fk_kits_in_transit_to_id")),
        sa.ForeignKeyConstraint(["kit_type_id"], ["kit_types.id"], name=op.f("fk_kits_kit_type_id")),
        sa.ForeignKeyConstraint(["stock_id"], ["stocks.id"], name=op.f("fk_kits_stock_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kits")),
        sa.UniqueConstraint("barcode", name=op.f("uq_kits_barcode")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("kits", schema=None) as batch_op:
        batch_op.create_index(
            "ix_kits_branch_id_kit_type_id_state", ["branch_id", "kit_type_id", "state"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_kits_in_transit_to_id"), ["in_transit_to_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_kits_kit_type_id"), ["kit_type_id"], unique=False)
        batch_op.create_index("ix_kits_stock_id", ["stock_id", "state"], unique=False)
    op.create_table(
        "parts",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("kit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "here", "missing", "damaged", "retired", name=None, native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tag", sa.String(length=32), nullable=True),
        sa.Column("manufacturer", sa.String(length=80), nullable=False),
        sa.Column("model", sa.String(length=80), nullable=False),
        sa.Column("serial", sa.String(length=80), nullable=True),
        sa.Column("imei", sa.String(length=16), nullable=True),
        sa.Column("network_name", sa.String(length=64), nullable=True),
        sa.Column("network_password", sa.String(length=64), nullable=True),
        sa.Column("fund", sa.String(length=60), nullable=True),
        sa.Column("purchase_reference", sa.String(length=80), nullable=True),
        sa.Column("delivered_on", sa.Date(), nullable=True),
        sa.Column("price_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_parts_quantity")),
        sa.ForeignKeyConstraint(["kind_id"], ["kit_type_parts.id"], name=op.f("fk_parts_kind_id")),
        sa.ForeignKeyConstraint(["kit_id"], ["kits.id"], name=op.f("fk_parts_kit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts")),
        sa.UniqueConstraint("imei", name=op.f("uq_parts_imei")),
        sa.UniqueConstraint("tag", name=op.f("uq_parts_tag")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("parts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_parts_kind_id"), ["kind_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_parts_kit_id"), ["kit_id"], unique=False)
        batch_op.create_index(
            "uq_parts_manufacturer_serial",
            ["manufacturer", "serial"],
            unique=True,
            sqlite_where=sa.text("serial IS NOT NULL"),
            postgresql_where=sa.text("serial IS NOT NULL"),
        )
    op.create_table(
        "turnaround_steps",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("kit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("round", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "wiped",
                "charged",
                "restocked",
                "line_active",
                name=None,
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("proof", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["kit_id"], ["kits.id"], name=op.f("fk_turnaround_steps_kit_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_turnaround_steps_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turnaround_steps")),
        sa.UniqueConstraint("kit_id", "round", "kind", name=op.f("uq_turnaround_steps_kit_id_round_kind")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "line_placements",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("part_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["line_id"], ["lines.id"], name=op.f("fk_line_placements_line_id")),
        sa.ForeignKeyConstraint(["part_id"], ["parts.id"], name=op.f("fk_line_placements_part_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_placements")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("line_placements", schema=None) as batch_op:
        batch_op.create_index("ix_line_placements_part_id", ["part_id"], unique=False)
        batch_op.create_index(
            "uq_line_placements_current_line_id",
            ["line_id"],
            unique=True,
            sqlite_where=sa.text("until IS NULL"),
            postgresql_where=sa.text("until IS NULL"),
        )


def downgrade() -> None:
    op.drop_table("line_placements")
    op.drop_table("turnaround_steps")
    op.drop_table("parts")
    op.drop_table("kits")
    op.drop_table("stocks")
    op.drop_table("policies")
    op.drop_table("kit_type_parts")
    op.drop_table("lines")
    op.drop_table("kit_types")
