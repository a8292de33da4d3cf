"""How far each webhook has been told, whether it still works, and in which order its messages leave.

Revision 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('pending', 'sending')")


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _at(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def upgrade() -> None:
    op.add_column("webhooks", sa.Column("told_seal_id", _id(), server_default="0", nullable=False))
    op.add_column("webhooks", _at("failing_since"))
    # In the words of SQL: SQLite takes the CHECK of a new column only with the column.
    check = "CONSTRAINT ck_webhooks_stopped_why CHECK (stopped_why IN ('gone', 'failing'))"
    op.execute(f"ALTER TABLE webhooks ADD COLUMN stopped_why VARCHAR(40) {check}")
    op.add_column("webhooks", _at("stopped_told_at"))
    op.add_column("webhook_deliveries", sa.Column("seal_id", _id(), nullable=True))
    op.add_column(
        "webhook_deliveries", sa.Column("is_in_the_way", sa.Boolean(), server_default=sa.true(), nullable=False)
    )
    op.drop_index("ix_webhook_deliveries_state_due_at", "webhook_deliveries")
    op.create_index(
        "ix_webhook_deliveries_open_webhook_id",
        "webhook_deliveries",
        ["webhook_id", "id"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index(
        "uq_webhook_deliveries_webhook_id_seal_id", "webhook_deliveries", ["webhook_id", "seal_id"], unique=True
    )
    op.create_index("ix_webhook_deliveries_made_at", "webhook_deliveries", ["made_at"])


def downgrade() -> None:
    for index in ("made_at", "open_webhook_id"):
        op.drop_index(f"ix_webhook_deliveries_{index}", "webhook_deliveries")
    op.drop_index("uq_webhook_deliveries_webhook_id_seal_id", "webhook_deliveries")
    op.create_index("ix_webhook_deliveries_state_due_at", "webhook_deliveries", ["state", "due_at"])
    for name in ("is_in_the_way", "seal_id"):
        op.drop_column("webhook_deliveries", name)
    for name in ("stopped_told_at", "stopped_why", "failing_since", "told_seal_id"):
        op.drop_column("webhooks", name)
