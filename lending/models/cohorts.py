"""Programmes, their cohorts, the workshops and kits of a cohort, and the people enrolled in it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum, unique
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from lending.domain.public_survey import Audience
from lending.domain.states import ENROLMENT_MOVES, EnrolmentState, EnrolmentVerb, after
from lending.models.base import Base, Id, PublicId, enum_column


class Program(Base):
    """A programme such as Work Ready. After ``last_borrow_on`` it lends nothing; ``ends_on`` caps open loans.

    ``eligibility`` is read by ``domain/eligibility.py``. ``seat_offer_hours``: how long a freed seat is offered to
    whoever waits; ``None`` gives it at once. ``audience``: the age band under which the Public Libraries Survey counts
    its sessions.
    """

    __tablename__ = "programs"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(Text, default="")
    agreement_code: Mapped[str | None] = mapped_column(String(32))
    eligibility: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ends_on: Mapped[date | None]
    last_borrow_on: Mapped[date | None]
    seat_offer_hours: Mapped[int | None]
    audience: Mapped[Audience] = enum_column(Audience, default=Audience.ADULTS)


@unique
class CohortStatus(StrEnum):
    """Whether a cohort takes place. What it is doing today follows from its dates."""

    PLANNED = "planned"
    CANCELLED = "cancelled"


class Cohort(Base):
    """One run of a programme: "session" to staff and patrons.

    Its kits are due on ``return_by`` and may be picked up from ``pickup_from``, whatever the day of pick-up.
    ``is_single``: it stands for one workshop or event that belongs to no series; nobody enrols in it and no kit is lent
    for it, people register.
    Locked for share by a check-out under it, for update by whatever changes its dates or counts its seats.
    """

    __tablename__ = "cohorts"
    __table_args__ = (
        CheckConstraint("starts_on <= ends_on AND ends_on <= return_by", name="dates_in_order"),
        CheckConstraint("pickup_from <= starts_on", name="pickup_before_start"),
        CheckConstraint("capacity > 0", name="capacity"),
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(32), unique=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    status: Mapped[CohortStatus] = enum_column(CohortStatus, default=CohortStatus.PLANNED)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    return_by: Mapped[date]
    pickup_from: Mapped[date]
    capacity: Mapped[int]
    languages: Mapped[str] = mapped_column(String(60), default="en")
    partners: Mapped[str] = mapped_column(String(240), default="")
    captains: Mapped[str] = mapped_column(String(240), default="")
    materials: Mapped[str] = mapped_column(String(500), default="")
    first_day_mandatory: Mapped[bool] = mapped_column(default=False)
    is_single: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


@unique
class WorkshopMode(StrEnum):
    """How a workshop is held."""

    ONSITE = "onsite"
    VIRTUAL = "virtual"
    HYBRID = "hybrid"


class Workshop(Base):
    """One weekly meeting of a cohort. ``posted_on``: from when on its recording can be viewed, if it was recorded.

    ``is_open``: anyone may register for it alone, without a card; ``places`` is how many may, ``None`` for as many as
    like. Locked for update by whatever counts its registrations or its attendance.
    """

    __tablename__ = "workshops"
    __table_args__ = (UniqueConstraint("cohort_id", "n"), CheckConstraint("places > 0", name="places"))

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohorts.id"))
    n: Mapped[int]
    title: Mapped[str] = mapped_column(String(160))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    mode: Mapped[WorkshopMode] = enum_column(WorkshopMode, default=WorkshopMode.VIRTUAL)
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branches.id"))
    posted_on: Mapped[date | None]
    is_open: Mapped[bool] = mapped_column(default=True)
    places: Mapped[int | None]


@unique
class AttendanceMode(StrEnum):
    """How somebody attended. A recorded view is never an attendance (RULES 7)."""

    ONSITE = "onsite"
    VIRTUAL = "virtual"


class Attendance(Base):
    """That a person was at a workshop. ``patron_id`` is cut by the privacy clock; the row stays for counting.

    ``enrolment_id`` is the seat of whoever had one in the cohort. It outlives the name, so that one can still say how
    many came four times of six.
    """

    __tablename__ = "attendances"
    __table_args__ = (UniqueConstraint("workshop_id", "patron_id"),)

    id: Mapped[Id]
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"))
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patrons.id"), index=True)
    enrolment_id: Mapped[int | None] = mapped_column(index=True)
    mode: Mapped[AttendanceMode] = enum_column(AttendanceMode)
    at: Mapped[datetime]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))


@unique
class HeadCountKind(StrEnum):
    """What was counted without names: people in the room, devices in the meeting, or the most viewers of a stream.

    ``REGISTERED``: registrations that another program keeps, such as a calendar's or a meeting's; never attendance.
    """

    ONSITE = "onsite"
    DEVICES = "devices"
    PEAK_VIEWERS = "peak_viewers"
    REGISTERED = "registered"


class HeadCount(Base):
    """A count of people at a workshop, the named among them. No row is unknown, which is never 0."""

    __tablename__ = "head_counts"
    __table_args__ = (CheckConstraint("n >= 0", name="n"),)

    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"), primary_key=True)
    kind: Mapped[HeadCountKind] = enum_column(HeadCountKind, primary_key=True)
    n: Mapped[int]
    at: Mapped[datetime]


class RecordedViews(Base):
    """How often the recording of a workshop was viewed on one day. Never attendance."""

    __tablename__ = "recorded_views"
    __table_args__ = (CheckConstraint("views >= 0", name="views"),)

    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshops.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    views: Mapped[int]


class Pool(Base):
    """A cohort's allotment of kits against one stock, for the cohort's span."""

    __tablename__ = "pools"
    __table_args__ = (UniqueConstraint("cohort_id", "stock_id"), CheckConstraint("kits >= 0", name="kits"))

    id: Mapped[Id]
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohorts.id"))
    stock_id: Mapped[int] = mapped_column(ForeignKey("stocks.id"), index=True)
    kits: Mapped[int]


class Enrolment(Base):
    """A person's seat in a cohort, or place on its waiting list (by ``id``, the order of acknowledgement).

    ``excused_at``: they need not be there on the mandatory first day. ``patron_id`` is cut by the privacy clock.
    """

    __tablename__ = "enrolments"
    __table_args__ = (
        Index(
            "uq_enrolments_live_patron_id_cohort_id",
            "patron_id",
            "cohort_id",
            unique=True,
            sqlite_where=text("state IN ('waiting', 'offered', 'enrolled')"),
            postgresql_where=text("state IN ('waiting', 'offered', 'enrolled')"),
        ),
        Index("ix_enrolments_cohort_id_state", "cohort_id", "state"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohorts.id"))
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patrons.id"), index=True)
    pickup_branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    wants_kit: Mapped[bool] = mapped_column(default=True)
    has_told_how: Mapped[bool] = mapped_column(default=False)
    _state: Mapped[EnrolmentState] = enum_column(EnrolmentState, "state")
    created_at: Mapped[datetime]
    seated_at: Mapped[datetime | None]
    offered_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None] = mapped_column(String(240))
    excused_at: Mapped[datetime | None]

    @hybrid_property
    def state(self) -> EnrolmentState:
        """How the seat stands."""
        return self._state

    def move(self, verb: EnrolmentVerb) -> None:
        """Go where ``ENROLMENT_MOVES`` leads; ``NoSuchMove`` when the table does not have it."""
        self._state = after(ENROLMENT_MOVES, self._state, verb)
