"""What comes of a programme: registrations, surveys, how people heard of it, captains, stories; and what desks tally.

That is inquiries, referrals, hiring events, and kits in use without a loan. Revision 0012, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STATEMENTS = ("learned", "confident", "intends", "aware")
KIT_STATES = (
    "available",
    "on_shelf",
    "on_loan",
    "to_inspect",
    "turnaround",
    "incomplete",
    "repair",
    "missing",
    "lost",
    "withdrawn",
)
FIGURES = ("registered", "attended", "employers", "interviews", "offers", "people_offered", "hires")


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
    op.add_column("enrolments", sa.Column("has_told_how", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("workshops", sa.Column("is_open", sa.Boolean(), server_default=sa.true(), nullable=False))
    # In the words of SQL: SQLite takes the CHECK of a new column only with the column.
    op.execute(f"ALTER TABLE workshops ADD COLUMN places {number} CONSTRAINT ck_workshops_places CHECK (places > 0)")
    _create_registrations()
    _create_surveys()
    _create_captains_and_stories()
    _create_what_desks_tally()
    _create_uses_of_kits()


def downgrade() -> None:
    _drop_what_desks_keep()
    for table in ("stories", "captains", "survey_answers", "surveys", "heard_of", "registrations"):
        op.drop_table(table)
    for name in ("places", "is_open"):
        op.drop_column("workshops", name)
    op.drop_column("enrolments", "has_told_how")
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


def _kit_states(*states: str) -> None:
    listed = ", ".join(f"'{state}'" for state in states)
    with op.batch_alter_table("kits", table_kwargs={"sqlite_autoincrement": True}) as kits:
        kits.drop_constraint(op.f("ck_kits_state"), type_="check")
        kits.create_check_constraint(op.f("ck_kits_state"), sa.text(f"state IN ({listed})"))


def _perhaps_one_of(name: str, *values: str) -> sa.Column[object]:
    kind = sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
    return sa.Column(name, kind, nullable=True)


def _create_what_desks_tally() -> None:
    op.create_table(
        "inquiry_tallies",
        sa.Column("day", sa.Date(), nullable=False),
        _number("branch_id"),
        _text("topic", 32, nullable=False),
        _one_of("channel", "in_person", "phone", "unsaid"),
        _number("staff_id"),
        _number("n"),
        sa.PrimaryKeyConstraint("day", "branch_id", "topic", "channel", "staff_id", name=op.f("pk_inquiry_tallies")),
        *_foreign("inquiry_tallies", branch_id="branches", staff_id="staff"),
        sa.CheckConstraint("n >= 0", name=op.f("ck_inquiry_tallies_n")),
    )
    op.create_index("ix_inquiry_tallies_branch_id_day", "inquiry_tallies", ["branch_id", "day"])
    op.create_table(
        "referrals",
        _id(),
        _public_id(),
        _number("branch_id"),
        _number("patron_id", nullable=True),
        _number("staff_id", nullable=True),
        sa.Column("referred_on", sa.Date(), nullable=False),
        _text("sent_to", 32, nullable=False),
        _text("reason", 32, nullable=False),
        sa.Column("consented_on", sa.Date(), nullable=False),
        _at("consent_withdrawn_at"),
        _perhaps_one_of("outcome", "enrolled", "placed", "did_not_go", "unknown"),
        _perhaps_one_of("outcome_source", "self_reported", "confirmed"),
        sa.Column("outcome_on", sa.Date(), nullable=True),
        _at("made_at", nullable=False),
        *_keys("referrals", branch_id="branches", patron_id="patrons", staff_id="staff"),
        sa.CheckConstraint(
            "(outcome IS NULL) = (outcome_source IS NULL)", name=op.f("ck_referrals_outcome_has_source")
        ),
        sa.CheckConstraint("(outcome IS NULL) = (outcome_on IS NULL)", name=op.f("ck_referrals_outcome_has_day")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_referrals_patron_id", "referrals", ["patron_id"])
    op.create_index("ix_referrals_branch_id_referred_on", "referrals", ["branch_id", "referred_on"])
    op.create_table(
        "hiring_events",
        _id(),
        _public_id(),
        _number("branch_id"),
        _number("program_id", nullable=True),
        _text("name", 160, nullable=False),
        _text("place", 160, nullable=False),
        _at("starts_at", nullable=False),
        _at("ends_at", nullable=False),
        *(_number(name, nullable=True) for name in FIGURES),
        _at("cancelled_at"),
        _at("created_at", nullable=False),
        *_keys("hiring_events", branch_id="branches", program_id="programs"),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_hiring_events_in_order")),
        sa.CheckConstraint(" AND ".join(f"{name} >= 0" for name in FIGURES), name=op.f("ck_hiring_events_figures")),
        sa.CheckConstraint("people_offered <= offers", name=op.f("ck_hiring_events_people_offered")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_hiring_events_program_id", "hiring_events", ["program_id"])
    op.create_index("ix_hiring_events_branch_id_starts_at", "hiring_events", ["branch_id", "starts_at"])


def _create_uses_of_kits() -> None:
    _kit_states(*KIT_STATES[:3], "in_use", *KIT_STATES[3:])
    op.create_table(
        "kit_uses",
        _id(),
        _public_id(),
        _number("kit_id"),
        _number("branch_id"),
        _number("patron_id", nullable=True),
        _number("workshop_id", nullable=True),
        _number("hiring_event_id", nullable=True),
        _number("staff_id", nullable=True),
        _at("began_at", nullable=False),
        _at("due_at", nullable=False),
        _at("ended_at"),
        _perhaps_one_of("end", "returned", "undone", "missing"),
        *_keys(
            "kit_uses",
            kit_id="kits",
            branch_id="branches",
            patron_id="patrons",
            workshop_id="workshops",
            hiring_event_id="hiring_events",
            staff_id="staff",
        ),
        sa.CheckConstraint('(ended_at IS NULL) = ("end" IS NULL)', name=op.f("ck_kit_uses_ended")),
        sa.CheckConstraint("ended_at >= began_at", name=op.f("ck_kit_uses_in_order")),
        sa.CheckConstraint("workshop_id IS NULL OR hiring_event_id IS NULL", name=op.f("ck_kit_uses_one_event")),
        sqlite_autoincrement=True,
    )
    is_open = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_kit_uses_open_kit_id", "kit_uses", ["kit_id"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_index("ix_kit_uses_branch_id_began_at", "kit_uses", ["branch_id", "began_at"])
    for name in ("kit_id", "patron_id", "workshop_id", "hiring_event_id"):
        op.create_index(f"ix_kit_uses_{name}", "kit_uses", [name])


def _drop_what_desks_keep() -> None:
    for table in ("kit_uses", "hiring_events", "referrals", "inquiry_tallies"):
        op.drop_table(table)
    # A kit that is in use goes through inspection, as if it had come back.
    op.execute("UPDATE kits SET state = 'to_inspect' WHERE state = 'in_use'")
    _kit_states(*KIT_STATES)
