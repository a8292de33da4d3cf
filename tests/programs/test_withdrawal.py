"""Leaving a cohort, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.db import Database
from lending.domain.states import EnrolmentState, ReservationState
from lending.errors import Reason, Refused
from lending.models.cohorts import Attendance, AttendanceMode, Enrolment, Pool, Workshop
from lending.models.loans import Loan, LoanTerm, TermKind
from lending.models.notices import Notice
from lending.models.reservations import Reservation
from lending.programs.enrolment import Kit
from lending.programs.withdrawal import (
    NO_SHOW_REASON,
    SHORTENED_NOTICE,
    Left,
    Released,
    drop,
    excuse,
    release_no_shows,
    withdraw,
)
from tests.cast import ADA, KIT, LUIS, MINA, NOW, Cast, put
from tests.programs.members import adas_seat, change_cohort, hand_out, join, state_of


def leave(database: Database, cast: Cast, enrolment: str, **given: Any) -> Left:
    """Ben notes that somebody leaves."""
    values = {"enrolment": enrolment, "at": NOW, "by": cast.ben, **given}
    return database.act(lambda session: withdraw(session, **values))


def one_kit(database: Database, cast: Cast) -> None:
    """Leave one kit in each pool."""

    def write(session: Any) -> None:
        for pool in session.scalars(select(Pool).where(Pool.cohort_id == cast.cohort)):
            pool.kits = 1

    database.act(write)


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
    hand_out(database, cast, ADA, KIT)
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
    hand_out(database, cast, ADA, KIT)
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


# --- Dropped ----------------------------------------------------------------------------------------------------------


def test_who_is_dropped_keeps_the_kit_for_the_notice_period(database: Database, cast: Cast) -> None:
    hand_out(database, cast, ADA, KIT)
    seat = adas_seat(database, cast)
    left = database.act(
        lambda session: drop(session, enrolment=seat, reason="stayed away", at=NOW + timedelta(days=14), by=cast.dora)
    )
    assert left.state is EnrolmentState.DROPPED
    assert left.due_at is not None
    assert left.due_at.date() == date(2026, 3, 25)  # 20:00 on Tuesday the 24th in Los Angeles


@pytest.mark.parametrize(
    ("reason", "capacity", "refused"),
    [(" ", 20, Reason.REASON_NEEDED), ("stayed away", 1, Reason.WRONG_STATE)],
)
def test_only_a_seat_is_dropped_and_only_with_a_reason(
    database: Database, cast: Cast, reason: str, capacity: int, refused: Reason
) -> None:
    change_cohort(database, cast, capacity=capacity)
    luis = join(database, cast, LUIS)
    with pytest.raises(Refused) as refusal:
        database.act(lambda session: drop(session, enrolment=luis.enrolment, reason=reason, at=NOW, by=cast.ben))
    assert [block.reason for block in refusal.value.blocks] == [refused]
    assert state_of(database, luis.enrolment).seat is luis.seat


# --- The mandatory first day ------------------------------------------------------------------------------------------

FIRST = NOW + timedelta(days=1)
AFTER = FIRST + timedelta(hours=3)


def first_workshop(database: Database, cast: Cast, *there: int, mandatory: bool = True) -> None:
    """The first workshop is tomorrow, and these people were there."""
    change_cohort(database, cast, first_day_mandatory=mandatory)

    def write(session: Any) -> None:
        ends = FIRST + timedelta(hours=1)
        first = put(session, Workshop(cohort_id=cast.cohort, n=1, title="Start", starts_at=FIRST, ends_at=ends))
        for patron_id in there:
            put(session, Attendance(workshop_id=first.id, patron_id=patron_id, mode=AttendanceMode.VIRTUAL, at=FIRST))

    database.act(write)


def release(database: Database, cast: Cast, **given: Any) -> Released:
    """Dora frees the seats of who was not there."""
    values = {"cohort": "WR-7", "at": AFTER, "by": cast.dora, **given}
    return database.act(lambda session: release_no_shows(session, **values))


def test_who_misses_the_mandatory_first_day_loses_the_seat_to_the_next(database: Database, cast: Cast) -> None:
    change_cohort(database, cast, capacity=2)
    luis, mina = join(database, cast, LUIS), join(database, cast, MINA)
    first_workshop(database, cast, cast.ada_id)
    released = release(database, cast)
    assert (released.enrolments, released.moved_up.seated) == ((luis.enrolment,), (mina.enrolment,))
    assert state_of(database, luis.enrolment).seat is EnrolmentState.DROPPED
    assert state_of(database, mina.enrolment).kit is Kit.PROMISED
    assert release(database, cast).enrolments == ()  # Mina had no seat on the first day


def test_missing_the_first_day_makes_nobody_overdue(database: Database, cast: Cast) -> None:
    hand_out(database, cast, ADA, KIT)
    join(database, cast, LUIS)
    first_workshop(database, cast, cast.luis_id)
    release(database, cast)
    with database.read() as session:
        loan = session.scalars(select(Loan)).one()
        assert loan.due_at.date() == date(2026, 3, 12)  # a week's notice: 20:00 on Wednesday the 11th in Los Angeles


def test_who_is_excused_keeps_the_seat(database: Database, cast: Cast) -> None:
    luis = join(database, cast, LUIS)
    first_workshop(database, cast, cast.ada_id)
    database.act(lambda session: excuse(session, enrolment=luis.enrolment, at=NOW, by=cast.dora))
    assert release(database, cast).enrolments == ()


def test_a_first_day_that_is_not_mandatory_costs_nobody_the_seat(database: Database, cast: Cast) -> None:
    join(database, cast, LUIS)
    first_workshop(database, cast, cast.ada_id, mandatory=False)
    assert release(database, cast).enrolments == ()


@pytest.mark.parametrize(("there", "at"), [(False, AFTER), (True, FIRST)])
def test_nobody_is_a_no_show_before_attendance_was_taken(database: Database, cast: Cast, there: bool, at: Any) -> None:
    first_workshop(database, cast, *([cast.luis_id] if there else []))
    with pytest.raises(Refused) as refusal:
        release(database, cast, at=at)
    assert [block.reason for block in refusal.value.blocks] == [Reason.ATTENDANCE_NOT_TAKEN]


def test_the_desk_excuses_and_releases_nobody_of_another_branch(database: Database, cast: Cast) -> None:
    seat = adas_seat(database, cast)
    for refused in (
        lambda session: excuse(session, enrolment=seat, at=NOW, by=cast.cleo),
        lambda session: release_no_shows(session, cohort="WR-7", at=AFTER, by=cast.ben),
    ):
        with pytest.raises(Refused) as refusal:
            database.act(refused)
        assert [block.reason for block in refusal.value.blocks] == [Reason.NOT_PERMITTED]


@pytest.mark.parametrize("who", ["ben", "cleo"])
def test_another_programme_on_a_desks_account_opens_none(database: Database, cast: Cast, who: str) -> None:
    first_workshop(database, cast, cast.luis_id)
    of_another = replace(getattr(cast, who), program_ids=frozenset({cast.program + 1}))
    with pytest.raises(Refused) as refusal:
        release(database, cast, by=of_another)
    assert [block.reason for block in refusal.value.blocks] == [Reason.NOT_PERMITTED]
    own = replace(of_another, program_ids=frozenset({cast.program}))
    assert len(release(database, cast, by=own).enrolments) == 1


def test_the_reason_of_a_no_show_is_kept(database: Database, cast: Cast) -> None:
    luis = join(database, cast, LUIS)
    first_workshop(database, cast, cast.ada_id)
    release(database, cast)
    with database.read() as session:
        ended = session.scalars(select(Enrolment).where(Enrolment.public_id == luis.enrolment)).one()
        assert (ended.ended_at, ended.ended_reason) == (AFTER, NO_SHOW_REASON)
