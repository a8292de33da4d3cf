"""Going on to another cohort, with the kit or without, on both engines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.db import Database
from lending.domain.counting import Counter
from lending.domain.states import EnrolmentState, ReservationState
from lending.errors import Reason, Refused
from lending.models.cohorts import CohortStatus, Enrolment, Pool
from lending.models.counts import DailyCount
from lending.models.loans import Loan, LoanTerm, TermKind
from lending.models.people import Patron
from lending.models.reservations import Reservation
from lending.programs.enrolment import Kit
from lending.programs.moving import ROLLED_OVER_NOTICE, TRANSFERRED_NOTICE, Moved, roll_over, transfer
from lending.queries.invariants import INVARIANTS
from tests.cast import ADA, KIT, LUIS, MINA, NOW, OTHER_KIT, Cast
from tests.programs.members import adas_seat, change_cohort, hand_out, join, next_cohort, notices, state_of

MAY_22 = datetime(2026, 5, 23, 1, 0, tzinfo=UTC)
"""Friday, 22 May 2026, 18:00 in Los Angeles: closing."""


def move(database: Database, cast: Cast, verb: Any, enrolment: str, **given: Any) -> Moved:
    """Ben moves somebody to Work Ready 8."""
    values = {"enrolment": enrolment, "to_cohort": "WR-8", "at": NOW, "by": cast.ben, **given}
    moved: Moved = database.act(lambda session: verb(session, **values))
    assert broken(database) == []
    return moved


def broken(database: Database) -> list[str]:
    """The laws of the data that do not hold."""
    with database.snapshot() as session:
        return [law.name for law in INVARIANTS if law.find(session)]


def adas_loan(database: Database) -> Loan:
    """The one loan there is."""
    with database.read() as session:
        return session.scalars(select(Loan)).one()


def one_kit_at_ela(database: Database, cast: Cast) -> None:
    """Leave one kit in the pool of Work Ready 7, which is promised to Ada."""

    def write(session: Any) -> None:
        for pool in session.scalars(select(Pool).where(Pool.cohort_id == cast.cohort)):
            pool.kits = 1

    database.act(write)


# --- Transfer ---------------------------------------------------------------------------------------------------------


def test_a_transfer_ends_one_seat_and_gives_another(database: Database, cast: Cast) -> None:
    next_cohort(database, cast)
    seat = adas_seat(database, cast)
    moved = move(database, cast, transfer, seat)
    assert (moved.now.cohort, moved.now.seat, moved.now.kit) == ("WR-8", EnrolmentState.ENROLLED, Kit.PROMISED)
    assert state_of(database, seat).seat is EnrolmentState.TRANSFERRED
    with database.read() as session:
        old = session.scalars(select(Reservation).where(Reservation.cohort_id == cast.cohort)).one()
        assert (old.state, old.ended_reason) == (ReservationState.CANCELLED, "transferred")


def test_what_somebody_leaves_goes_to_the_next(database: Database, cast: Cast) -> None:
    one_kit_at_ela(database, cast)
    change_cohort(database, cast, capacity=1)
    luis = join(database, cast, LUIS).enrolment
    next_cohort(database, cast)
    moved = move(database, cast, transfer, adas_seat(database, cast))
    assert (moved.moved_up.seated, len(moved.moved_up.promised)) == ((luis,), 1)


def test_the_kit_goes_along_and_is_due_with_the_new_cohort(database: Database, cast: Cast) -> None:
    one_kit_at_ela(database, cast)
    hand_out(database, cast, ADA, KIT)
    luis = join(database, cast, LUIS).enrolment
    cohort_id = next_cohort(database, cast)
    moved = move(database, cast, transfer, adas_seat(database, cast), at=NOW + timedelta(days=3))
    assert (moved.due_at, moved.now.kit) == (MAY_22, Kit.NONE)
    loan = adas_loan(database)
    assert (loan.cohort_id, loan.term, loan.due_at) == (cohort_id, 2, MAY_22)
    with database.read() as session:
        term = session.scalars(select(LoanTerm).where(LoanTerm.n == 2)).one()
        assert (term.kind, term.cohort_id, term.rule) == (TermKind.TRANSFER, cohort_id, "cohort_return_by")
    assert len(notices(database, TRANSFERRED_NOTICE)) == 1
    # The kit is still out, and the new cohort's own are not set aside yet: nobody is promised what is not there.
    assert (moved.moved_up.promised, state_of(database, luis).kit) == ((), Kit.WAITING)


def test_a_kit_that_goes_along_is_one_of_the_new_cohorts_once_these_are_set_aside(
    database: Database, cast: Cast
) -> None:
    one_kit_at_ela(database, cast)
    hand_out(database, cast, ADA, KIT)
    luis = join(database, cast, LUIS).enrolment
    next_cohort(database, cast, pickup_from=date(2026, 3, 1))
    moved = move(database, cast, transfer, adas_seat(database, cast))
    assert (len(moved.moved_up.promised), state_of(database, luis).kit) == (1, Kit.PROMISED)


def test_a_kit_that_goes_along_to_a_cohort_without_any_left_stays_one_of_the_old_ones(
    database: Database, cast: Cast
) -> None:
    one_kit_at_ela(database, cast)
    hand_out(database, cast, ADA, KIT)
    luis = join(database, cast, LUIS).enrolment
    next_cohort(database, cast, pickup_from=date(2026, 3, 1), kits=1)
    join(database, cast, MINA, cohort="WR-8")
    moved = move(database, cast, transfer, adas_seat(database, cast))
    assert (moved.moved_up.promised, state_of(database, luis).kit) == ((), Kit.WAITING)


def test_a_transfer_to_a_cohort_that_ends_sooner_leaves_a_weeks_notice(database: Database, cast: Cast) -> None:
    hand_out(database, cast, ADA, KIT)
    day = date(2026, 3, 4)
    next_cohort(database, cast, starts_on=date(2026, 3, 3), ends_on=day, return_by=day, pickup_from=date(2026, 3, 1))
    moved = move(database, cast, transfer, adas_seat(database, cast))
    assert moved.due_at == datetime(2026, 3, 11, 3, 0, tzinfo=UTC)  # Tuesday the 10th, 20:00 in Los Angeles


def test_who_only_waits_there_brings_the_kit_back_with_notice(database: Database, cast: Cast) -> None:
    hand_out(database, cast, ADA, KIT)
    next_cohort(database, cast, capacity=1)
    join(database, cast, LUIS, cohort="WR-8")
    moved = move(database, cast, transfer, adas_seat(database, cast))
    assert (moved.now.seat, moved.now.kit) == (EnrolmentState.WAITING, Kit.WAITING)
    loan = adas_loan(database)
    assert (loan.cohort_id, loan.due_at) == (cast.cohort, datetime(2026, 3, 11, 3, 0, tzinfo=UTC))


def test_a_place_on_the_list_is_transferred_too(database: Database, cast: Cast) -> None:
    change_cohort(database, cast, capacity=1)
    luis = join(database, cast, LUIS).enrolment
    next_cohort(database, cast)
    assert move(database, cast, transfer, luis).now.seat is EnrolmentState.ENROLLED


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"to_cohort": "WR-7"}, Reason.ALREADY_ENROLLED),
        ({"to_cohort": "WR-9"}, Reason.NOT_FOUND),
        ({"enrolment": "nobodys"}, Reason.NOT_FOUND),
        ({"at": NOW + timedelta(days=100)}, Reason.COHORT_OVER),
        ({"pickup_branch_id": 99}, Reason.NOT_PERMITTED),
    ],
)
def test_a_transfer_that_is_refused_changes_nothing(
    database: Database, cast: Cast, given: dict[str, Any], reason: Reason
) -> None:
    next_cohort(database, cast)
    seat = adas_seat(database, cast)
    with pytest.raises(Refused) as refusal:
        move(
            database,
            cast,
            transfer,
            given.get("enrolment", seat),
            **{k: v for k, v in given.items() if k != "enrolment"},
        )
    assert [block.reason for block in refusal.value.blocks] == [reason]
    assert state_of(database, seat).seat is EnrolmentState.ENROLLED


def test_only_who_may_act_for_both_ends_of_a_move_makes_it(database: Database, cast: Cast) -> None:
    next_cohort(database, cast)
    seat = adas_seat(database, cast)
    for by, branch_id in ((cast.cleo, cast.com), (cast.ben, cast.com)):
        with pytest.raises(Refused) as refusal:
            move(database, cast, transfer, seat, by=by, pickup_branch_id=branch_id)
        assert [block.reason for block in refusal.value.blocks] == [Reason.NOT_PERMITTED]


def test_a_cancelled_cohort_and_a_branch_without_a_pool_take_nobody(database: Database, cast: Cast) -> None:
    next_cohort(database, cast, status=CohortStatus.CANCELLED)
    seat = adas_seat(database, cast)
    with pytest.raises(Refused) as refusal:
        move(database, cast, transfer, seat)
    assert [block.reason for block in refusal.value.blocks] == [Reason.COHORT_CANCELLED]
    next_cohort(database, cast, code="WR-9")
    with pytest.raises(Refused) as refusal:
        move(database, cast, transfer, seat, to_cohort="WR-9", pickup_branch_id=cast.com, by=cast.dora)
    assert [block.reason for block in refusal.value.blocks] == [Reason.NO_SUCH_POOL]


# --- Rolling over -----------------------------------------------------------------------------------------------------

WEEK_SIX = NOW + timedelta(days=35)


def test_a_loan_rolls_over_into_the_next_cohort_as_a_renewal(database: Database, cast: Cast) -> None:
    hand_out(database, cast, ADA, KIT)
    cohort_id = next_cohort(database, cast)
    seat = adas_seat(database, cast)
    moved = move(database, cast, roll_over, seat, at=WEEK_SIX)
    assert (moved.due_at, moved.why, moved.now.seat) == (MAY_22, (), EnrolmentState.ENROLLED)
    loan = adas_loan(database)
    assert (loan.cohort_id, loan.renewals, loan.due_at) == (cohort_id, 1, MAY_22)
    with database.read() as session:
        assert session.scalars(select(LoanTerm.kind).where(LoanTerm.n == 2)).one() is TermKind.ROLLED_OVER
        renewals = select(DailyCount.cohort_id, DailyCount.n).where(DailyCount.counter == Counter.STAFF_RENEWAL.value)
        assert session.execute(renewals).all() == [(cohort_id, 1)]
    assert len(notices(database, ROLLED_OVER_NOTICE)) == 1
    assert state_of(database, seat).seat is EnrolmentState.ENROLLED  # until the cohort is over


def test_a_kit_that_rolled_over_is_one_of_the_next_pool(database: Database, cast: Cast) -> None:
    hand_out(database, cast, ADA, KIT)
    next_cohort(database, cast, kits=1)
    move(database, cast, roll_over, adas_seat(database, cast), at=WEEK_SIX)
    assert join(database, cast, LUIS, cohort="WR-8", at=WEEK_SIX).kit_position == 1


def test_without_a_kit_left_the_loan_stays_due_as_it_is(database: Database, cast: Cast) -> None:
    out = hand_out(database, cast, ADA, KIT)
    next_cohort(database, cast, kits=1)
    join(database, cast, LUIS, cohort="WR-8")
    moved = move(database, cast, roll_over, adas_seat(database, cast), at=WEEK_SIX)
    assert [block.reason for block in moved.why] == [Reason.NO_KIT_TO_ROLL_OVER]
    assert (moved.due_at, moved.now.seat, moved.now.kit_position) == (out.due_at, EnrolmentState.ENROLLED, 1)
    assert adas_loan(database).cohort_id == cast.cohort


def test_without_a_seat_the_loan_does_not_roll_over(database: Database, cast: Cast) -> None:
    out = hand_out(database, cast, ADA, KIT)
    next_cohort(database, cast, capacity=1)
    join(database, cast, LUIS, cohort="WR-8")
    moved = move(database, cast, roll_over, adas_seat(database, cast), at=WEEK_SIX)
    assert (moved.now.seat, moved.now.kit, moved.due_at) == (EnrolmentState.WAITING, Kit.WAITING, out.due_at)


@pytest.mark.parametrize(("starts_on", "keeps_it"), [(date(2026, 5, 8), True), (date(2026, 5, 9), False)])
@pytest.mark.parametrize("verb", [roll_over, transfer])
def test_a_kit_stays_at_home_for_four_weeks_until_a_session_begins_and_no_longer(
    database: Database, cast: Cast, verb: Any, starts_on: date, keeps_it: bool
) -> None:
    out = hand_out(database, cast, ADA, KIT)
    dates = {"ends_on": date(2026, 6, 12), "return_by": date(2026, 6, 12), "pickup_from": starts_on}
    next_cohort(database, cast, starts_on=starts_on, **dates)
    moved = move(database, cast, verb, adas_seat(database, cast), at=WEEK_SIX)
    assert [block.reason for block in moved.why] == ([] if keeps_it else [Reason.BEGINS_TOO_LATE])
    assert moved.now.kit is (Kit.NONE if keeps_it else Kit.PROMISED)
    assert moved.due_at is not None
    assert (moved.due_at > out.due_at) is keeps_it
    assert broken(database) == []


def test_who_has_no_kit_rolls_over_with_a_promise(database: Database, cast: Cast) -> None:
    next_cohort(database, cast)
    moved = move(database, cast, roll_over, adas_seat(database, cast), at=WEEK_SIX)
    assert (moved.now.kit, moved.why, moved.due_at) == (Kit.PROMISED, (), None)


def test_who_only_waited_does_not_roll_over(database: Database, cast: Cast) -> None:
    change_cohort(database, cast, capacity=1)
    luis = join(database, cast, LUIS).enrolment
    next_cohort(database, cast)
    with pytest.raises(Refused) as refusal:
        move(database, cast, roll_over, luis)
    assert [block.reason for block in refusal.value.blocks] == [Reason.WRONG_STATE]


def test_a_blocked_card_goes_nowhere(database: Database, cast: Cast) -> None:
    next_cohort(database, cast)
    seat = adas_seat(database, cast)

    def block(session: Any) -> None:
        session.get_one(Patron, cast.ada_id).blocked_reason = "Ask the manager"

    database.act(block)
    for verb in (transfer, roll_over):
        with pytest.raises(Refused) as refusal:
            move(database, cast, verb, seat)
        assert [block.reason for block in refusal.value.blocks] == [Reason.CARD_BLOCKED]
    with database.read() as session:
        assert len(session.scalars(select(Enrolment.id)).all()) == 1


def test_two_cohorts_that_overlap_share_a_stock_and_never_a_kit(database: Database, cast: Cast) -> None:
    hand_out(database, cast, ADA, KIT)
    join(database, cast, MINA)
    next_cohort(database, cast, kits=1, pickup_from=date(2026, 3, 1), starts_on=date(2026, 3, 3))
    moved = move(database, cast, transfer, adas_seat(database, cast))
    assert moved.now.kit is Kit.NONE
    assert join(database, cast, LUIS, cohort="WR-8").kit is Kit.WAITING
    assert hand_out(database, cast, MINA, OTHER_KIT).cohort == "Work Ready 7"
