"""The library the machine plays with: two overlapping sessions, three kits for them, two open ones, five people."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session as DatabaseSession

from lending.db import Database
from lending.domain.states import LIVE_ENROLMENTS, LIVE_RESERVATIONS, LoanState
from lending.models.cohorts import Cohort, Enrolment, Pool
from lending.models.kits import Kit
from lending.models.loans import Loan
from lending.models.people import Card
from lending.models.reservations import Reservation
from tests.cast import (
    ADA,
    KIT,
    LONG_AGO,
    LUIS,
    MINA,
    OPEN_KIT,
    OTHER_KIT,
    OTHER_OPEN_KIT,
    THIRD_KIT,
    Cast,
    assemble_in,
    patron,
    put,
    stock,
)
from tests.machine.model import Model, Promise, Seat, Session

NOOR, TEVITA = "29999000000042", "29999000000059"
PEOPLE = (ADA, LUIS, MINA, NOOR, TEVITA)
KITS = (KIT, OTHER_KIT, THIRD_KIT, OPEN_KIT, OTHER_OPEN_KIT)
OPEN_KITS = frozenset({OPEN_KIT, OTHER_OPEN_KIT})
SESSIONS = ("WR-7", "WR-8")
TODAY = date(2026, 3, 3)


def found(session: DatabaseSession) -> Cast:
    """Put the library into empty tables."""
    cast = assemble_in(session)
    for card, name in ((NOOR, "Noor Ahmadi"), (TEVITA, "Tevita Fonoti")):
        patron(session, card, name, cast.ela)
    session.execute(update(Cohort).where(Cohort.code == "WR-7").values(capacity=2))
    later = put(
        session,
        Cohort(
            code="WR-8",
            program_id=cast.program,
            name="Work Ready 8",
            starts_on=date(2026, 3, 10),
            ends_on=date(2026, 4, 20),
            return_by=date(2026, 4, 20),
            pickup_from=date(2026, 3, 2),
            capacity=2,
            created_at=LONG_AGO,
        ),
    )
    put(session, Pool(cohort_id=later.id, stock_id=stock(session, cast.ela, cast.work_ready), kits=1))
    return cast


def as_modelled() -> Model:
    """The same library in the model: Ada has a seat in the first session, and the promise of a kit."""
    return Model(
        today=TODAY,
        sessions={
            "WR-7": Session(2, 2, date(2026, 2, 24), date(2026, 4, 10), date(2026, 4, 10)),
            "WR-8": Session(2, 1, date(2026, 3, 2), date(2026, 4, 20), date(2026, 4, 20)),
        },
        kits=dict.fromkeys(KITS, "free"),
        open_kits=OPEN_KITS,
        seats=[Seat(ADA, "WR-7", "enrolled")],
        promises=[Promise(ADA, "WR-7", "promised")],
    )


class Truth:
    """What the library says is so, in the words of the model."""

    def __init__(self, database: Database) -> None:
        with database.read() as session:
            card = select(Card.patron_id, Card.number).where(Card.ended_at.is_(None))
            cards = {row.patron_id: row.number for row in session.execute(card)}
            codes = {row.id: row.code for row in session.execute(select(Cohort.id, Cohort.code))}
            seats = select(Enrolment.cohort_id, Enrolment.patron_id, Enrolment.state)
            self.seats = sorted(
                (codes[row.cohort_id], cards[row.patron_id], row.state.value)
                for row in session.execute(seats.where(Enrolment.state.in_(LIVE_ENROLMENTS)))
            )
            kits = {row.id: row for row in session.execute(select(Kit.id, Kit.barcode, Kit.state))}
            live = (
                select(Reservation.cohort_id, Reservation.patron_id, Reservation.state, Reservation.kit_id)
                .where(Reservation.state.in_(LIVE_RESERVATIONS))
                .order_by(Reservation.id)
            )
            self.promises = [
                (codes.get(row.cohort_id), cards[row.patron_id], row.state.value, _code(kits, row.kit_id))
                for row in session.execute(live)
            ]
            out = select(Loan.kit_id, Loan.patron_id, Loan.cohort_id, Loan.due_at).where(
                Loan.received_at.is_(None), Loan.state != LoanState.UNDONE
            )
            self.out = sorted(
                (kits[row.kit_id].barcode, cards[row.patron_id], codes.get(row.cohort_id, ""), local_day(row.due_at))
                for row in session.execute(out)
            )
            self.kits = {row.barcode: STATES[row.state.value] for row in kits.values() if row.barcode in KITS}


STATES = {"available": "free", "on_shelf": "on_shelf", "on_loan": "out", "to_inspect": "to_inspect"}


def compare(model: Model, database: Database) -> None:
    """Whatever the model says is so, the library says too."""
    truth = Truth(database)
    assert truth.kits == model.kits
    assert truth.seats == sorted((s.session, s.person, s.state) for s in model.seats if s.is_live)
    assert truth.promises == [(p.session, p.person, p.state, p.kit) for p in model.promises if p.is_live]
    assert truth.out == sorted((kit, out.person, out.session or "", out.due_on) for kit, out in model.out.items())


def local_day(at: datetime) -> date:
    """The branch's day of an instant; it never closes so late that this would be another."""
    return (at - timedelta(hours=8)).date()


def _code(kits: dict[int, Any], kit_id: int | None) -> str | None:
    return None if kit_id is None else str(kits[kit_id].barcode)
