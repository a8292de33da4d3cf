"""Notices to people who registered for one workshop, and how they are reached.

Revision 0015, after 0014.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

REACHED = {
    "email_refused_at": sa.DateTime(timezone=True),
    "text_consent_at": sa.DateTime(timezone=True),
    "text_consent_wording": sa.String(300),
}


def upgrade() -> None:
    for name, type_ in REACHED.items():
        op.add_column("registrations", sa.Column(name, type_, nullable=True))
    # In the words of SQL: SQLite takes the CHECK of a new column only with the column, and no row is written anew.
    number = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE notices ADD COLUMN registration_id {number}"
        " CONSTRAINT fk_notices_registration_id REFERENCES registrations (id)"
        " CONSTRAINT ck_notices_one_addressee CHECK (patron_id IS NULL OR registration_id IS NULL)"
    )
    op.create_index("ix_notices_registration_id", "notices", ["registration_id"])


def downgrade() -> None:
    op.execute("DELETE FROM notices WHERE subject LIKE 'registration:%'")
    op.drop_index("ix_notices_registration_id", "notices")
    if op.get_bind().dialect.name != "sqlite":  # there it goes with its column
        op.drop_constraint(op.f("ck_notices_one_addressee"), "notices", type_="check")
    op.drop_column("notices", "registration_id")
    for name in REACHED:
        op.drop_column("registrations", name)
