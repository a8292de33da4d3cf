"""Durations, parts, stock by the day, households by the period, and months that were reported.

Revision 0011, after 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = (
    "daily_durations",
    "daily_part_counts",
    "stock_days",
    "period_keys",
    "period_tokens",
    "closed_months",
    "reported_counts",
)


def _id(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=nullable)


def _day(name: str = "day") -> sa.Column[object]:
    return sa.Column(name, sa.Date(), nullable=False)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, length: int) -> sa.Column[object]:
    return sa.Column(name, sa.String(length), nullable=False)


def _one_of(name: str, *values: str) -> sa.Column[object]:
    kind = sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
    return sa.Column(name, kind, nullable=False)


def _key(table: str, *names: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*names, name=op.f(f"pk_{table}"))


def upgrade() -> None:
    op.create_table(
        "daily_durations",
        _day(),
        _id("branch_id"),
        _id("kit_type_id"),
        _one_of("measure", "turnaround", "hold_wait"),
        _id("bucket"),
        _id("n"),
        _key("daily_durations", "day", "branch_id", "kit_type_id", "measure", "bucket"),
    )
    op.create_table(
        "daily_part_counts",
        _day(),
        _id("branch_id"),
        _id("kind_id"),
        _text("counter", 24),
        _id("n"),
        _key("daily_part_counts", "day", "branch_id", "kind_id", "counter"),
    )
    op.create_table(
        "stock_days",
        _day(),
        *(_id(name) for name in ("branch_id", "kit_type_id", "in_service", "out", "overdue", "turnaround")),
        *(_id(name) for name in ("ready", "free", "waiting")),
        _key("stock_days", "day", "branch_id", "kit_type_id"),
    )
    _create_tokens()
    op.create_table(
        "closed_months",
        _day("month"),
        _id("branch_id"),
        _at("closed_at"),
        _id("staff_id", nullable=True),
        _key("closed_months", "month", "branch_id"),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_closed_months_branch_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_closed_months_staff_id")),
    )
    op.create_table(
        "reported_counts",
        _day("month"),
        *(_id(name) for name in ("branch_id", "kit_type_id", "cohort_id")),
        _text("counter", 24),
        _id("n"),
        _key("reported_counts", "month", "branch_id", "kit_type_id", "cohort_id", "counter"),
    )
    op.add_column("attendances", _id("enrolment_id", nullable=True))
    op.create_index("ix_attendances_enrolment_id", "attendances", ["enrolment_id"])
    op.add_column("staff", sa.Column("weekly_mail", sa.Boolean(), server_default=sa.true(), nullable=False))


def _create_tokens() -> None:
    op.create_table(
        "period_keys",
        _text("period", 10),
        sa.Column("key", sa.LargeBinary(32), nullable=True),
        _at("made_at"),
        _at("destroyed_at", nullable=True),
        _key("period_keys", "period"),
    )
    op.create_table(
        "period_tokens",
        _text("period", 10),
        _one_of("whom", "household", "patron"),
        *(_id(name) for name in ("branch_id", "kit_type_id", "program_id")),
        sa.Column("token", sa.BigInteger(), nullable=False),
        _id("n"),
        _key("period_tokens", "period", "whom", "branch_id", "kit_type_id", "program_id", "token"),
    )


def downgrade() -> None:
    op.drop_column("staff", "weekly_mail")
    op.drop_index("ix_attendances_enrolment_id", "attendances")
    op.drop_column("attendances", "enrolment_id")
    for table in reversed(TABLES):
        op.drop_table(table)
