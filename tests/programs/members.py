"""What tests of seats share: people join and leave Work Ready 7, and how they stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from lending.circulation.checkout import CheckedOut, check_out
from lending.db import Database
from lending.domain.barcodes import library_code
from lending.models.cohorts import Cohort, Enrolment, Pool, Program
from lending.models.journal import JournalEntry
from lending.models.notices import Notice
from lending.programs.enrolment import Enrolled, enrol, enrolment_as_it_stands
from tests.cast import NOW, Cast, patron, put

NAMES = ("Olga Petrova", "Petra Novák", "Quang Tran", "Rosa Delgado", "Samir Haddad", "Tala Reyes")


def newcomers(database: Database, cast: Cast, count: int) -> list[str]:
    """The cards of so many people nobody knew before."""
    cards = [library_code("2", "9999", 100 + n) for n in range(count)]

    def write(session: Any) -> None:
        for n, card in enumerate(cards):
            patron(session, card, NAMES[n % len(NAMES)], cast.ela)

    database.act(write)
    return cards


def join(database: Database, cast: Cast, card: str, **given: Any) -> Enrolled:
    """Ben enrols somebody in Work Ready 7 with a kit at East Los Angeles."""
    values = {"patron": card, "cohort": "WR-7", "pickup_branch_id": cast.ela, "at": NOW, "by": cast.ben, **given}
    return database.act(lambda session: enrol(session, **values))


def adas_seat(database: Database, cast: Cast) -> str:
    """Ada's enrolment in Work Ready 7."""
    with database.read() as session:
        return session.scalars(select(Enrolment.public_id).where(Enrolment.patron_id == cast.ada_id)).one()


def state_of(database: Database, enrolment: str) -> Enrolled:
    """How somebody's enrolment stands."""
    with database.read() as session:
        return enrolment_as_it_stands(session, enrolment)


def change_cohort(database: Database, cast: Cast, **values: object) -> None:
    """Another capacity, say."""

    def write(session: Any) -> None:
        for name, value in values.items():
            setattr(session.get_one(Cohort, cast.cohort), name, value)

    database.act(write)


def change_program(database: Database, cast: Cast, **values: object) -> None:
    """Seats are offered for some hours, say."""

    def write(session: Any) -> None:
        for name, value in values.items():
            setattr(session.get_one(Program, cast.program), name, value)

    database.act(write)


def next_cohort(database: Database, cast: Cast, *, kits: int = 2, capacity: int = 20, **values: Any) -> int:
    """Work Ready 8, from 14 April to 22 May, with ``kits`` of East Los Angeles; gives its id."""
    dates = {
        "starts_on": date(2026, 4, 14),
        "ends_on": date(2026, 5, 22),
        "return_by": date(2026, 5, 22),
        "pickup_from": date(2026, 4, 7),
    }

    def write(session: Any) -> int:
        cohort = Cohort(
            **{
                "code": "WR-8",
                "program_id": cast.program,
                "name": "Work Ready 8",
                "capacity": capacity,
                "created_at": NOW,
                **dates,
                **values,
            }
        )
        put(session, cohort)
        pool = session.scalars(select(Pool).where(Pool.cohort_id == cast.cohort).order_by(Pool.id)).first()
        put(session, Pool(cohort_id=cohort.id, stock_id=pool.stock_id, kits=kits))
        return cohort.id

    return database.act(write)


def hand_out(database: Database, cast: Cast, card: str, kit: str, at: datetime = NOW) -> CheckedOut:
    """Ben hands somebody a kit."""
    return database.act(lambda s: check_out(s, kit=kit, patron=card, branch_id=cast.ela, at=at, by=cast.ben))


def notices(database: Database, step: str) -> Sequence[Notice]:
    """The notices of one step, in the order written."""
    with database.read() as session:
        return session.scalars(select(Notice).where(Notice.step == step).order_by(Notice.id)).all()


def verbs(database: Database) -> list[str]:
    """What the journal says was done, in order."""
    with database.read() as session:
        return list(session.scalars(select(JournalEntry.verb).order_by(JournalEntry.id)))
