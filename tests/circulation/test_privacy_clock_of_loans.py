"""Claims about what hangs on a loan, and what is under way: neither forgets its patron before its time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lending.db import Database
from lending.domain.states import EnrolmentState, ReservationState
from lending.models.cohorts import Enrolment
from lending.models.loans import Loan
from lending.models.notices import Channel, Notice, NoticeState
from lending.models.people import Patron
from lending.models.policies import AgreementAcceptance
from lending.models.reservations import Reservation
from lending.models.tasks import Task, TaskKind
from tests.cast import NOW, Cast, promise, put, seat
from tests.circulation.clocks import LATER, strike
from tests.circulation.kits_in_hand import back_without, lend, only, rows

A_DAY = timedelta(days=1)
HANGING = (Loan, Reservation, Enrolment, Notice, Task)


def of_luis(database: Database, cast: Cast, *kinds: Any) -> list[str]:
    """The tables of ``kinds`` in which a row names Luis."""
    return [kind.__tablename__ for kind in kinds if rows(database, kind, kind.patron_id == cast.luis_id)]


def lent_for_a_session(database: Database, cast: Cast) -> None:
    """Luis has a kit that was promised to him in a session; seat and promise are over, a mail was sent, a task done."""
    lend(database, cast)

    def write(session: Session) -> None:
        given = promise(session, cast, patron_id=cast.luis_id, pool_id=None, state=ReservationState.PICKED_UP)
        reservation = session.get_one(Reservation, given)
        place = session.get_one(Enrolment, reservation.enrolment_id)
        reservation.ended_at = place.ended_at = NOW
        session.flush()
        session.execute(update(Enrolment).where(Enrolment.id == place.id).values(_state=EnrolmentState.DROPPED))
        loan = session.scalars(select(Loan)).one()
        loan.reservation_id, loan.cohort_id = given, cast.cohort
        about: dict[str, Any] = {"patron_id": cast.luis_id, "loan_id": loan.id}
        sent = {"channel": Channel.EMAIL, "due_at": NOW, "made_at": NOW, "state": NoticeState.SENT}
        session.add(Notice(subject="loan:a", step="receipt", **sent, **about))
        done = {"branch_id": cast.ela, "what": "", "opened_at": NOW, "closed_at": NOW}
        session.add(Task(kind=TaskKind.PROBLEM, subject="loan:a", **done, **about))

    database.act(write)


def test_what_hangs_on_a_loan_that_is_open_names_its_borrower_and_goes_with_the_loan(
    database: Database, cast: Cast
) -> None:
    lent_for_a_session(database, cast)
    strike(database, cast)
    assert of_luis(database, cast, *HANGING) == [kind.__tablename__ for kind in HANGING]
    back_without(database, cast, at=LATER)
    strike(database, cast, LATER + timedelta(days=31))
    assert of_luis(database, cast, *HANGING) == []


def test_a_loan_that_was_settled_late_counts_from_its_day(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast)
    database.act(lambda session: session.execute(update(Loan).values(settled_at=LATER - A_DAY)))
    strike(database, cast)
    assert only(database, Loan).patron_id == cast.luis_id
    strike(database, cast, LATER + timedelta(days=30))
    assert only(database, Loan).patron_id is None


@pytest.mark.parametrize("under_way", ["nothing", "a seat", "a place in the queue"])
def test_a_signature_stays_for_a_seat_or_for_a_promise_alone(database: Database, cast: Cast, under_way: str) -> None:
    def write(session: Session) -> None:
        if under_way == "a seat":
            seat(session, cast, cast.luis_id)
        elif under_way != "nothing":
            given = promise(session, cast, patron_id=cast.luis_id, pool_id=None, state=ReservationState.WAITING)
            reservation = session.get_one(Reservation, given)
            place, reservation.enrolment_id = reservation.enrolment_id, None
            session.flush()
            session.delete(session.get_one(Enrolment, place))

    database.act(write)
    strike(database, cast)
    assert bool(of_luis(database, cast, AgreementAcceptance)) is (under_way != "nothing")


def test_the_signature_of_whoever_keeps_history_stays(database: Database, cast: Cast) -> None:
    keeps = update(Patron).where(Patron.id == cast.luis_id).values(keeps_history=True)
    database.act(lambda session: session.execute(keeps))
    strike(database, cast)
    assert of_luis(database, cast, AgreementAcceptance) == ["agreement_acceptances"]


def test_a_notice_that_is_being_sent_still_says_to_whom(database: Database, cast: Cast) -> None:
    sending = {"channel": Channel.EMAIL, "due_at": NOW, "made_at": NOW, "state": NoticeState.SENDING}
    notice = Notice(subject="pin:a", step="pin_code", patron_id=cast.luis_id, **sending)
    database.act(lambda session: put(session, notice))
    strike(database, cast)
    assert of_luis(database, cast, Notice) == ["notices"]
