"""What happened at workshops, offered seats, kits on their way, and stocktakes.

Revision 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("programs", sa.Column("seat_offer_hours", _id(), nullable=True))
    op.add_column("workshops", sa.Column("posted_on", sa.Date(), nullable=True))
    op.add_column("kits", sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "attendances",
        sa.Column("id", _id(), sa.Identity(always=False), nullable=False),
        sa.Column("workshop_id", _id(), nullable=False),
        sa.Column("patron_id", _id(), nullable=True),
        sa.Column(
            "mode",
            sa.Enum("onsite", "virtual", name="mode", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["patron_id"], ["patrons.id"], name=op.f("fk_attendances_patron_id")),
        sa.ForeignKeyConstraint(["workshop_id"], ["workshops.id"], name=op.f("fk_attendances_workshop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendances")),
        sa.UniqueConstraint("workshop_id", "patron_id", name=op.f("uq_attendances_workshop_id_patron_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_attendances_patron_id"), "attendances", ["patron_id"], unique=False)
    op.create_table(
        "head_counts",
        sa.Column("workshop_id", _id(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "onsite",
                "devices",
                "peak_viewers",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("n", _id(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("n >= 0", name=op.f("ck_head_counts_n")),
        sa.ForeignKeyConstraint(["workshop_id"], ["workshops.id"], name=op.f("fk_head_counts_workshop_id")),
        sa.PrimaryKeyConstraint("workshop_id", "kind", name=op.f("pk_head_counts")),
    )
    op.create_table(
        "recorded_views",
        sa.Column("workshop_id", _id(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("views", _id(), nullable=False),
        sa.CheckConstraint("views >= 0", name=op.f("ck_recorded_views_views")),
        sa.ForeignKeyConstraint(["workshop_id"], ["workshops.id"], name=op.f("fk_recorded_views_workshop_id")),
        sa.PrimaryKeyConstraint("workshop_id", "day", name=op.f("pk_recorded_views")),
    )
    op.create_table(
        "stocktakes",
        sa.Column("id", _id(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("branch_id", _id(), nullable=False),
        sa.Column("place", sa.String(length=60), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("began_by_id", _id(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["began_by_id"], ["staff.id"], name=op.f("fk_stocktakes_began_by_id")),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_stocktakes_branch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stocktakes")),
        sa.UniqueConstraint("public_id", name=op.f("uq_stocktakes_public_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_stocktakes_open_branch_id_place",
        "stocktakes",
        ["branch_id", "place"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "stocktake_kits",
        sa.Column("stocktake_id", _id(), nullable=False),
        sa.Column("kit_id", _id(), nullable=False),
        sa.Column("expected", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["kit_id"], ["kits.id"], name=op.f("fk_stocktake_kits_kit_id")),
        sa.ForeignKeyConstraint(["stocktake_id"], ["stocktakes.id"], name=op.f("fk_stocktake_kits_stocktake_id")),
        sa.PrimaryKeyConstraint("stocktake_id", "kit_id", name=op.f("pk_stocktake_kits")),
    )
    op.create_index(op.f("ix_stocktake_kits_kit_id"), "stocktake_kits", ["kit_id"], unique=False)


def downgrade() -> None:
    for table in ("stocktake_kits", "stocktakes", "recorded_views", "head_counts", "attendances"):
        op.drop_table(table)
    op.drop_column("kits", "sent_at")
    op.drop_column("workshops", "posted_on")
    op.drop_column("programs", "seat_offer_hours")
