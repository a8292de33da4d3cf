"""Patrons who have no card yet, codes for a new PIN, second factors, and what administrators give the library.

Revision 0010, after 0009.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KINDS = (
    "reorder_part",
    "repair",
    "suspend_line",
    "restore_line",
    "refund",
    "call",
    "claim",
    "bounce",
    "privacy_request",
)
STAFF = {
    "totp_secret": sa.String(64),
    "totp_confirmed_at": sa.DateTime(timezone=True),
    "totp_last_step": sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
    "oidc_subject": sa.String(255),
}


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=nullable)


def _at(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _json(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.JSON().with_variant(JSONB(), "postgresql"), nullable=nullable)


def _count(name: str) -> sa.Column[object]:
    return _id(name)


def _kinds(*kinds: str) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("tasks") as tasks:
        tasks.drop_constraint(op.f("ck_tasks_kind"), type_="check")
        tasks.create_check_constraint(op.f("ck_tasks_kind"), sa.text(f"kind IN ({listed})"))


def upgrade() -> None:
    _kinds(*KINDS, "problem")
    op.add_column("patrons", _at("provisional_since"))
    for name, type_ in STAFF.items():
        op.add_column("staff", sa.Column(name, type_, nullable=True))
    op.create_index("uq_staff_oidc_subject", "staff", ["oidc_subject"], unique=True)
    op.add_column("kit_types", sa.Column("statement", sa.String(32), nullable=True))
    op.add_column("kit_types", sa.Column("photo", sa.String(200), nullable=True))
    op.create_table(
        "recovery_codes",
        _id(),
        _id("staff_id"),
        sa.Column("digest", sa.String(64), nullable=False),
        _at("used_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_recovery_codes_staff_id")),
        sa.UniqueConstraint("staff_id", "digest", name=op.f("uq_recovery_codes_staff_id_digest")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "pin_codes",
        _id(),
        _id("patron_id"),
        sa.Column("digest", sa.String(64), nullable=False),
        _at("made_at", nullable=False),
        _at("ends_at", nullable=False),
        _at("used_at"),
        _count("tries"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pin_codes")),
        sa.ForeignKeyConstraint(["patron_id"], ["patrons.id"], name=op.f("fk_pin_codes_patron_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_pin_codes_patron_id", "pin_codes", ["patron_id"])
    op.create_index("ix_pin_codes_ends_at", "pin_codes", ["ends_at"])
    _create_what_administrators_give()


def _create_what_administrators_give() -> None:
    op.create_table(
        "library_settings",
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        _at("changed_at", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_library_settings")),
    )
    op.create_table(
        "pictures",
        _id(),
        sa.Column("public_id", sa.String(16), nullable=False),
        sa.Column("media_type", sa.String(40), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        _count("width"),
        _count("height"),
        _at("made_at", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
        sa.UniqueConstraint("public_id", name=op.f("uq_pictures_public_id")),
        sqlite_autoincrement=True,
    )
    states = sa.Enum(
        "uploaded", "done", "undone", "discarded", name="state", native_enum=False, create_constraint=True, length=40
    )
    op.create_table(
        "import_runs",
        _id(),
        sa.Column("public_id", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("state", states, nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        _json("columns"),
        _json("report", nullable=True),
        _at("busy_since"),
        _count("rows"),
        _count("rows_done"),
        _count("rows_added"),
        _count("rows_changed"),
        _id("staff_id", nullable=True),
        _at("made_at", nullable=False),
        _at("done_at"),
        _at("undone_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_runs")),
        sa.UniqueConstraint("public_id", name=op.f("uq_import_runs_public_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_import_runs_staff_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_import_runs_made_at", "import_runs", ["made_at"])
    op.create_table(
        "import_rows",
        _id(),
        _id("import_run_id"),
        _id("row_id"),
        _json("before", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_rows")),
        sa.ForeignKeyConstraint(["import_run_id"], ["import_runs.id"], name=op.f("fk_import_rows_import_run_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_import_rows_import_run_id", "import_rows", ["import_run_id"])


def downgrade() -> None:
    for table in ("import_rows", "import_runs", "pictures", "library_settings", "pin_codes", "recovery_codes"):
        op.drop_table(table)
    for name in ("photo", "statement"):
        op.drop_column("kit_types", name)
    op.drop_index("uq_staff_oidc_subject", "staff")
    for name in STAFF:
        op.drop_column("staff", name)
    op.drop_column("patrons", "provisional_since")
    op.execute("DELETE FROM tasks WHERE kind = 'problem'")
    _kinds(*KINDS)
