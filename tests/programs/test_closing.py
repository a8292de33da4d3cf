"""The last day on which a programme lends, and its end, on both engines."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.circulation.shelf import capture
from lending.db import Database
from lending.domain.states import EnrolmentState, ReservationState
from lending.errors import Block, Reason, Refused
from lending.models.reservations import Reservation
from lending.programs.closing import CLOSED_REASON, NO_MORE_KITS, close_queues
from lending.programs.enrolment import Kit
from lending.programs.moving import transfer
from lending.programs.requeue import requeue
from lending.queries.enrolling import can_enrol
from tests.cast import KIT, LUIS, MINA, NOW, Cast
from tests.programs.members import adas_seat, change_program, join, next_cohort, notices, state_of

LAST_DAY = NOW.date()
THE_DAY_AFTER = NOW + timedelta(days=1)


def lends_until(database: Database, cast: Cast, on: date = LAST_DAY) -> None:
    """Work Ready lends its last kit on a day."""
    change_program(database, cast, last_borrow_on=on)


def refused(database: Database, cast: Cast, **given: Any) -> list[Block]:
    """Why Luis is not enrolled."""
    with pytest.raises(Refused) as refusal:
        join(database, cast, LUIS, **given)
    return list(refusal.value.blocks)


def sweep(database: Database, cast: Cast, **given: Any) -> int:
    """The sweep on the day after, late in the morning."""
    values = {"at": THE_DAY_AFTER, "by": cast.system, "limit": 100, **given}
    return database.act(lambda session: close_queues(session, **values))


def test_on_the_last_day_a_kit_is_still_promised(database: Database, cast: Cast) -> None:
    lends_until(database, cast)
    assert join(database, cast, LUIS).kit is Kit.PROMISED


def test_after_the_last_day_nobody_waits_for_a_kit_and_a_seat_is_still_given(database: Database, cast: Cast) -> None:
    lends_until(database, cast)
    assert refused(database, cast, at=THE_DAY_AFTER) == [
        Block(Reason.NO_MORE_KITS, {"cohort": "Work Ready 7", "on": LAST_DAY})
    ]
    alone = join(database, cast, LUIS, wants_kit=False, at=THE_DAY_AFTER)
    assert (alone.seat, alone.kit) == (EnrolmentState.ENROLLED, Kit.NONE)


def test_a_session_that_hands_out_after_the_last_day_promises_nothing(database: Database, cast: Cast) -> None:
    next_cohort(database, cast)
    lends_until(database, cast, date(2026, 4, 6))  # its kits would be picked up from the 7th
    assert [block.reason for block in refused(database, cast, cohort="WR-8")] == [Reason.NO_MORE_KITS]


def test_after_the_program_nobody_joins(database: Database, cast: Cast) -> None:
    change_program(database, cast, ends_on=LAST_DAY)
    assert refused(database, cast, wants_kit=False, at=THE_DAY_AFTER) == [Block(Reason.PROGRAM_OVER, {"on": LAST_DAY})]


def test_the_prospect_says_the_same_as_the_enrolment(database: Database, cast: Cast) -> None:
    lends_until(database, cast)

    def asked(wants_kit: bool) -> tuple[Block, ...]:
        with database.read() as session:
            return can_enrol(
                session,
                patron=LUIS,
                cohort="WR-7",
                pickup_branch_id=cast.ela,
                wants_kit=wants_kit,
                at=THE_DAY_AFTER,
                by=cast.ben,
            ).blocks

    assert [block.reason for block in asked(wants_kit=True)] == [Reason.NO_MORE_KITS]
    assert asked(wants_kit=False) == ()


def test_a_seat_without_a_kit_gets_no_place_in_the_queue_either(database: Database, cast: Cast) -> None:
    lends_until(database, cast)
    seat = join(database, cast, LUIS, wants_kit=False).enrolment
    with pytest.raises(Refused) as refusal:
        database.act(lambda session: requeue(session, enrolment=seat, at=THE_DAY_AFTER, by=cast.ben))
    assert [block.reason for block in refusal.value.blocks] == [Reason.NO_MORE_KITS]


def test_who_goes_on_to_a_session_without_kits_has_the_seat_alone(database: Database, cast: Cast) -> None:
    next_cohort(database, cast)
    lends_until(database, cast)
    seat = adas_seat(database, cast)
    moved = database.act(
        lambda session: transfer(session, enrolment=seat, to_cohort="WR-8", at=THE_DAY_AFTER, by=cast.ben)
    )
    assert (moved.now.seat, moved.now.kit) == (EnrolmentState.ENROLLED, Kit.NONE)


def test_the_queue_is_closed_kindly_the_day_after(database: Database, cast: Cast) -> None:
    luis, mina = join(database, cast, LUIS).enrolment, join(database, cast, MINA).enrolment
    lends_until(database, cast)
    assert [sweep(database, cast, at=NOW), sweep(database, cast), sweep(database, cast)] == [0, 3, 0]
    with database.read() as session:
        ended = session.scalars(select(Reservation)).all()
        assert {(row.state, row.ended_reason) for row in ended} == {(ReservationState.CANCELLED, CLOSED_REASON)}
    for enrolment in (luis, mina, adas_seat(database, cast)):
        now = state_of(database, enrolment)
        assert (now.seat, now.kit) == (EnrolmentState.ENROLLED, Kit.NONE)
    assert {notice.patron_id for notice in notices(database, NO_MORE_KITS)} == {
        cast.ada_id,
        cast.luis_id,
        cast.mina_id,
    }


def test_a_kit_on_the_hold_shelf_is_kept_for_nobody_then(database: Database, cast: Cast) -> None:
    database.act(lambda session: capture(session, kit=KIT, branch_id=cast.ela, at=NOW, by=cast.ben))
    lends_until(database, cast)
    assert sweep(database, cast) == 1
    assert len(notices(database, NO_MORE_KITS)) == 1


def test_closing_takes_so_many_at_a_time(database: Database, cast: Cast) -> None:
    join(database, cast, LUIS)
    lends_until(database, cast)
    assert [sweep(database, cast, limit=1) for _ in range(3)] == [1, 1, 0]


def test_a_program_without_such_a_day_closes_nothing(database: Database, cast: Cast) -> None:
    assert sweep(database, cast, at=NOW + timedelta(days=30)) == 0
    assert join(database, cast, LUIS, at=NOW + timedelta(days=30)).kit is Kit.PROMISED
