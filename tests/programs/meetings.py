"""Workshops of the cast's cohort: one in the room, one on line, one both ways."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.db import Database
from lending.models.cohorts import Attendance, AttendanceMode, HeadCount, HeadCountKind, Workshop, WorkshopMode
from lending.models.people import Patron
from lending.programs.workshops import SignedIn, sign_in
from tests.cast import NOW, Cast, put

BEGINS = datetime(2026, 3, 3, 19, 0, tzinfo=UTC)
"""An hour from now: Tuesday, 3 March 2026, 11:00 in Los Angeles."""


def meeting(
    database: Database, cast: Cast, mode: WorkshopMode = WorkshopMode.HYBRID, *, n: int = 1, begins: datetime = BEGINS
) -> str:
    """A workshop of Work Ready 7 at East Los Angeles, unless it is on line; gives its public id."""

    def plan(session: Session) -> str:
        branch_id = None if mode is WorkshopMode.VIRTUAL else cast.ela
        row = Workshop(
            cohort_id=cast.cohort,
            n=n,
            title=f"Workshop {n}",
            starts_at=begins,
            ends_at=begins + timedelta(minutes=90),
            mode=mode,
            branch_id=branch_id,
        )
        return put(session, row).public_id

    return database.act(plan)


def come(
    database: Database, cast: Cast, workshop: str, card: str, mode: AttendanceMode = AttendanceMode.ONSITE
) -> SignedIn:
    """Ben signs somebody in."""
    return database.act(
        lambda session: sign_in(session, workshop=workshop, patron=card, mode=mode, at=NOW, by=cast.ben)
    )


def public_id_of(database: Database, patron_id: int) -> str:
    """A patron's public id, by which a sign-in is taken back."""
    with database.read() as session:
        return session.scalars(select(Patron.public_id).where(Patron.id == patron_id)).one()


def attendances(database: Database) -> list[tuple[int | None, AttendanceMode]]:
    """Who is noted, and how they came."""
    with database.read() as session:
        found = session.execute(select(Attendance.patron_id, Attendance.mode).order_by(Attendance.id))
        return [(row.patron_id, row.mode) for row in found]


def head_counts(database: Database) -> dict[HeadCountKind, int]:
    """What was counted without names."""
    with database.read() as session:
        return {row.kind: row.n for row in session.execute(select(HeadCount.kind, HeadCount.n))}
