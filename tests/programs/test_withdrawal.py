"""Leaving a cohort, on both engines."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.circulation.checkout import check_out
from lending.db import Database
from lending.domain.states import EnrolmentState, ReservationState
from lending.errors import Reason, Refused
from lending.models.cohorts import Cohort, Enrolment, Pool
from lending.models.loans import Loan, LoanTerm, TermKind
from lending.models.notices import Notice
from lending.models.reservations import Reservation
from lending.programs.enrolment import Enrolled, Kit, enrol, enrolment_as_it_stands
from lending.programs.withdrawal import SHORTENED_NOTICE, Left, withdraw
from tests.cast import ADA, KIT, LUIS, MINA, NOW, Cast


def adas_seat(database: Database, cast: Cast) -> str:
    """Ada's enrolment in Work Ready 7."""
    with database.read() as session:
        return session.scalars(select(Enrolment.public_id).where(Enrolment.patron_id == cast.ada_id)).one()


def leave(database: Database, cast: Cast, enrolment: str, **given: Any) -> Left:
    """Ben notes that somebody leaves."""
    values = {"enrolment": enrolment, "at": NOW, "by": cast.ben, **given}
    return database.act(lambda session: withdraw(session, **values))


def join(database: Database, cast: Cast, card: str) -> Enrolled:
    """Ben enrols somebody with a kit at East Los Angeles."""
    return database.act(
        lambda session: enrol(session, patron=card, cohort="WR-7", pickup_branch_id=cast.ela, at=NOW, by=cast.ben)
    )


def change_cohort(database: Database, cast: Cast, **values: object) -> None:
    """Another capacity, say."""

    def write(session: Any) -> None:
        for name, value in values.items():
            setattr(session.get_one(Cohort, cast.cohort), name, value)

    database.act(write)


def one_kit(database: Database, cast: Cast) -> None:
    """Leave one kit in each pool."""

    def write(session: Any) -> None:
        for pool in session.scalars(select(Pool).where(Pool.cohort_id == cast.cohort)):
            pool.kits = 1

    database.act(write)


def state_of(database: Database, enrolment: str) -> Enrolled:
    """How somebody's enrolment stands."""
    with database.read() as session:
        return enrolment_as_it_stands(session, enrolment)


def test_a_freed_promise_passes_to_the_next_at_once(database: Database, cast: Cast) -> None:
    one_kit(database, cast)
    luis, mina = join(database, cast, LUIS), join(database, cast, MINA)
    assert (luis.kit_position, mina.kit_position) == (1, 2)
    left = leave(database, cast, adas_seat(database, cast), reason="has a job now")
    assert (left.state, left.due_at, len(left.promised)) == (EnrolmentState.WITHDRAWN, None, 1)
    assert state_of(database, luis.enrolment).kit is Kit.PROMISED
    assert state_of(database, mina.enrolment).kit_position == 1
    with database.read() as session:
        ended = session.scalars(select(Reservation).where(Reservation.patron_id == cast.ada_id)).one()
        assert (ended.state, ended.ended_at) == (ReservationState.CANCELLED, NOW)


def test_a_freed_seat_brings_the_kit_with_it(database: Database, cast: Cast) -> None:
    change_cohort(database, cast, capacity=1)
    luis = join(database, cast, LUIS)
    assert (luis.seat, luis.kit) == (EnrolmentState.WAITING, Kit.WAITING)
    left = leave(database, cast, adas_seat(database, cast))
    assert (left.seated, len(left.promised)) == ((luis.enrolment,), 1)
    now = state_of(database, luis.enrolment)
    assert (now.seat, now.kit) == (EnrolmentState.ENROLLED, Kit.PROMISED)


def test_case_11_who_withdraws_in_week_two_brings_the_kit_back_in_seven_days(database: Database, cast: Cast) -> None:
    """Tuesday, 10 March: due on Tuesday the 17th instead of Friday, 10 April, and told so."""
    one_kit(database, cast)
    luis = join(database, cast, LUIS)
    database.act(lambda s: check_out(s, kit=KIT, patron=ADA, branch_id=cast.ela, at=NOW, by=cast.ben))
    left = leave(database, cast, adas_seat(database, cast), at=NOW + timedelta(days=7))
    with database.read() as session:
        loan = session.scalars(select(Loan)).one()
        assert (loan.term, loan.due_at) == (2, left.due_at)
        assert loan.due_at.date() == date(2026, 3, 18)  # 20:00 on the 17th in Los Angeles
        term = session.scalars(select(LoanTerm).where(LoanTerm.n == 2)).one()
        assert (term.kind, term.rule, term.cohort_id) == (TermKind.SHORTENED, "notice_period", cast.cohort)
        assert SHORTENED_NOTICE in session.scalars(select(Notice.step)).all()
    # The kit is still with Ada: nobody is promised what is not there.
    assert (left.promised, state_of(database, luis.enrolment).kit) == ((), Kit.WAITING)


def test_who_leaves_in_the_last_days_keeps_the_date(database: Database, cast: Cast) -> None:
    database.act(lambda s: check_out(s, kit=KIT, patron=ADA, branch_id=cast.ela, at=NOW, by=cast.ben))
    leave(database, cast, adas_seat(database, cast), at=NOW + timedelta(days=37))
    with database.read() as session:
        assert session.scalars(select(Loan.term)).one() == 1


def test_nobody_leaves_twice(database: Database, cast: Cast) -> None:
    seat = adas_seat(database, cast)
    leave(database, cast, seat)
    with pytest.raises(Refused) as refusal:
        leave(database, cast, seat)
    assert [block.reason for block in refusal.value.blocks] == [Reason.WRONG_STATE]


def test_who_left_may_come_again(database: Database, cast: Cast) -> None:
    leave(database, cast, adas_seat(database, cast))
    assert join(database, cast, ADA).seat is EnrolmentState.ENROLLED


def test_leaving_is_noted_by_who_may_and_only_where_there_is_a_seat(database: Database, cast: Cast) -> None:
    for enrolment, by, reason in (
        (adas_seat(database, cast), cast.cleo, Reason.NOT_PERMITTED),
        ("nobodys", cast.ben, Reason.NOT_FOUND),
    ):
        with pytest.raises(Refused) as refusal:
            leave(database, cast, enrolment, by=by)
        assert [block.reason for block in refusal.value.blocks] == [reason]
