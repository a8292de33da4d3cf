"""What anybody may know before they sign in: what is in a kit, where one is free today, and the sessions to join.

Numbers and names of libraries, never of people; one set of statements, whoever asks. Source: SCREENS, "Start".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.domain.states import HOLDS_A_SEAT, EnrolmentState
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, CohortStatus, Enrolment, Pool, Program
from lending.models.stock import Stock
from lending.queries.availability import availability
from lending.queries.branches import KitTypeShown, branches, kit_types


@dataclass(frozen=True, slots=True)
class FreeHere:
    """How many kits of a type somebody without a session could have at a library today; never below 0."""

    library: str
    free: int


@dataclass(frozen=True, slots=True)
class KitOffered:
    """A kit type with its parts, and for one that is lent to everybody where it is free, most first."""

    kit_type: KitTypeShown
    places: tuple[FreeHere, ...]

    @property
    def free(self) -> int:
        """Free kits of all libraries."""
        return sum(place.free for place in self.places)


@dataclass(frozen=True, slots=True)
class SessionOffered:
    """A session to join. ``seats_left`` is free of those who wait; where it is 0, ``waiting`` people are in line.

    ``zone`` is one of its libraries'; ``libraries`` are those that hand out its kits.
    """

    code: str
    name: str
    program: str
    starts_on: date
    ends_on: date
    seats_left: int
    waiting: int
    languages: str
    libraries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OnOffer:
    """Everything that the start page tells."""

    kits: tuple[KitOffered, ...]
    sessions: tuple[SessionOffered, ...]


def on_offer(session: Session, *, today: date, at: datetime) -> OnOffer:
    """What can be borrowed and joined now."""
    names = {branch.code: branch.name for branch in branches(session)}
    free: dict[str, list[FreeHere]] = defaultdict(list)
    for stock in availability(session, branch_ids=None, until=today, at=at):
        free[stock.kit_type].append(FreeHere(names[stock.branch], max(stock.free, 0)))
    kits = [
        KitOffered(one, () if one.cohort_only else tuple(sorted(free[one.code], key=lambda at: (-at.free, at.library))))
        for one in kit_types(session)
    ]
    return OnOffer(tuple(kits), tuple(_sessions(session, today)))


def _sessions(session: Session, today: date) -> list[SessionOffered]:
    """The sessions that are not over, soonest first, with their seats and libraries: three statements."""
    chosen = (
        select(Cohort, Program.name.label("program"))
        .join(Program, Program.id == Cohort.program_id)
        .where(Cohort.status == CohortStatus.PLANNED, Cohort.ends_on >= today)
        .order_by(Cohort.starts_on, Cohort.id)
    )
    rows = session.execute(chosen).all()
    ids = [row.Cohort.id for row in rows]
    counted = (
        select(
            Enrolment.cohort_id,
            func.count().filter(Enrolment.state.in_(HOLDS_A_SEAT)),
            func.count().filter(Enrolment.state == EnrolmentState.WAITING),
        )
        .where(Enrolment.cohort_id.in_(ids))
        .group_by(Enrolment.cohort_id)
    )
    seats = {cohort_id: (taken, waiting) for cohort_id, taken, waiting in session.execute(counted)}
    lends = (
        select(Pool.cohort_id, Branch.name)
        .join(Stock, Stock.id == Pool.stock_id)
        .join(Branch, Branch.id == Stock.branch_id)
        .where(Pool.cohort_id.in_(ids), Pool.kits > 0)
        .distinct()
        .order_by(Branch.name)
    )
    libraries: dict[int, list[str]] = defaultdict(list)
    for cohort_id, name in session.execute(lends):
        libraries[cohort_id].append(name)
    return [
        _offered(row.Cohort, row.program, seats.get(row.Cohort.id, (0, 0)), libraries[row.Cohort.id]) for row in rows
    ]


def _offered(held: Cohort, program: str, seats: tuple[int, int], libraries: list[str]) -> SessionOffered:
    taken, waiting = seats
    return SessionOffered(
        code=held.code,
        name=held.name,
        program=program,
        starts_on=held.starts_on,
        ends_on=held.ends_on,
        seats_left=0 if waiting else max(held.capacity - taken, 0),
        waiting=waiting,
        languages=held.languages,
        libraries=tuple(libraries),
    )
