"""The end of a cohort, on both engines."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from lending.db import Database
from lending.domain.states import EnrolmentState, ReservationState
from lending.models.cohorts import CohortStatus
from lending.models.loans import Loan
from lending.models.reservations import Reservation
from lending.programs.completion import COMPLETED, OVER_REASON, SESSION_OVER, complete_cohorts
from lending.programs.enrolment import Kit
from tests.cast import ADA, KIT, LUIS, MINA, Cast
from tests.programs.members import adas_seat, change_cohort, change_program, hand_out, join, notices, state_of

LAST_EVENING = datetime(2026, 4, 10, 23, 59, tzinfo=ZoneInfo("America/Los_Angeles"))
MIDNIGHT = LAST_EVENING + timedelta(minutes=1)


def sweep(database: Database, cast: Cast, at: datetime = MIDNIGHT) -> int:
    """The sweep of cohorts."""
    return database.act(lambda session: complete_cohorts(session, at=at, by=cast.system, limit=10))


def test_who_had_a_seat_has_completed_the_cohort_the_day_after(database: Database, cast: Cast) -> None:
    seat = adas_seat(database, cast)
    assert (sweep(database, cast, LAST_EVENING), sweep(database, cast), sweep(database, cast)) == (0, 1, 0)
    assert state_of(database, seat).seat is EnrolmentState.COMPLETED
    assert [notice.patron_id for notice in notices(database, COMPLETED)] == [cast.ada_id]


def test_who_still_waited_or_was_offered_a_seat_is_let_go(database: Database, cast: Cast) -> None:
    change_cohort(database, cast, capacity=1)
    luis, mina = join(database, cast, LUIS), join(database, cast, MINA)
    change_program(database, cast, seat_offer_hours=48)
    sweep(database, cast)
    for enrolment in (luis, mina):
        now = state_of(database, enrolment.enrolment)
        assert (now.seat, now.kit) == (EnrolmentState.WITHDRAWN, Kit.NONE)
    assert {notice.patron_id for notice in notices(database, SESSION_OVER)} == {cast.luis_id, cast.mina_id}


def test_a_promise_that_nobody_collected_ends_with_the_cohort(database: Database, cast: Cast) -> None:
    sweep(database, cast)
    with database.read() as session:
        promise = session.scalars(select(Reservation)).one()
        assert (promise.state, promise.ended_reason) == (ReservationState.CANCELLED, OVER_REASON)


def test_a_loan_is_due_as_before(database: Database, cast: Cast) -> None:
    out = hand_out(database, cast, ADA, KIT)
    sweep(database, cast)
    with database.read() as session:
        loan = session.scalars(select(Loan)).one()
        assert (loan.term, loan.due_at, loan.cohort_id) == (1, out.due_at, cast.cohort)


def test_a_cancelled_cohort_is_completed_by_nobody(database: Database, cast: Cast) -> None:
    change_cohort(database, cast, status=CohortStatus.CANCELLED)
    assert sweep(database, cast) == 0
    assert state_of(database, adas_seat(database, cast)).seat is EnrolmentState.ENROLLED
