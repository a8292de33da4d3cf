"""The sealed ledger of ECF equipment, requests for records, and links that the privacy clock can cut.

Revision 0013, after 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

DEVICE = sa.text("kind = 'device'")
NAMED = sa.text("patron_id IS NOT NULL AND state IN ('closed', 'undone')")
DISCLOSED = "decision <> 'disclosed' OR authority IN ('court_order', 'patrons_writing', 'own_record')"


def _number(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=nullable)


def _id() -> sa.Column[object]:
    column = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", column, sa.Identity(always=False), nullable=False)


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _at(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _on(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.Date(), nullable=nullable)


def _one_of(name: str, *values: str, nullable: bool = False) -> sa.Column[object]:
    kind = sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
    return sa.Column(name, kind, nullable=nullable)


def _keys(table: str, **columns: str) -> list[sa.SchemaItem]:
    return [
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(
            sa.ForeignKeyConstraint([name], [f"{other}.id"], name=op.f(f"fk_{table}_{name}"))
            for name, other in columns.items()
        ),
    ]


def upgrade() -> None:
    with op.batch_alter_table("agreement_acceptances") as acceptances:
        acceptances.alter_column("patron_id", existing_type=_number("patron_id").type, nullable=True)
    op.add_column("branches", _text("equipment_keeper", 160, nullable=True))
    op.add_column("enrolments", _at("excused_at"))
    with op.batch_alter_table("attendances") as attendances:
        attendances.add_column(_number("staff_id", nullable=True))
        attendances.create_foreign_key(op.f("fk_attendances_staff_id"), "staff", ["staff_id"], ["id"])
    op.create_index("ix_loans_named_over", "loans", ["id"], sqlite_where=NAMED, postgresql_where=NAMED)
    _create_ledger()
    _create_records_requests()


def _create_ledger() -> None:
    op.create_table(
        "ledger_entries",
        _id(),
        _one_of("kind", "device", "service"),
        _number("loan_part_id"),
        _number("part_id"),
        _number("line_id", nullable=True),
        _number("branch_id"),
        _text("part_type", 80),
        _text("make", 80),
        _text("model", 80),
        _text("serial", 80, nullable=True),
        _number("download_mbps", nullable=True),
        _number("upload_mbps", nullable=True),
        _number("data_cap_gb", nullable=True),
        _on("out_on", nullable=False),
        _on("in_on"),
        _one_of("notified_as", "missing", "lost", "damaged", nullable=True),
        _on("notified_on"),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=False),
        _text("key_mark", 16),
        _at("sealed_at", nullable=False),
        _on("keep_until", nullable=False),
        *_keys("ledger_entries", loan_part_id="loan_parts", part_id="parts", line_id="lines", branch_id="branches"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_ledger_entries_device",
        "ledger_entries",
        ["loan_part_id"],
        unique=True,
        sqlite_where=DEVICE,
        postgresql_where=DEVICE,
    )
    op.create_index("uq_ledger_entries_service", "ledger_entries", ["loan_part_id", "line_id"], unique=True)
    op.create_index("ix_ledger_entries_part_id", "ledger_entries", ["part_id"])
    op.create_index("ix_ledger_entries_keep_until", "ledger_entries", ["keep_until"])
    op.create_table(
        "ledger_openings",
        _id(),
        _text("public_id", 16),
        _text("reason", 500),
        _at("asked_at", nullable=False),
        _number("asked_by_id"),
        _at("approved_at"),
        _number("approved_by_id", nullable=True),
        _at("told_at"),
        _at("closed_at"),
        *_keys("ledger_openings", asked_by_id="staff", approved_by_id="staff"),
        sa.UniqueConstraint("public_id", name=op.f("uq_ledger_openings_public_id")),
        sa.CheckConstraint("approved_by_id <> asked_by_id", name=op.f("ck_ledger_openings_two_people")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ledger_openings_asked_at", "ledger_openings", ["asked_at"])


def _create_records_requests() -> None:
    op.create_table(
        "records_requests",
        _id(),
        _text("public_id", 16),
        _number("branch_id"),
        _at("asked_at", nullable=False),
        _number("staff_id", nullable=True),
        _one_of("kind", "police", "court", "press", "patron", "family", "other"),
        _one_of("about", "who_had_a_kit", "what_somebody_borrowed", "who_attended", "contact", "statistics", "other"),
        _one_of("authority", "none", "subpoena", "court_order", "patrons_writing", "own_record"),
        _text("asker", 160, nullable=True),
        _text("note", 500, nullable=True),
        _text("routed_to", 160, nullable=True),
        _one_of("decision", "refused", "statistics_given", "disclosed", "withdrawn", nullable=True),
        _at("decided_at"),
        _number("decided_by_id", nullable=True),
        *_keys("records_requests", branch_id="branches", staff_id="staff", decided_by_id="staff"),
        sa.UniqueConstraint("public_id", name=op.f("uq_records_requests_public_id")),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name=op.f("ck_records_requests_decided")),
        sa.CheckConstraint(DISCLOSED, name=op.f("ck_records_requests_authority_shown")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_records_requests_branch_id_asked_at", "records_requests", ["branch_id", "asked_at"])


def downgrade() -> None:
    for table in ("records_requests", "ledger_openings", "ledger_entries"):
        op.drop_table(table)
    op.drop_index("ix_loans_named_over", "loans")
    with op.batch_alter_table("attendances") as attendances:
        attendances.drop_constraint(op.f("fk_attendances_staff_id"), type_="foreignkey")
        attendances.drop_column("staff_id")
    op.drop_column("enrolments", "excused_at")
    op.drop_column("branches", "equipment_keeper")
    op.execute("DELETE FROM agreement_acceptances WHERE patron_id IS NULL")
    with op.batch_alter_table("agreement_acceptances") as acceptances:
        acceptances.alter_column("patron_id", existing_type=_number("patron_id").type, nullable=False)
