"""What comes of a programme, told by the public: registrations, surveys, how people heard, captains and stories.

Nothing here tells who answered a survey or who heard of a session where; a registration and a story name people, and
say in their docstrings how long.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum, unique

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lending.models.base import Base, Id, PublicId, enum_column


@unique
class RegistrationWay(StrEnum):
    """How somebody means to take part in a workshop."""

    ONSITE = "onsite"
    VIRTUAL = "virtual"
    EITHER = "either"


class Registration(Base):
    """That somebody means to come to one workshop, without a card and without a kit.

    ``reference`` is what staff and the person call it by; ``public_id`` stands in the link with which they cancel.
    They are reached by e-mail, or by text if they agreed to that (``text_consent_at``, with what they read).
    ``attendance_id``: they came. Retention: the privacy clock empties ``name``, ``name_key``, ``email``, ``phone`` and
    ``text_consent_wording`` so many days after the workshop, and cuts their notices; the row stays for counting.
    """

    __tablename__ = "registrations"
    __table_args__ = (CheckConstraint("cancelled_at IS NULL OR attendance_id IS NULL", name="cancelled_or_came"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    reference: Mapped[str] = mapped_column(String(12), unique=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"), index=True)
    name: Mapped[str | None] = mapped_column(String(160))
    name_key: Mapped[str | None] = mapped_column(String(160))
    email: Mapped[str | None] = mapped_column(String(254))
    email_refused_at: Mapped[datetime | None]
    phone: Mapped[str | None] = mapped_column(String(32))
    text_consent_at: Mapped[datetime | None]
    text_consent_wording: Mapped[str | None] = mapped_column(String(300))
    language: Mapped[str] = mapped_column(String(12), default="en")
    way: Mapped[RegistrationWay] = enum_column(RegistrationWay)
    attendance_id: Mapped[int | None] = mapped_column(ForeignKey("attendances.id"), unique=True)
    created_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]


@unique
class HeardFrom(StrEnum):
    """From whom or where somebody heard of a session or a workshop."""

    FRIEND = "friend"
    STAFF = "staff"
    WEBSITE = "website"
    FLYER = "flyer"
    SOCIAL_MEDIA = "social_media"
    PARTNER = "partner"
    OTHER = "other"


class HeardOf(Base):
    """That one person said how they heard, when they enrolled (no ``workshop_id``) or registered for a workshop.

    It names nobody and leads to nobody, so there is nothing to cut; chance draws its key, so that the order in which
    people were asked is not that of the rows. ``friend_cohort_id``: in which session the friend
    took part who told them. ``branch_id``: where they pick up, or where the workshop is held.
    """

    __tablename__ = "heard_of"

    id: Mapped[Id]
    day: Mapped[date] = mapped_column(index=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohorts.id"), index=True)
    workshop_id: Mapped[int | None] = mapped_column(ForeignKey("workshops.id"), index=True)
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branches.id"))
    source: Mapped[HeardFrom] = enum_column(HeardFrom)
    friend_cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohorts.id"))


class Survey(Base):
    """The survey of one workshop, or of a whole session at its end; ``public_id`` stands in the link to it."""

    __tablename__ = "surveys"
    __table_args__ = (CheckConstraint("(workshop_id IS NULL) <> (cohort_id IS NULL)", name="of_one_thing"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    workshop_id: Mapped[int | None] = mapped_column(ForeignKey("workshops.id"), unique=True)
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohorts.id"), unique=True)


class SurveyAnswer(Base):
    """One anonymous answer: four statements from 1 (not at all) to 5 (fully), ``None`` for skipped, and two texts.

    ``mark`` is a digest of what the page drew by chance, so that a second tap is the same answer. No time, no address,
    no language and no person is kept, and the key says nothing of the order in which people answered. Retention: the
    privacy clock empties the two texts, in which people may name somebody all the same.
    """

    __tablename__ = "survey_answers"
    __table_args__ = (
        CheckConstraint("learned BETWEEN 1 AND 5", name="learned"),
        CheckConstraint("confident BETWEEN 1 AND 5", name="confident"),
        CheckConstraint("intends BETWEEN 1 AND 5", name="intends"),
        CheckConstraint("aware BETWEEN 1 AND 5", name="aware"),
    )

    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), index=True)
    learned: Mapped[int | None]
    confident: Mapped[int | None]
    intends: Mapped[int | None]
    aware: Mapped[int | None]
    helped: Mapped[str | None] = mapped_column(Text)
    better: Mapped[str | None] = mapped_column(Text)


class Captain(Base):
    """Who coaches a session: a patron, or by name somebody who has no record.

    ``returned``: they had completed a session before, as was known when they were named; it stays for counting.
    Retention: the privacy clock cuts ``patron_id`` and ``name`` after the session.
    """

    __tablename__ = "captains"
    __table_args__ = (Index("uq_captains_cohort_id_patron_id", "cohort_id", "patron_id", unique=True),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohorts.id"))
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patrons.id"), index=True)
    name: Mapped[str | None] = mapped_column(String(160))
    returned: Mapped[bool]
    created_at: Mapped[datetime]


class Story(Base):
    """What somebody told of themselves, in their words, for the uses that they agreed to and no others.

    ``named_as`` is how they want to be named, empty for not at all; ``wording`` the version of the text they agreed to.
    Retention: kept until the consent is withdrawn; then ``text`` and ``named_as`` are emptied at once, and the row
    tells only that there was a story.
    """

    __tablename__ = "stories"
    __table_args__ = (CheckConstraint("withdrawn_at IS NULL OR text IS NULL", name="withdrawn_is_empty"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id"), index=True)
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohorts.id"), index=True)
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branches.id"))
    text: Mapped[str | None] = mapped_column(Text)
    named_as: Mapped[str | None] = mapped_column(String(160))
    for_web: Mapped[bool]
    for_print: Mapped[bool]
    for_funder: Mapped[bool]
    consented_on: Mapped[date]
    wording: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
