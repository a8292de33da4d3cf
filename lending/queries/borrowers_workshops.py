"""The workshops of one patron's sessions, as they see them themselves, and for their own calendars.

A calendar is fetched by programs that cannot sign in, so its address holds a token that only this library can make and
that a new PIN makes worthless. Source: SCREENS, "Patron pages"; INTERFACES, "Others".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from lending.domain.states import EnrolmentState
from lending.models.base import table_of
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, CohortStatus, Enrolment, Pool, Workshop, WorkshopMode
from lending.models.people import Patron, PatronStatus
from lending.models.stock import Stock

_workshops, _cohorts, _enrolments = table_of(Workshop), table_of(Cohort), table_of(Enrolment)
_branches, _patrons = table_of(Branch), table_of(Patron)
_places = _branches.alias("places")
_SEATED = (EnrolmentState.ENROLLED, EnrolmentState.COMPLETED)


@dataclass(frozen=True, slots=True)
class MyWorkshop:
    """A workshop of a session in which the patron has a seat. ``place`` and ``address``: where people meet, if they do.

    ``zone`` is where it is held or, on line, where the patron picks their kit up.
    """

    workshop: str
    n: int
    title: str
    session: str
    starts_at: datetime
    ends_at: datetime
    mode: WorkshopMode
    place: str | None
    address: str | None
    zone: str


@dataclass(frozen=True, slots=True)
class CalendarOwner:
    """Whose a calendar is: what its token is made of, and their language."""

    patron_id: int
    public_id: str
    session_version: str
    language: str


def _workshops_in(zone: Any) -> Select[Any]:
    return select(
        _workshops.c.public_id.label("workshop"),
        _workshops.c.n,
        _workshops.c.title,
        _cohorts.c.name.label("session"),
        _workshops.c.starts_at,
        _workshops.c.ends_at,
        _workshops.c.mode,
        _places.c.name.label("place"),
        _places.c.address,
        zone,
        _places.c.zone.label("there"),
    )


_MINE = _workshops_in(_branches.c.zone).select_from(
    _workshops.join(_cohorts, _cohorts.c.id == _workshops.c.cohort_id)
    .join(_enrolments, _enrolments.c.cohort_id == _cohorts.c.id)
    .join(_branches, _branches.c.id == _enrolments.c.pickup_branch_id)
    .outerjoin(_places, _places.c.id == _workshops.c.branch_id)
)


def my_workshops(session: Session, patron_id: int, *, until: date) -> list[MyWorkshop]:
    """The workshops of the patron's sessions whose kits are due on ``until`` or later, the next first."""
    chosen = _MINE.where(
        _enrolments.c.patron_id == patron_id,
        _enrolments.c.state.in_(_SEATED),
        _cohorts.c.status == CohortStatus.PLANNED,
        _cohorts.c.return_by >= until,
    )
    return _shown(session, chosen)


def my_workshop(session: Session, patron_id: int, workshop: str) -> MyWorkshop | None:
    """The workshop with this public id; ``None`` where there is none or the patron has no seat in its session."""
    chosen = _MINE.where(
        _enrolments.c.patron_id == patron_id,
        _enrolments.c.state.in_(_SEATED),
        _workshops.c.public_id == workshop,
    )
    return next(iter(_shown(session, chosen)), None)


def session_workshops(session: Session, code: str) -> tuple[str, list[MyWorkshop]] | None:
    """The name and the workshops of a session (its code), without any names of people; ``None`` for one that is not
    held.
    """
    held = session.scalars(
        select(Cohort).where(Cohort.code == code, Cohort.status == CohortStatus.PLANNED)
    ).one_or_none()
    if held is None:
        return None
    lends = (
        select(Branch.zone)
        .join(Stock, Stock.branch_id == Branch.id)
        .join(Pool, Pool.stock_id == Stock.id)
        .where(Pool.cohort_id == held.id)
    )
    anywhere = session.scalars(lends.order_by(Pool.id).limit(1)).first()
    zone = anywhere or session.scalars(select(Branch.zone).order_by(Branch.id).limit(1)).first() or "UTC"
    chosen = (
        _workshops_in(_places.c.zone)
        .select_from(
            _workshops.join(_cohorts, _cohorts.c.id == _workshops.c.cohort_id).outerjoin(
                _places, _places.c.id == _workshops.c.branch_id
            )
        )
        .where(_cohorts.c.id == held.id)
    )
    return held.name, _shown(session, chosen, zone)


def calendar_owner(session: Session, patron: str) -> CalendarOwner | None:
    """Whose calendar hangs on this public id; ``None`` for nobody's."""
    row = session.execute(
        select(Patron.id, Patron.public_id, Patron.session_version, Patron.language).where(
            and_(Patron.public_id == patron, Patron.status == PatronStatus.ACTIVE)
        )
    ).one_or_none()
    return None if row is None else CalendarOwner(*row)


def _shown(session: Session, chosen: Select[Any], zone: str = "UTC") -> list[MyWorkshop]:
    rows = session.connection().execute(chosen.order_by(_workshops.c.starts_at, _workshops.c.id))
    found = []
    for row in rows:
        values = {name: value for name, value in row._mapping.items() if name != "there"}
        found.append(MyWorkshop(**{**values, "zone": row.there or row.zone or zone}))
    return found
