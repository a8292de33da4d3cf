"""Whom a programme is for, as the Public Libraries Survey asks, and registrations that another program keeps.

Revision 0014, after 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

AUDIENCES = ("0-5", "6-11", "12-18", "19+", "general")
COUNTED = ("onsite", "devices", "peak_viewers")


def _listed(*values: str) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _kinds(*kinds: str) -> None:
    with op.batch_alter_table("head_counts") as counts:
        counts.drop_constraint(op.f("ck_head_counts_kind"), type_="check")
        counts.create_check_constraint(op.f("ck_head_counts_kind"), sa.text(f"kind IN ({_listed(*kinds)})"))


def upgrade() -> None:
    # In the words of SQL: SQLite takes the CHECK of a new column only with the column.
    op.execute(
        "ALTER TABLE programs ADD COLUMN audience VARCHAR(40) DEFAULT '19+' NOT NULL"
        f" CONSTRAINT ck_programs_audience CHECK (audience IN ({_listed(*AUDIENCES)}))"
    )
    _kinds(*COUNTED, "registered")


def downgrade() -> None:
    op.execute("DELETE FROM head_counts WHERE kind = 'registered'")
    _kinds(*COUNTED)
    with op.batch_alter_table("programs") as programs:
        programs.drop_constraint(op.f("ck_programs_audience"), type_="check")
        programs.drop_column("audience")
