"""Loans, charges and notices.

Revision 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "loans",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("kit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kit_type_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("patron_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("cohort_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reservation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("exchange_of_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("station_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("checked_out_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("collected_by", sa.String(length=160), nullable=True),
        sa.Column("checked_out_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "door",
            sa.Enum(
                "web", "api", "sip2", "cli", "jobs", name=None, native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "out",
                "received",
                "incomplete",
                "claimed",
                "lost",
                "closed",
                "undone",
                name=None,
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("term", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("renewals", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("override", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "received_door",
            sa.Enum(
                "web", "api", "sip2", "cli", "jobs", name=None, native_enum=False, create_constraint=True, length=40
            ),
            nullable=True,
        ),
        sa.Column("received_branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("received_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("book_drop", sa.Boolean(), nullable=False),
        sa.Column("incomplete_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(received_at IS NULL) = (state IN ('out', 'claimed', 'lost', 'undone'))",
            name=op.f("ck_loans_received_matches_state"),
        ),
        sa.CheckConstraint("received_at >= checked_out_at", name=op.f("ck_loans_received_after_check_out")),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_loans_branch_id")),
        sa.ForeignKeyConstraint(["checked_out_by_id"], ["staff.id"], name=op.f("fk_loans_checked_out_by_id")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_loans_cohort_id")),
        sa.ForeignKeyConstraint(["exchange_of_id"], ["loans.id"], name=op.f("fk_loans_exchange_of_id")),
        sa.ForeignKeyConstraint(["kit_id"], ["kits.id"], name=op.f("fk_loans_kit_id")),
        sa.ForeignKeyConstraint(["kit_type_id"], ["kit_types.id"], name=op.f("fk_loans_kit_type_id")),
        sa.ForeignKeyConstraint(["patron_id"], ["patrons.id"], name=op.f("fk_loans_patron_id")),
        sa.ForeignKeyConstraint(["received_branch_id"], ["branches.id"], name=op.f("fk_loans_received_branch_id")),
        sa.ForeignKeyConstraint(["received_by_id"], ["staff.id"], name=op.f("fk_loans_received_by_id")),
        sa.ForeignKeyConstraint(["reservation_id"], ["reservations.id"], name=op.f("fk_loans_reservation_id")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_loans_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loans")),
        sa.UniqueConstraint("public_id", name=op.f("uq_loans_public_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("loans", schema=None) as batch_op:
        batch_op.create_index("ix_loans_branch_id_checked_out_at", ["branch_id", "checked_out_at"], unique=False)
        batch_op.create_index("ix_loans_cohort_id", ["cohort_id"], unique=False)
        batch_op.create_index("ix_loans_kit_id_checked_out_at", ["kit_id", "checked_out_at"], unique=False)
        batch_op.create_index(
            "ix_loans_live_patron_id",
            ["patron_id"],
            unique=False,
            sqlite_where=sa.text("state NOT IN ('closed', 'undone')"),
            postgresql_where=sa.text("state NOT IN ('closed', 'undone')"),
        )
        batch_op.create_index("ix_loans_patron_id_received_at", ["patron_id", "received_at"], unique=False)
        batch_op.create_index(
            "ix_loans_unreceived_due_at",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("received_at IS NULL AND state <> 'undone'"),
            postgresql_where=sa.text("received_at IS NULL AND state <> 'undone'"),
        )
        batch_op.create_index(
            "uq_loans_unreceived_kit_id",
            ["kit_id"],
            unique=True,
            sqlite_where=sa.text("received_at IS NULL AND state <> 'undone'"),
            postgresql_where=sa.text("received_at IS NULL AND state <> 'undone'"),
        )
    op.create_table(
        "agreement_acceptances",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("patron_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agreement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("cohort_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("loan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "how",
            sa.Enum("at_desk", "on_paper", "online", name=None, native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("typed_name", sa.String(length=160), nullable=True),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.id"], name=op.f("fk_agreement_acceptances_agreement_id")
        ),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_agreement_acceptances_cohort_id")),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_agreement_acceptances_loan_id")),
        sa.ForeignKeyConstraint(["patron_id"], ["patrons.id"], name=op.f("fk_agreement_acceptances_patron_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_agreement_acceptances_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_acceptances")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("agreement_acceptances", schema=None) as batch_op:
        batch_op.create_index("ix_agreement_acceptances_patron_id", ["patron_id", "accepted_at"], unique=False)
    op.create_table(
        "loan_parts",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("loan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("part_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("quantity", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("returnable", sa.Boolean(), nullable=False),
        sa.Column("bills_alone", sa.Boolean(), nullable=False),
        sa.Column("price_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("manufacturer", sa.String(length=80), nullable=False),
        sa.Column("model", sa.String(length=80), nullable=False),
        sa.Column("serial", sa.String(length=80), nullable=True),
        sa.Column("fund", sa.String(length=60), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "out",
                "given",
                "here",
                "missing",
                "damaged",
                "swapped",
                name=None,
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.String(length=240), nullable=True),
        sa.Column("reported_missing_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_loan_parts_loan_id")),
        sa.ForeignKeyConstraint(["part_id"], ["parts.id"], name=op.f("fk_loan_parts_part_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_parts")),
        sa.UniqueConstraint("loan_id", "part_id", name=op.f("uq_loan_parts_loan_id_part_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("loan_parts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_loan_parts_part_id"), ["part_id"], unique=False)
    op.create_table(
        "loan_terms",
        sa.Column("loan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "check_out",
                "staff_renewal",
                "patron_renewal",
                "auto_renewal",
                "by_hand",
                "exchange",
                "cohort_moved",
                "transfer",
                "rolled_over",
                "shortened",
                "closure",
                "undone",
                name=None,
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cohort_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("policy_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=240), nullable=True),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_loan_terms_cohort_id")),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_loan_terms_loan_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], name=op.f("fk_loan_terms_policy_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_loan_terms_staff_id")),
        sa.PrimaryKeyConstraint("loan_id", "n", name=op.f("pk_loan_terms")),
    )
    op.create_table(
        "notices",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column(
            "channel",
            sa.Enum("email", "text", "letter", "call", name=None, native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("patron_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("loan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("term", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "sending",
                "sent",
                "failed",
                "superseded",
                "cancelled",
                name=None,
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_notices_loan_id")),
        sa.ForeignKeyConstraint(["patron_id"], ["patrons.id"], name=op.f("fk_notices_patron_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("public_id", name=op.f("uq_notices_public_id")),
        sa.UniqueConstraint("subject", "step", "channel", name=op.f("uq_notices_subject_step_channel")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index("ix_notices_loan_id", ["loan_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notices_patron_id"), ["patron_id"], unique=False)
        batch_op.create_index("ix_notices_state_due_at", ["state", "due_at"], unique=False)
    op.create_table(
        "tasks",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "reorder_part",
                "repair",
                "suspend_line",
                "restore_line",
                "refund",
                "call",
                "claim",
                "bounce",
                "privacy_request",
                name=None,
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("loan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("patron_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("what", sa.String(length=240), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("outcome", sa.String(length=240), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_tasks_branch_id")),
        sa.ForeignKeyConstraint(["closed_by_id"], ["staff.id"], name=op.f("fk_tasks_closed_by_id")),
        sa.ForeignKeyConstraint(["kit_id"], ["kits.id"], name=op.f("fk_tasks_kit_id")),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_tasks_loan_id")),
        sa.ForeignKeyConstraint(["patron_id"], ["patrons.id"], name=op.f("fk_tasks_patron_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("public_id", name=op.f("uq_tasks_public_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.create_index("ix_tasks_branch_id_closed_at", ["branch_id", "closed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_tasks_kit_id"), ["kit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tasks_loan_id"), ["loan_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tasks_patron_id"), ["patron_id"], unique=False)
        batch_op.create_index(
            "uq_tasks_open_kind_subject",
            ["kind", "subject"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
    op.create_table(
        "charges",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("patron_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("loan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("loan_part_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "missing_part",
                "damage",
                "whole_kit",
                "reactivation",
                name=None,
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("amount_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "owed",
                "paid",
                "waived",
                "cancelled",
                "refund_due",
                "refunded",
                name=None,
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_reason", sa.String(length=240), nullable=True),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_charges_amount")),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_charges_branch_id")),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_charges_loan_id")),
        sa.ForeignKeyConstraint(["loan_part_id"], ["loan_parts.id"], name=op.f("fk_charges_loan_part_id")),
        sa.ForeignKeyConstraint(["patron_id"], ["patrons.id"], name=op.f("fk_charges_patron_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charges")),
        sa.UniqueConstraint("public_id", name=op.f("uq_charges_public_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("charges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_charges_branch_id"), ["branch_id"], unique=False)
        batch_op.create_index("ix_charges_loan_id", ["loan_id"], unique=False)
        batch_op.create_index(
            "ix_charges_owed_patron_id",
            ["patron_id"],
            unique=False,
            sqlite_where=sa.text("state = 'owed'"),
            postgresql_where=sa.text("state = 'owed'"),
        )
        batch_op.create_index(batch_op.f("ix_charges_patron_id"), ["patron_id"], unique=False)
        batch_op.create_index(
            "uq_charges_live_loan_part_id",
            ["loan_part_id"],
            unique=True,
            sqlite_where=sa.text("loan_part_id IS NOT NULL AND state IN ('owed', 'paid')"),
            postgresql_where=sa.text("loan_part_id IS NOT NULL AND state IN ('owed', 'paid')"),
        )
        batch_op.create_index(
            "uq_charges_live_whole_kit_loan_id",
            ["loan_id"],
            unique=True,
            sqlite_where=sa.text("kind = 'whole_kit' AND state IN ('owed', 'paid')"),
            postgresql_where=sa.text("kind = 'whole_kit' AND state IN ('owed', 'paid')"),
        )


def downgrade() -> None:
    op.drop_table("charges")
    op.drop_table("tasks")
    op.drop_table("notices")
    op.drop_table("loan_terms")
    op.drop_table("loan_parts")
    op.drop_table("agreement_acceptances")
    op.drop_table("loans")
