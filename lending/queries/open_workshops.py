"""Workshops that anyone may register for, and one's own registration, as the public pages show them.

Nobody is named here but the person of a registration to whoever has its link. Source: RULES 7, "anyone may register for
one workshop without card or kit".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from lending.models.branches import Branch
from lending.models.cohorts import Cohort, CohortStatus, Workshop
from lending.models.outcomes import Registration, RegistrationWay
from lending.programs.registrations import ways_of
from lending.queries.borrowers_workshops import MyWorkshop

SHOWN = 60
"""Workshops on one page: a month of a whole county."""


@dataclass(frozen=True, slots=True)
class OpenWorkshop:
    """A workshop to register for; ``is_single``: of no series.

    ``places_left`` is ``None`` where as many may come as like; ``is_open``: people register for it, places or none;
    ``is_held``: it was not cancelled.
    """

    held: MyWorkshop
    ways: tuple[RegistrationWay, ...]
    languages: str
    places_left: int | None
    is_single: bool
    is_open: bool
    is_held: bool


@dataclass(frozen=True, slots=True)
class RegistrationShown:
    """A registration as whoever has its link sees it; ``name`` is ``None`` once the privacy clock has emptied it.

    ``is_told``: an e-mail or a text reaches them.
    """

    registration: str
    reference: str
    name: str | None
    way: RegistrationWay
    workshop: OpenWorkshop
    is_cancelled: bool
    may_cancel: bool
    is_told: bool


_taken = (
    select(func.count())
    .where(Registration.workshop_id == Workshop.id, Registration.cancelled_at.is_(None))
    .correlate(Workshop)
    .scalar_subquery()
)


def _workshops(at: datetime) -> Select[Any]:
    anywhere = select(Branch.zone).order_by(Branch.id).limit(1).scalar_subquery()
    return (
        select(
            Workshop,
            Cohort,
            Branch.name.label("place"),
            Branch.address,
            func.coalesce(Branch.zone, anywhere, "UTC").label("zone"),
            _taken.label("taken"),
            _is_open(at).label("open"),
        )
        .join(Cohort, Cohort.id == Workshop.cohort_id)
        .outerjoin(Branch, Branch.id == Workshop.branch_id)
    )


def _is_open(at: datetime) -> ColumnElement[bool]:
    """Whether people may register, places or none."""
    return (Cohort.status == CohortStatus.PLANNED) & Workshop.is_open & (Workshop.ends_at > at)


def open_workshops(session: Session, *, at: datetime) -> list[OpenWorkshop]:
    """The workshops that anyone may register for, the next first; full ones among them."""
    chosen = _workshops(at).where(_is_open(at)).order_by(Workshop.starts_at, Workshop.id).limit(SHOWN)
    return [_shown(row) for row in session.execute(chosen)]


def open_workshop(session: Session, workshop: str, *, at: datetime) -> OpenWorkshop | None:
    """The workshop with this public id, open or not; ``None`` where there is none."""
    row = session.execute(_workshops(at).where(Workshop.public_id == workshop)).one_or_none()
    return None if row is None else _shown(row)


def registration_shown(session: Session, registration: str, *, at: datetime) -> RegistrationShown | None:
    """The registration with this public id, for whoever has its link; ``None`` where there is none."""
    chosen = _workshops(at).add_columns(Registration).join(Registration, Registration.workshop_id == Workshop.id)
    row = session.execute(chosen.where(Registration.public_id == registration)).one_or_none()
    if row is None:
        return None
    mine: Registration = row.Registration
    is_cancelled = mine.cancelled_at is not None
    is_held = row.Cohort.status is CohortStatus.PLANNED
    to_come = is_held and row.Workshop.starts_at > at and mine.attendance_id is None
    return RegistrationShown(
        registration=mine.public_id,
        reference=mine.reference,
        name=mine.name,
        way=mine.way,
        workshop=_shown(row),
        is_cancelled=is_cancelled,
        may_cancel=to_come and not is_cancelled,
        is_told=(mine.email is not None and mine.email_refused_at is None) or mine.text_consent_at is not None,
    )


def _shown(row: Any) -> OpenWorkshop:
    workshop: Workshop = row.Workshop
    cohort: Cohort = row.Cohort
    return OpenWorkshop(
        held=MyWorkshop(
            workshop=workshop.public_id,
            n=workshop.n,
            title=workshop.title,
            session=cohort.name,
            starts_at=workshop.starts_at,
            ends_at=workshop.ends_at,
            mode=workshop.mode,
            place=row.place,
            address=row.address,
            zone=row.zone,
        ),
        ways=tuple(ways_of(workshop)),
        languages=cohort.languages,
        places_left=None if workshop.places is None else max(workshop.places - row.taken, 0),
        is_single=cohort.is_single,
        is_open=bool(row.open),
        is_held=cohort.status is CohortStatus.PLANNED,
    )
