"""The library the machine plays with: two overlapping sessions, three kits for them, two open ones, five people."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session as DatabaseSession

from lending.db import Database
from lending.domain.states import LIVE_ENROLMENTS, LIVE_RESERVATIONS, LoanState
from lending.models.base import constant, constants, table_of
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
_cards, _cohorts, _enrolments = table_of(Card), table_of(Cohort), table_of(Enrolment)
_kits, _loans, _reservations = table_of(Kit), table_of(Loan), table_of(Reservation)


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


# Built once: they are asked after every step.
_KITS = select(_kits.c.barcode, _kits.c.state).where(_kits.c.barcode.in_(KITS))
_SEATS = (
    select(_cohorts.c.code, _cards.c.number, _enrolments.c.state)
    .join_from(_enrolments, _cohorts)
    .join(_cards, _cards.c.patron_id == _enrolments.c.patron_id)
    .where(_cards.c.ended_at.is_(None), _enrolments.c.state.in_(constants(LIVE_ENROLMENTS)))
)
_PROMISES = (
    select(_cohorts.c.code, _cards.c.number, _reservations.c.state, _kits.c.barcode)
    .join_from(_reservations, _cohorts, isouter=True)
    .join(_cards, _cards.c.patron_id == _reservations.c.patron_id)
    .outerjoin(_kits, _kits.c.id == _reservations.c.kit_id)
    .where(_cards.c.ended_at.is_(None), _reservations.c.state.in_(constants(LIVE_RESERVATIONS)))
    .order_by(_reservations.c.id)
)
_OUT = (
    select(_kits.c.barcode, _cards.c.number, func.coalesce(_cohorts.c.code, ""), _loans.c.due_at)
    .join_from(_loans, _kits, _kits.c.id == _loans.c.kit_id)
    .join(_cards, _cards.c.patron_id == _loans.c.patron_id)
    .outerjoin(_cohorts, _cohorts.c.id == _loans.c.cohort_id)
    .where(_cards.c.ended_at.is_(None), _loans.c.received_at.is_(None), _loans.c.state != constant(LoanState.UNDONE))
)
_ENROLMENT = (
    select(_enrolments.c.public_id)
    .join_from(_enrolments, _cohorts)
    .join(_cards, _cards.c.patron_id == _enrolments.c.patron_id)
    .where(_cards.c.number == bindparam("person"), _cohorts.c.code == bindparam("session"))
    .order_by(_enrolments.c.id.desc())
    .limit(1)
)
_RESERVATION = (
    select(_reservations.c.public_id)
    .join_from(_reservations, _cohorts, isouter=True)
    .join(_cards, _cards.c.patron_id == _reservations.c.patron_id)
    .where(_cards.c.number == bindparam("person"), func.coalesce(_cohorts.c.code, "") == bindparam("session"))
    .order_by(_reservations.c.id.desc())
    .limit(1)
)


class Truth:
    """What the library says is so, in the words of the model."""

    def __init__(self, database: Database) -> None:
        with database.look() as rows:
            self.kits = {code: STATES[state.value] for code, state in rows.execute(_KITS)}
            self.seats = sorted((code, card, state.value) for code, card, state in rows.execute(_SEATS))
            self.promises = [(code, card, state.value, kit) for code, card, state, kit in rows.execute(_PROMISES)]
            self.out = sorted((kit, card, code, local_day(due_at)) for kit, card, code, due_at in rows.execute(_OUT))


STATES = {"available": "free", "on_shelf": "on_shelf", "on_loan": "out", "in_use": "in_use", "to_inspect": "to_inspect"}


def compare(model: Model, database: Database) -> None:
    """Whatever the model says is so, the library says too."""
    truth = Truth(database)
    assert truth.kits == model.kits
    assert truth.seats == sorted((s.session, s.person, s.state) for s in model.seats if s.is_live)
    assert truth.promises == [(p.session, p.person, p.state, p.kit) for p in model.promises if p.is_live]
    assert truth.out == sorted((kit, out.person, out.session or "", out.due_on) for kit, out in model.out.items())


def enrolment_of(database: Database, person: str, session: str) -> str:
    """The public id of a person's newest enrolment in a session."""
    with database.look() as rows:
        return str(rows.scalar(_ENROLMENT, {"person": person, "session": session}))


def reservation_of(database: Database, promise: Promise) -> str:
    """The public id of the newest reservation of a promise's person, for its session or, with none, open to all."""
    with database.look() as rows:
        return str(rows.scalar(_RESERVATION, {"person": promise.person, "session": promise.session or ""}))


def local_day(at: datetime) -> date:
    """The branch's day of an instant; it never closes so late that this would be another."""
    return (at - timedelta(hours=8)).date()
