"""Ladders and the steps that loans took, how jobs run, what carries a notice, and webhooks.

Revision 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CHANNELS = ("email", "text", "letter", "call")


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _at(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False)


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _add_enum(table: str, column: str, *values: str) -> None:
    # In the words of SQL: SQLite takes the CHECK of a new column only with the column.
    listed = ", ".join(f"'{value}'" for value in values)
    check = f"CONSTRAINT ck_{table}_{column} CHECK ({column} IN ({listed}))"
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} VARCHAR(40) {check}")


def upgrade() -> None:
    for column in ("text_stopped_at", "email_refused_at"):
        op.add_column("patrons", _at(column))
    _add_enum("patrons", "notice_channel", *CHANNELS)
    _add_enum("loans", "claim_end", "found_by_library", "returned_by_patron", "lost")
    op.add_column("tasks", sa.Column("tries", _id(), server_default="0", nullable=False))
    op.add_column("tasks", _at("due_at"))
    op.add_column("policies", sa.Column("auto_renews", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("policies", sa.Column("reactivation_fee_cents", _id(), server_default="0", nullable=False))
    op.add_column("notices", _at("claimed_at"))
    op.add_column("notices", sa.Column("problem", sa.String(length=80), nullable=True))
    _add_enum("notices", "carrier", "smtp", "gateway", "printed", "called", "log")
    _ladders()
    _jobs()
    _texts()
    _webhooks()


def _ladders() -> None:
    op.create_table(
        "ladder_steps",
        sa.Column("id", _id(), sa.Identity(always=False), nullable=False),
        sa.Column("kit_type_id", _id(), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("days", _id(), nullable=False),
        sa.Column("notifies", sa.Boolean(), nullable=False),
        sa.Column("suspends_lines", sa.Boolean(), nullable=False),
        sa.Column("calls", sa.Boolean(), nullable=False),
        sa.Column("gives_up", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["kit_type_id"], ["kit_types.id"], name=op.f("fk_ladder_steps_kit_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ladder_steps")),
        sa.UniqueConstraint("kit_type_id", "code", name=op.f("uq_ladder_steps_kit_type_id_code")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_ladder_steps_general_code",
        "ladder_steps",
        ["code"],
        unique=True,
        sqlite_where=sa.text("kit_type_id IS NULL"),
        postgresql_where=sa.text("kit_type_id IS NULL"),
    )
    op.create_table(
        "ladder_steps_taken",
        sa.Column("loan_id", _id(), nullable=False),
        sa.Column("term", _id(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        _at("at", nullable=False),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_ladder_steps_taken_loan_id")),
        sa.PrimaryKeyConstraint("loan_id", "term", "step", name=op.f("pk_ladder_steps_taken")),
    )


def _jobs() -> None:
    op.create_table(
        "jobs_leaders",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        _at("since", nullable=False),
        _at("beat_at", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_jobs_leaders")),
    )
    op.create_table(
        "job_runs",
        sa.Column("name", sa.String(length=40), nullable=False),
        _at("began_at", nullable=False),
        _at("ended_at"),
        _at("succeeded_at"),
        sa.Column("done", _id(), nullable=True),
        sa.Column("problem", sa.String(length=200), nullable=True),
        _at("late_told_at"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_runs")),
    )


def _texts() -> None:
    op.create_table(
        "notice_texts",
        sa.Column("id", _id(), sa.Identity(always=False), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("channel", _enum("channel", *CHANNELS), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        _at("changed_at", nullable=False),
        sa.Column("changed_by_id", _id(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["staff.id"], name=op.f("fk_notice_texts_changed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_texts")),
        sa.UniqueConstraint("step", "channel", "language", name=op.f("uq_notice_texts_step_channel_language")),
        sqlite_autoincrement=True,
    )


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", _id(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("secret", sa.String(length=80), nullable=False),
        _json("events"),
        sa.Column("active", sa.Boolean(), nullable=False),
        _at("made_at", nullable=False),
        sa.Column("made_by_id", _id(), nullable=True),
        sa.ForeignKeyConstraint(["made_by_id"], ["staff.id"], name=op.f("fk_webhooks_made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
        sa.UniqueConstraint("public_id", name=op.f("uq_webhooks_public_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", _id(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("webhook_id", _id(), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        _json("body"),
        sa.Column("state", _enum("state", "pending", "sending", "sent", "failed"), nullable=False),
        _at("due_at", nullable=False),
        _at("made_at", nullable=False),
        _at("claimed_at"),
        _at("sent_at"),
        sa.Column("tries", _id(), nullable=False),
        sa.Column("problem", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], name=op.f("fk_webhook_deliveries_webhook_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint("public_id", name=op.f("uq_webhook_deliveries_public_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhook_deliveries_state_due_at", "webhook_deliveries", ["state", "due_at"], unique=False)
    op.create_index(op.f("ix_webhook_deliveries_webhook_id"), "webhook_deliveries", ["webhook_id"], unique=False)


def downgrade() -> None:
    tables = (
        "webhook_deliveries",
        "webhooks",
        "notice_texts",
        "job_runs",
        "jobs_leaders",
        "ladder_steps_taken",
        "ladder_steps",
    )
    for table in tables:
        op.drop_table(table)
    columns = {
        "notices": ("carrier", "problem", "claimed_at"),
        "policies": ("reactivation_fee_cents", "auto_renews"),
        "tasks": ("due_at", "tries"),
        "loans": ("claim_end",),
        "patrons": ("notice_channel", "email_refused_at", "text_stopped_at"),
    }
    for table, names in columns.items():
        for name in names:
            op.drop_column(table, name)
