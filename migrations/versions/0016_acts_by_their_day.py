"""The journal by branch, verb and the day of an act, for the lists behind the managers' figures.

Revision 0016, after 0015.
"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_journal_branch_id_verb_at", "journal", ["branch_id", "verb", "at"])


def downgrade() -> None:
    op.drop_index("ix_journal_branch_id_verb_at", "journal")
