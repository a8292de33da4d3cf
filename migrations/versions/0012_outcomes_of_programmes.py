"""What comes of a programme: registrations, surveys, how people heard of it, captains and stories.

Revision 0012, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STATEMENTS = ("learned", "confident", "intends", "aware")


def _number(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=nullable)


def _id() -> sa.Column[object]:
    column = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", column, sa.Identity(always=False), nullable=False)


def _public_id() -> sa.Column[object]:
    return sa.Column("public_id", sa.String(16), nullable=False)


def _text(name: str, length: int, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _at(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _one_of(name: str, *values: str) -> sa.Column[object]:
    kind = sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
    return sa.Column(name, kind, nullable=False)


def _keys(table: str, **columns: str) -> list[sa.SchemaItem]:
    """The constraints of a table with an id and a public id that points at others."""
    return [
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{table}_public_id")),
        *_foreign(table, **columns),
    ]


def _foreign(table: str, **columns: str) -> list[sa.SchemaItem]:
    return [
        sa.ForeignKeyConstraint([name], [f"{other}.id"], name=op.f(f"fk_{table}_{name}"))
        for name, other in columns.items()
    ]


def upgrade() -> None:
    number = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.add_column("cohorts", sa.Column("is_single", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("workshops", sa.Column("is_open", sa.Boolean(), server_default=sa.true(), nullable=False))
    # In the words of SQL: SQLite takes the CHECK of a new column only with the column.
    op.execute(f"ALTER TABLE workshops ADD COLUMN places {number} CONSTRAINT ck_workshops_places CHECK (places > 0)")
    _create_registrations()
    _create_surveys()
    _create_captains_and_stories()


def downgrade() -> None:
    for table in ("stories", "captains", "survey_answers", "surveys", "heard_of", "registrations"):
        op.drop_table(table)
    for name in ("places", "is_open"):
        op.drop_column("workshops", name)
    op.drop_column("cohorts", "is_single")


def _create_registrations() -> None:
    op.create_table(
        "registrations",
        _id(),
        _public_id(),
        _text("reference", 12, nullable=False),
        _number("workshop_id"),
        _text("name", 160),
        _text("name_key", 160),
        _text("email", 254),
        _text("phone", 32),
        _text("language", 12, nullable=False),
        _one_of("way", "onsite", "virtual", "either"),
        _number("attendance_id", nullable=True),
        _at("created_at", nullable=False),
        _at("cancelled_at"),
        *_keys("registrations", workshop_id="workshops", attendance_id="attendances"),
        sa.UniqueConstraint("reference", name=op.f("uq_registrations_reference")),
        sa.UniqueConstraint("attendance_id", name=op.f("uq_registrations_attendance_id")),
        sa.CheckConstraint(
            "cancelled_at IS NULL OR attendance_id IS NULL", name=op.f("ck_registrations_cancelled_or_came")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_registrations_workshop_id", "registrations", ["workshop_id"])
    op.create_table(
        "heard_of",
        _id(),
        sa.Column("day", sa.Date(), nullable=False),
        _number("cohort_id"),
        _number("workshop_id", nullable=True),
        _number("branch_id", nullable=True),
        _one_of("source", "friend", "staff", "website", "flyer", "social_media", "partner", "other"),
        _number("friend_cohort_id", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_heard_of")),
        *_foreign(
            "heard_of", cohort_id="cohorts", workshop_id="workshops", branch_id="branches", friend_cohort_id="cohorts"
        ),
        sqlite_autoincrement=True,
    )
    for name in ("day", "cohort_id", "workshop_id"):
        op.create_index(f"ix_heard_of_{name}", "heard_of", [name])


def _create_surveys() -> None:
    op.create_table(
        "surveys",
        _id(),
        _public_id(),
        _number("workshop_id", nullable=True),
        _number("cohort_id", nullable=True),
        *_keys("surveys", workshop_id="workshops", cohort_id="cohorts"),
        sa.UniqueConstraint("workshop_id", name=op.f("uq_surveys_workshop_id")),
        sa.UniqueConstraint("cohort_id", name=op.f("uq_surveys_cohort_id")),
        sa.CheckConstraint("(workshop_id IS NULL) <> (cohort_id IS NULL)", name=op.f("ck_surveys_of_one_thing")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "survey_answers",
        _text("mark", 64, nullable=False),
        _number("survey_id"),
        *(_number(name, nullable=True) for name in STATEMENTS),
        sa.Column("helped", sa.Text(), nullable=True),
        sa.Column("better", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_survey_answers")),
        *_foreign("survey_answers", survey_id="surveys"),
        *(sa.CheckConstraint(f"{name} BETWEEN 1 AND 5", name=op.f(f"ck_survey_answers_{name}")) for name in STATEMENTS),
    )
    op.create_index("ix_survey_answers_survey_id", "survey_answers", ["survey_id"])


def _create_captains_and_stories() -> None:
    op.create_table(
        "captains",
        _id(),
        _public_id(),
        _number("cohort_id"),
        _number("patron_id", nullable=True),
        _text("name", 160),
        sa.Column("returned", sa.Boolean(), nullable=False),
        _at("created_at", nullable=False),
        *_keys("captains", cohort_id="cohorts", patron_id="patrons"),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_captains_cohort_id_patron_id", "captains", ["cohort_id", "patron_id"], unique=True)
    op.create_index("ix_captains_patron_id", "captains", ["patron_id"])
    op.create_table(
        "stories",
        _id(),
        _public_id(),
        _number("program_id"),
        _number("cohort_id", nullable=True),
        _number("branch_id", nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        _text("named_as", 160),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("for_web", "for_print", "for_funder")),
        sa.Column("consented_on", sa.Date(), nullable=False),
        _text("wording", 20, nullable=False),
        _at("created_at", nullable=False),
        _at("withdrawn_at"),
        *_keys("stories", program_id="programs", cohort_id="cohorts", branch_id="branches"),
        sa.CheckConstraint("withdrawn_at IS NULL OR text IS NULL", name=op.f("ck_stories_withdrawn_is_empty")),
        sqlite_autoincrement=True,
    )
    for name in ("program_id", "cohort_id"):
        op.create_index(f"ix_stories_{name}", "stories", [name])
