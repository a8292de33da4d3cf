"""Somebody may join several sessions of the same weeks, and keeps one kit from others, not one for each of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.merging import merge
from lending.db import Database
from lending.domain.states import LIVE_RESERVATIONS, EnrolmentState
from lending.errors import Block, Reason, Refused
from lending.models.cohorts import Cohort, Enrolment
from lending.models.reservations import Reservation
from lending.programs.cancelling import cancel_cohort
from lending.programs.enrolment import Enrolled, Kit, enrol
from lending.programs.moving import transfer
from lending.queries.enrolling import can_enrol
from tests.cast import ADA, KIT, LUIS, MINA, NOW, Cast
from tests.programs.meetings import public_id_of
from tests.programs.members import adas_seat, change_cohort, hand_out, join, newcomers, next_cohort, state_of
from tests.races import SURELY, overtake, without_locks

IN_WORK_READY_7 = [(Reason.HAS_A_KIT, {"cohort": "Work Ready 7"})]
IN_WORK_READY_8 = [(Reason.ALREADY_ENROLLED, {"cohort": "Work Ready 8"})]


@pytest.fixture
def same_weeks(database: Database, cast: Cast) -> None:
    """Work Ready 8 begins on the last day of Work Ready 7."""
    next_cohort(database, cast, starts_on=date(2026, 4, 10), pickup_from=date(2026, 4, 3))


def why(blocks: Any) -> list[tuple[Reason, Any]]:
    """The reasons, with what they name."""
    return [(block.reason, block.detail) for block in blocks]


def refused(database: Database, cast: Cast, card: str, **given: Any) -> list[tuple[Reason, Any]]:
    """Why somebody cannot be enrolled in Work Ready 8 with a kit."""
    with pytest.raises(Refused) as refusal:
        join(database, cast, card, cohort="WR-8", **given)
    return why(refusal.value.blocks)


def live(database: Database, patron_id: int) -> int:
    """How many kits somebody is promised or waits for."""
    with database.read() as session:
        chosen = select(Reservation.id).where(Reservation.patron_id == patron_id)
        return len(session.scalars(chosen.where(Reservation.state.in_(LIVE_RESERVATIONS))).all())


@pytest.mark.usefixtures("same_weeks")
def test_who_is_promised_a_kit_is_promised_no_second_one(database: Database, cast: Cast) -> None:
    assert refused(database, cast, ADA) == IN_WORK_READY_7
    with database.read() as session:
        asked = {"patron": ADA, "cohort": "WR-8", "pickup_branch_id": cast.ela, "at": NOW, "by": cast.ben}
        found: tuple[Block, ...] = can_enrol(session, **asked).blocks  # type: ignore[arg-type]  # one dict of all
    assert why(found) == IN_WORK_READY_7


@pytest.mark.usefixtures("same_weeks")
def test_who_has_the_kit_of_one_session_or_waits_for_it_gets_none_of_another(database: Database, cast: Cast) -> None:
    hand_out(database, cast, ADA, KIT)
    join(database, cast, LUIS)
    [third] = newcomers(database, cast, 1)
    assert join(database, cast, third).kit is Kit.WAITING
    for card in (ADA, LUIS, third):
        assert refused(database, cast, card) == IN_WORK_READY_7


@pytest.mark.usefixtures("same_weeks")
def test_the_seat_is_theirs_without_a_kit(database: Database, cast: Cast) -> None:
    enrolled = join(database, cast, ADA, cohort="WR-8", wants_kit=False)
    assert (enrolled.seat, enrolled.kit, live(database, cast.ada_id)) == (EnrolmentState.ENROLLED, Kit.NONE, 1)


def test_sessions_that_follow_each_other_each_promise_a_kit(database: Database, cast: Cast) -> None:
    next_cohort(database, cast)
    assert join(database, cast, ADA, cohort="WR-8").kit is Kit.PROMISED


@pytest.mark.usefixtures("same_weeks")
def test_who_goes_over_to_the_other_session_leaves_the_promise_behind(database: Database, cast: Cast) -> None:
    seat, by = adas_seat(database, cast), cast.ben
    moved = database.act(lambda session: transfer(session, enrolment=seat, to_cohort="WR-8", at=NOW, by=by))
    assert (moved.now.kit, live(database, cast.ada_id)) == (Kit.PROMISED, 1)


@pytest.mark.usefixtures("same_weeks")
def test_who_is_carried_on_has_the_seat_and_keeps_the_kit_of_the_same_weeks(database: Database, cast: Cast) -> None:
    ada = adas_seat(database, cast)
    next_cohort(
        database, cast, code="WR-9", starts_on=date(2026, 7, 1), ends_on=date(2026, 8, 1), return_by=date(2026, 8, 1)
    )
    lone = join(database, cast, LUIS, cohort="WR-9")
    with_kit = join(database, cast, ADA, cohort="WR-9")
    assert (lone.kit, with_kit.kit) == (Kit.PROMISED, Kit.PROMISED)
    by = cast.dora
    worked = database.act(
        lambda session: cancel_cohort(session, cohort="WR-9", reason="No room", carry_to="WR-8", at=NOW, by=by)
    )
    assert (worked.counts["carried"], worked.counts["carried_kits"]) == (2, 1)
    assert (live(database, cast.ada_id), live(database, cast.luis_id)) == (1, 1)
    assert state_of(database, ada).kit is Kit.PROMISED
    with database.read() as session:
        chosen = select(Enrolment.patron_id).join(Cohort, Cohort.id == Enrolment.cohort_id).where(Cohort.code == "WR-8")
        assert set(session.scalars(chosen)) == {cast.ada_id, cast.luis_id}


def merged(database: Database, cast: Cast) -> None:
    """Eli finds that Luis is Ada."""
    by = cast.eli
    gone, stays = (public_id_of(database, id_) for id_ in (cast.luis_id, cast.ada_id))
    database.act(lambda session: merge(session, loser=gone, survivor=stays, at=NOW, by=by))


@pytest.mark.usefixtures("same_weeks")
def test_two_records_that_become_one_keep_the_earlier_promise(database: Database, cast: Cast) -> None:
    join(database, cast, LUIS, cohort="WR-8")
    merged(database, cast)
    assert (live(database, cast.ada_id), live(database, cast.luis_id)) == (1, 0)
    assert state_of(database, adas_seats(database, cast)[0]).kit is Kit.PROMISED
    assert state_of(database, adas_seats(database, cast)[1]).kit is Kit.NONE


@pytest.mark.usefixtures("same_weeks")
def test_a_kit_that_is_out_outlives_the_promise_of_the_other_record(database: Database, cast: Cast) -> None:
    join(database, cast, LUIS, cohort="WR-8")
    hand_out(database, cast, ADA, KIT)
    merged(database, cast)
    assert live(database, cast.ada_id) == 0


def test_two_records_keep_the_promises_of_sessions_that_follow_each_other(database: Database, cast: Cast) -> None:
    next_cohort(database, cast)
    join(database, cast, LUIS, cohort="WR-8")
    merged(database, cast)
    assert live(database, cast.ada_id) == 2


def adas_seats(database: Database, cast: Cast) -> list[str]:
    """Ada's enrolments, the first one first."""
    with database.read() as session:
        chosen = select(Enrolment.public_id).where(Enrolment.patron_id == cast.ada_id).order_by(Enrolment.id)
        return list(session.scalars(chosen))


def joining(cast: Cast, cohort: str) -> Callable[[Session], Enrolled]:
    """Mina enrols with a kit."""
    by, branch_id = cast.ben, cast.ela
    return lambda session: enrol(session, patron=MINA, cohort=cohort, pickup_branch_id=branch_id, at=NOW, by=by)


@pytest.mark.usefixtures("same_weeks")
def test_two_desks_at_once_promise_one_kit(database: Database, cast: Cast) -> None:
    outcome = overtake(database, joining(cast, "WR-7"), joining(cast, "WR-8"), before="INSERT INTO enrolments")
    assert (len(outcome.done), outcome.refused, outcome.broken) == (1, [[Reason.HAS_A_KIT]], [])
    assert live(database, cast.mina_id) == 1
    assert state_of(database, outcome.done[0].enrolment).kit is Kit.PROMISED


@pytest.mark.usefixtures("same_weeks")
def test_without_the_lock_two_desks_would_promise_two(database: Database, cast: Cast) -> None:
    first, second = joining(cast, "WR-7"), joining(cast, "WR-8")
    with without_locks(database):
        overtake(database, first, second, before="INSERT INTO enrolments", patience=SURELY)
    assert live(database, cast.mina_id) == 2


@pytest.mark.usefixtures("same_weeks")
def test_who_has_a_place_is_told_that_alone_and_of_no_kit_besides(database: Database, cast: Cast) -> None:
    join(database, cast, ADA, cohort="WR-8", wants_kit=False)
    assert refused(database, cast, ADA) == IN_WORK_READY_8


def test_whoever_moves_to_where_they_have_a_place_is_told_that_alone(database: Database, cast: Cast) -> None:
    next_cohort(database, cast)
    seat, by = adas_seat(database, cast), cast.ben
    join(database, cast, ADA, cohort="WR-8")
    change_cohort(database, cast, ends_on=date(2026, 4, 20), return_by=date(2026, 4, 20))  # into the same weeks
    with pytest.raises(Refused) as refusal:
        database.act(lambda session: transfer(session, enrolment=seat, to_cohort="WR-8", at=NOW, by=by))
    assert why(refusal.value.blocks) == IN_WORK_READY_8
